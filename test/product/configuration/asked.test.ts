/**
 * The routes answer what brokers ask with the generated configurations, and nothing as long as the
 * secret is not in them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SECRET_PLACEHOLDER } from '../../../src/product/configuration/secret.ts'
import { OLD_PASSWORD, PUMP_PASSWORD, SECRET, site } from '../../hono/site.ts'
import { PRODUCTS } from '../../support/products.ts'
import { ASKING, type Asking, type Deed } from './questions.ts'

const OWN = 'things/pump/P-2'
// A user name that every broker takes, and a client id that RabbitMQ takes with it.
const CLIENT = { username: 'old-name', clientId: 'old-name', password: OLD_PASSWORD }
const DEED: Deed = { ...CLIENT, action: 'login', topic: '', qos: 1, retain: false }

const publish = (topic: string, more: Partial<Deed> = {}): Deed => ({
  ...DEED,
  action: 'publish',
  topic,
  ...more,
})
const subscribe = (topic: string): Deed => ({ ...DEED, action: 'subscribe', topic })

const TABLE: readonly (readonly [title: string, deed: Deed, isGranted: boolean])[] = [
  ['a login', DEED, true],
  ['a login with the password of another', { ...DEED, password: PUMP_PASSWORD }, false],
  ['a login of nobody', { ...DEED, username: 'nobody', clientId: 'nobody' }, false],
  ['its data', publish(`${OWN}/data`), true],
  ['the data of another', publish('things/pump/P-1/data'), false],
  ['a topic of nobody', publish('elsewhere'), false],
  ['its own commands', publish(`${OWN}/cmd`), false],
  ['to be told its commands', subscribe(`${OWN}/cmd`), true],
  ['to be told its data', subscribe(`${OWN}/data`), false],
  ['to be told those of others', subscribe('things/pump/+/cmd'), false],
  ['to be told everything', subscribe('#'), false],
]

/** What depends on more than a user name and a topic. */
const TOLD: readonly (readonly [what: Asking['tells'][number], granted: Deed, denied: Deed])[] = [
  ['clientId', publish('audit/old-name'), publish('audit/other')],
  ['qos', publish('logs/P-2/x', { qos: 1 }), publish('logs/P-2/x', { qos: 2 })],
  ['retain', publish('state/P-2', { retain: true }), publish('state/P-2', { retain: false })],
]

async function isLet(broker: Asking, deed: Deed, secret: string = SECRET): Promise<boolean> {
  for (const { url, init } of broker.questions(deed, secret)) {
    const { origin, pathname } = new URL(url)
    assert.equal(origin, 'http://auth.internal:8000')
    const response = await site.request(pathname, init)
    if (!broker.isAllowed(response.status, await response.text())) return false
  }
  return true
}

test('every broker that asks is here', () => {
  const asking = new Set(ASKING.map(({ title }) => title.split(',')[0]!))
  const others = PRODUCTS.map(({ name }) => name).filter((name) => !asking.has(name))
  assert.deepEqual(others, ['mosquitto', 'mosquitto-files'])
})

for (const broker of ASKING) {
  describe(broker.title, () => {
    for (const [title, deed, isGranted] of TABLE) {
      test(`${isGranted ? 'granted' : 'denied'}: ${title}`, async () => {
        assert.equal(await isLet(broker, deed), isGranted)
      })
    }

    for (const [what, granted, denied] of TOLD) {
      if (broker.tells.includes(what)) {
        test(`the ${what} is told: it decides`, async () => {
          assert.equal(await isLet(broker, granted), true)
          assert.equal(await isLet(broker, denied), false)
        })
      }
    }

    for (const [title, deed] of TABLE.filter(([, , isGranted]) => isGranted)) {
      test(`denied while the secret is a placeholder: ${title}`, async () => {
        assert.equal(await isLet(broker, deed, SECRET_PLACEHOLDER), false)
      })
    }
  })
}
