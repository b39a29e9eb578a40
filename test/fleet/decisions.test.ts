/**
 * A question is decided once: what a denial is explained by is the decision that was made.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AccessRule, createFleet, memoryStore } from '../../src/index.ts'
import { clientGuard } from '../../src/rule/guard.ts'
import { principal } from '../rule/fixture.ts'
import { makeFleet, pump } from './fixture.ts'

const ALARMS: AccessRule = { effect: 'allow', actions: ['publish'], filter: 'alarms' }
const publish = (username: string | undefined, topic: string) =>
  ({ username, action: 'publish', topic }) as const

/** A device that may publish alarms at every second reading of its record, and how often it was read. */
async function flickering() {
  const inner = memoryStore()
  let reads = 0
  const store = {
    ...inner,
    async findByUsername(username: string) {
      const record = await inner.findByUsername(username)
      return record && { ...record, rules: ++reads % 2 === 0 ? [ALARMS] : [] }
    },
  }
  const fleet = createFleet({ types: [pump], store, rulesLifetime: 0 })
  const { username } = await fleet.provision(pump, 'P-1')
  return { fleet, request: publish(username, 'alarms'), reads: () => reads }
}

describe('of a device whose rules change between any two questions', () => {
  test('a denial is explained as one', async () => {
    const { fleet, request, reads } = await flickering()
    const denials = []
    for (let i = 0; i < 6; i++) denials.push(await fleet.findDenial(request))
    assert.equal(reads(), 6)
    assert.deepEqual(
      denials.map((denial) => denial?.code),
      ['no-rule-grants', undefined, 'no-rule-grants', undefined, 'no-rule-grants', undefined],
    )
    for (const denial of denials)
      if (denial) assert.match(denial.explain().text, /^pump\/P-1 may not publish/)
  })

  test('an explanation agrees with itself', async () => {
    const { fleet, request, reads } = await flickering()
    for (let i = 0; i < 6; i++) {
      const { effect, text } = await fleet.explain(request)
      assert.match(text, effect === 'allow' ? /P-1 may publish/ : /P-1 may not publish/)
    }
    assert.equal(reads(), 6)
  })
})

describe('a denial is found', () => {
  const rows: readonly [username: string | undefined, topic: string, code: string | undefined][] = [
    ['pump/P-1', 'things/pump/P-1/data', undefined],
    ['hub', 'things/pump/P-1/cmd', undefined],
    ['pump/P-1', 'things/pump/P-2/data', 'no-rule-grants'],
    ['pump/P-1', 'things/pump/+/data', 'topic-malformed'],
    ['hub', 'things/pump/P-1/data', 'no-rule-grants'],
    ['pump/P-2', 'things/pump/P-2/data', 'principal-unknown'],
    ['', 'things/pump/P-1/data', 'principal-unknown'],
    [undefined, 'things/pump/P-1/data', 'principal-unknown'],
  ]
  for (const [username, topic, code] of rows) {
    test(`of ${username} at ${topic}: ${code ?? 'none'}`, async () => {
      const fleet = makeFleet()
      await fleet.provision(pump, 'P-1')
      const request = publish(username, topic)
      const denial = await fleet.findDenial(request)
      assert.equal(denial?.code, code)
      const decision = await fleet.authorize(request)
      assert.equal(decision.effect, code === undefined ? 'allow' : 'deny')
      const explanation = await fleet.explain(request)
      if (denial) assert.deepEqual(denial.explain(), explanation)
      else assert.match(explanation.text, / may publish to /)
    })
  }
})

test('a client refuses by the rules it was given, whatever becomes of them', () => {
  const rules: AccessRule[] = []
  const findDenial = clientGuard(principal(rules), undefined)
  rules.push(ALARMS)
  const denial = findDenial({ action: 'publish', topic: 'alarms' })
  assert.equal(denial?.explanation.code, 'no-rule-grants')
  assert.match(denial.message, / may not publish to "alarms"/)
})
