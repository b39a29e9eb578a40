/**
 * What a broker is told of a login that may be right and is not let in now: where it has a word for
 * that, never the one for a wrong password.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, outcomeCounters } from '../../adapters/hono/index.ts'
import { createFleet, type DeviceStore, memoryStore } from '../../src/index.ts'
import type { Dialect } from '../product/questions/dialect.ts'
import { EXCHANGES } from '../product/questions/index.ts'
import { ASKING } from '../support/products.ts'
import { captureLog, HUB_PASSWORD, pump, SECRET } from './fixture.ts'

/** What is looked at of an answer. */
function told({ status, body }: Dialect['deny']) {
  return { status, body }
}

/** A chosen password, whose hash takes a moment. */
const SLOW = {
  id: 'P-slow',
  password: 'tr0ub4dor and 3',
  hash: '$scrypt$ln=10,r=8,p=1$gpaEeEbeKWSjTAvYQcrYjQ$2s+TIrxNOiMaiIlT1ZCd1SA7vwm8uVnuTdmmoA4RxhY',
}

async function site(dialect: Dialect, store: DeviceStore = memoryStore()) {
  const services = [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }] as const
  const fleet = createFleet({ types: [pump], store, services })
  const counters = outcomeCounters()
  const options = { secret: SECRET, products: ASKING, logger: captureLog(), counters }
  const app = new Hono().route('/', brokerAuth(fleet, options))
  const login = async (username: string, password: string) => {
    const { path, headers, body } = dialect.login({ username, password, clientId: username })
    const answer = await app.request(path, { method: 'POST', headers, body })
    return { status: answer.status, body: await answer.text() }
  }
  const count = (reason: string) =>
    counters.list().reduce((sum, one) => sum + (one.code === reason ? one.count : 0), 0)
  return { fleet, login, count }
}

const asking = Object.entries(EXCHANGES).flatMap(([name, { dialects }]) =>
  dialects
    // One of those that are answered alike.
    .filter(({ deny }, i) => dialects.findIndex((other) => other.deny === deny) === i)
    .map((dialect) => [name, dialect] as const),
)

for (const [name, dialect] of asking) {
  const wrong = told(dialect.deny)
  const later = told(dialect.tryLater ?? dialect.deny)
  describe(`${name}, ${dialect.variant ?? 'as it is set up'}: ${later.status} ${later.body}`, () => {
    test('is told of a wrong password', async () => {
      const { login, count } = await site(dialect)
      assert.deepEqual(await login('hub', 'wrong'), wrong)
      assert.equal(count('password-wrong'), 1)
    })

    test('is told of a right one that is slowed down', async () => {
      const { fleet, login, count } = await site(dialect)
      await fleet.importDevice(pump, SLOW.id, SLOW.hash)
      for (let i = 0; i < 10; i++) await login(`pump/${SLOW.id}`, `wrong-${i}`)
      assert.deepEqual(await login(`pump/${SLOW.id}`, SLOW.password), later)
      assert.equal(count('throttled'), 1)
    })

    test('is told of a right one while the store fails', async () => {
      const failing: DeviceStore = {
        ...memoryStore(),
        findByUsername: () => Promise.reject(new Error('the database is down')),
      }
      const { login, count } = await site(dialect, failing)
      assert.deepEqual(await login('pump/P-1', 'any'), later)
      assert.equal(count('failed'), 1)
    })

    test('is told of one for which too many wait', async () => {
      const { fleet, login, count } = await site(dialect)
      const ids = Array.from({ length: 60 }, (_, i) => `${SLOW.id}-${i}`)
      for (const id of ids) await fleet.importDevice(pump, id, SLOW.hash)
      const guesses = ids.map((id) => login(`pump/${id}`, 'wrong'))
      const told = await Promise.all(guesses)
      const busy = count('busy')
      assert.ok(busy > 0, 'nobody had to wait')
      const said = told.filter(({ status, body }) => {
        return status === later.status && body === later.body
      })
      if (later.status === wrong.status) assert.equal(said.length, told.length)
      else assert.equal(said.length, busy + count('throttled'))
    })
  })
}
