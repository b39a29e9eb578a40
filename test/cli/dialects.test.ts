/**
 * What `doctor` asks in the place of each product is read as that by the product, and its answers are
 * taken as the product takes them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { type AskedRequest, DIALECTS } from '../../adapters/cli/doctor/dialects.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'
import type { Asked, QuestionOutcome } from '../../src/product/http/question.ts'
import { ASKING } from '../support/products.ts'

const LOGIN = { username: 'pump/P-1', password: 'dhs_0+1&2=3', clientId: 'pump/P-1' }

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const fleet = createFleet({ types: [pump], store: memoryStore() })
const { username, password } = await fleet.provision(pump, 'P-1')
const login = await fleet.authenticate({ username, password, clientId: username })
const principal = login.effect === 'allow' ? login.principal : undefined

for (const product of ASKING) {
  describe(product.name, () => {
    const dialect = DIALECTS[product.name]
    const read = ({ path, headers, body }: AskedRequest) => {
      const question = product.questions.find((one) => one.path === path)!
      const isForm = headers['content-type'] === 'application/x-www-form-urlencoded'
      const fields = isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body)
      const asked = question.read(fields, new Headers(headers))
      return { asked, write: (outcome: QuestionOutcome) => question.write(outcome) }
    }
    const answer = (effect: 'allow' | 'deny', asked: Asked | undefined): QuestionOutcome => ({
      ...{ effect, code: 'login', isTransient: false, asked, now: 0, effects: [effect] },
      ...(effect === 'allow' && asked?.kind === 'login' && principal && { principal }),
    })

    test('a login', () => {
      assert.ok(dialect, 'doctor does not know how it asks')
      const { asked, write } = read(dialect.login(LOGIN))
      assert.equal(asked.kind, 'login')
      const { username, password, clientId } = asked as typeof LOGIN
      assert.deepEqual([username, password], [LOGIN.username, LOGIN.password])
      if (clientId !== undefined) assert.equal(clientId, LOGIN.clientId)
      const granted = write(answer('allow', asked))
      assert.equal(dialect.isGrant(granted.status, granted.body), true)
      const denied = write(answer('deny', undefined))
      assert.equal(dialect.isGrant(denied.status, denied.body), false)
    })

    for (const [action, topic] of [
      ['publish', 'things/pump/P-1/data'],
      ['subscribe', 'things/pump/+/data'],
    ] as const) {
      test(`to ${action}`, () => {
        const { asked, write } = read(dialect!.access({ ...LOGIN, action, topic }))
        const request = asked.kind === 'accesses' ? asked.requests[0]! : asked
        assert.deepEqual(
          [asked.kind.startsWith('access'), 'action' in request && [request.action, request.topic]],
          [true, [action, topic]],
        )
        const granted = write(answer('allow', asked))
        assert.equal(dialect!.isGrant(granted.status, granted.body), true)
        const denied = write(answer('deny', asked))
        assert.equal(dialect!.isGrant(denied.status, denied.body), false)
      })
    }
  })
}
