/**
 * EMQX 4 asks about no topic of a client whose user name begins with "$": there is none, whatever a
 * store says. And nothing is answered with the one word that EMQX takes for "ask the next one".
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth } from '../../../adapters/hono/index.ts'
import { createFleet, InvalidNameError, memoryStore } from '../../../src/index.ts'
import { emqx4 } from '../../../src/product/products.ts'
import { captureLog, HUB_PASSWORD, pump, SECRET } from '../../hono/fixture.ts'

const log = captureLog()
const store = memoryStore()
const fleet = createFleet({ types: [pump], store })
const routes = brokerAuth(fleet, { secret: SECRET, logger: log, products: [emqx4] })
const app = new Hono().route('/', routes)

async function ask(route: string, fields: Record<string, string>) {
  const { status } = await app.request(`/emqx4/${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET}` },
    body: new URLSearchParams(fields),
  })
  return status
}

describe('a user name that begins with "$"', () => {
  const { provision } = fleet
  const records = ['$P-1', '$pump/P-2']

  test('is given to no device', async () => {
    await assert.rejects(provision(pump, 'P-0', { username: '$P-0' }), InvalidNameError)
  })

  test('is given to no service account', () => {
    const services = [{ username: '$hub', password: HUB_PASSWORD, rules: 'hub' as const }]
    assert.throws(() => createFleet({ types: [pump], store, services }), InvalidNameError)
  })

  for (const [i, username] of records.entries()) {
    test(`is denied where a store has ${username}, with the right password`, async () => {
      const { username: before, password } = await provision(pump, `before-${i}`)
      assert.equal(await ask('auth', { username: before, password, clientid: before }), 200)
      const record = (await store.get('pump', `before-${i}`))!
      await store.insert({ ...record, id: `after-${i}`, username })
      assert.equal((await store.findByUsername(username))?.id, `after-${i}`)
      assert.equal(await ask('auth', { username, password }), 403)
      assert.match(log.lines.at(-1)!, /denied: principal-unknown, user name "\$/)
    })
  }
})

test('no answer is the word "ignore"', async () => {
  const { username, password } = await fleet.provision(pump, 'P-1')
  const questions: Record<string, string>[] = [
    { username, password, clientid: username },
    { access: '2', username, topic: 'things/pump/P-1/data' },
  ]
  for (const route of emqx4.questions) {
    const denied = { effect: 'deny', code: 'no-rule-grants', isTransient: false } as const
    assert.equal(route.write({ ...denied, asked: undefined, now: 0 }).status, 403)
    for (const body of questions) {
      const response = await app.request(`/emqx4/${route.path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${SECRET}` },
        body: new URLSearchParams(body),
      })
      assert.match(await response.text(), response.status === 200 ? /^allow$/ : /^deny$/)
    }
  }
})
