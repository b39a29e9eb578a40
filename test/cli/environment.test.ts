/**
 * Settings of brokers from the environment.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OWN_ENGINES } from '../../adapters/cli/settings/engines.ts'
import { applyEnvironment } from '../../adapters/cli/settings/environment.ts'
import { type Broker, ConfigError, memoryBroker } from '../../src/index.ts'

const login = { username: 'hub', password: 'from the file' }

describe('a variable replaces one key of one broker', () => {
  for (const [variable, value, brokers, expected] of [
    ['DEFAULT_PASSWORD', 'x', { default: login }, { default: { ...login, password: 'x' } }],
    // What reads like a number or a truth value is text where the key takes text.
    ['DEFAULT_PASSWORD', '0123', { default: login }, { default: { ...login, password: '0123' } }],
    ['DEFAULT_PASSWORD', 'true', { default: login }, { default: { ...login, password: 'true' } }],
    ['DEFAULT_PORT', '8883', { default: {} }, { default: { port: 8883 } }],
    ['DEFAULT_CLIENT_ID', '7', { default: {} }, { default: { clientId: '7' } }],
    ['DEFAULT_CLEAN_START', 'false', { default: {} }, { default: { cleanStart: false } }],
    [
      'DEFAULT_SHARED_SUBSCRIPTIONS',
      'required',
      { default: {} },
      { default: { sharedSubscriptions: 'required' } },
    ],
    [
      'DEFAULT_SHARED_SUBSCRIPTIONS',
      'false',
      { default: {} },
      { default: { sharedSubscriptions: false } },
    ],
    // A URL says all of where a broker is.
    [
      'DEFAULT_URL',
      'mqtt://other',
      { default: { host: 'a', port: 1, ...login } },
      { default: { url: 'mqtt://other', ...login } },
    ],
    ['EU_WEST_1_HOST', 'b', { 'eu-west.1': {} }, { 'eu-west.1': { host: 'b' } }],
    ['LORAWAN_HOST', 'b', { LoRaWAN: { port: 1 } }, { LoRaWAN: { port: 1, host: 'b' } }],
    // The longest name that fits is meant.
    ['A_B_HOST', 'x', { a: {}, 'a-b': {} }, { a: {}, 'a-b': { host: 'x' } }],
    ['A_HOST', 'x', { a: {}, 'a-b': {} }, { a: { host: 'x' }, 'a-b': {} }],
  ] as const) {
    test(`${variable}=${value} for ${Object.keys(brokers).join(' and ')}`, () => {
      const env = { [`DEVICEHUB_BROKERS_${variable}`]: value, PATH: '/bin' }
      assert.deepEqual(applyEnvironment(brokers, env), expected)
    })
  }
})

test('several variables are taken together', () => {
  const env = {
    DEVICEHUB_BROKERS_DEFAULT_PASSWORD: 'secret',
    DEVICEHUB_BROKERS_DEFAULT_USERNAME: 'hub',
    DEVICEHUB_BROKERS_CLOUD_PORT: '1884',
  }
  assert.deepEqual(applyEnvironment({ default: {}, cloud: {} }, env), {
    default: { username: 'hub', password: 'secret' },
    cloud: { port: 1884 },
  })
})

test('a broker that is made by a function is left as it is', () => {
  const make = () => assert.fail('not called')
  assert.equal(applyEnvironment({ default: make }, {}).default, make)
})

describe('of an engine of the user’s', () => {
  /** Takes a `port`, a number, and a `name`, a text. */
  function coap(config: Readonly<Record<string, unknown>>, key: string): Broker {
    for (const [name, value] of Object.entries(config)) {
      const kind = name === 'port' ? 'number' : name === 'name' ? 'string' : 'nothing'
      if (typeof value !== kind) throw new ConfigError(`${key}.${name}`, `must be a ${kind}`)
    }
    return memoryBroker()
  }
  const engines = { ...OWN_ENGINES, coap }
  const apply = (broker: object, variables: Readonly<Record<string, string>>) => {
    const env = Object.entries(variables).map(([k, value]) => [
      `DEVICEHUB_BROKERS_FIELD_${k}`,
      value,
    ])
    return applyEnvironment({ field: { ...broker } }, Object.fromEntries(env), engines).field
  }

  test('text is text where the engine takes it, and a number where it takes that', () => {
    const broker = apply({ engine: 'coap' }, { PORT: '5683', NAME: '7' })
    assert.deepEqual(broker, { engine: 'coap', port: 5683, name: '7' })
  })

  test('the engine can be named', () => {
    assert.deepEqual(apply({ port: 1 }, { ENGINE: 'coap' }), { engine: 'coap', port: 1 })
  })

  test('the product can be named', () => {
    assert.deepEqual(apply({}, { PRODUCT: 'emqx' }), { product: 'emqx' })
  })

  for (const [broker, variables, problem] of [
    [{ engine: 'coap' }, { PORT: 'x' }, /^DEVICEHUB_BROKERS_FIELD_PORT: must be a number$/],
    [{ engine: 'coap' }, { HOST: 'x' }, /^DEVICEHUB_BROKERS_FIELD_HOST: must be a nothing$/],
    [{}, { ENGINE: 'amqp' }, /_FIELD_ENGINE: "amqp" is not known: there is mqtt, coap$/],
    [{ name: 'x' }, { ENGINE: 'mqtt' }, /^brokers\.field\.name: is not a setting of a broker$/],
    [{ engine: 'coap', port: 'x' }, { NAME: 'x' }, /^brokers\.field\.port: must be a number$/],
  ] as const) {
    test(`${JSON.stringify(broker)} with ${JSON.stringify(variables)}`, () => {
      assert.throws(() => apply(broker, variables), { message: problem })
    })
  }
})

describe('what is not valid is refused with the name of the variable, and never its value', () => {
  for (const [env, problem] of [
    [{ DEFAULT_PORT: 's3cret' }, /_DEFAULT_PORT: must be a whole number/],
    [{ DEFAULT_PORT: '' }, /_DEFAULT_PORT: must be a whole number/],
    [{ DEFAULT_PORT: '70000' }, /_DEFAULT_PORT: must be a whole number from 1 to 65535/],
    [{ DEFAULT_PASSWORD: '' }, /_DEFAULT_PASSWORD: must not be empty/],
    [{ DEFAULT_PASSWORD: '123456' }, /_DEFAULT_PASSWORD: needs a username/],
    [{ DEFAULT_HOTS: 's3cret' }, /_DEFAULT_HOTS: is not a setting of a broker/],
    [{ DEFAULT_: 's3cret' }, /_DEFAULT_: is not a setting of a broker/],
    [{ DEFAULT_URL: 'mqtt://a', DEFAULT_HOST: 'b' }, /_DEFAULT_HOST: cannot be given beside url/],
    [{ DEFAULT_URL: 'mqtt://u:s3cret@a' }, /_DEFAULT_URL: must not hold a login/],
    [{ OTHER_PORT: '1' }, /_OTHER_PORT: names no broker: there is default/],
    [{ DEFAULT: 'mqtt://a' }, /_DEFAULT: names no broker/],
  ] as const) {
    test(JSON.stringify(env), () => {
      const variables = Object.entries(env).map(([k, value]) => [`DEVICEHUB_BROKERS_${k}`, value])
      const apply = () => applyEnvironment({ default: {} }, Object.fromEntries(variables))
      assert.throws(apply, (error: Error) => {
        assert.match(error.message, problem)
        assert.match(error.message, /^DEVICEHUB_BROKERS_/)
        assert.doesNotMatch(error.message, /s3cret|123456/)
        return true
      })
    })
  }

  test('and what is wrong in the file with the key', () => {
    const env = { DEVICEHUB_BROKERS_DEFAULT_PORT: '1' }
    assert.throws(() => applyEnvironment({ default: { keepalive: -1 } }, env), {
      code: 'ERR_CONFIG',
      key: 'brokers.default.keepalive',
    })
  })
})
