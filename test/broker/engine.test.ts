/**
 * Brokers by name: which engine makes each, what it is given, and how a mistake is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  type BrokerEngines,
  ConfigError,
  createBrokers,
  createFleet,
  createHub,
  memoryBroker,
  memoryStore,
  type NamedBrokers,
  productsOf,
} from '../../src/index.ts'
import { authPlug, emqx, goAuth } from '../../src/product/products.ts'
import { captureLog, pump } from '../hub/fixture.ts'

interface Made {
  readonly engine: string
  readonly config: unknown
  readonly key: string
}

/** Engines that note what they are given. */
function noting(...names: readonly string[]) {
  const made: Made[] = []
  const engines: BrokerEngines = Object.fromEntries(
    names.map((engine) => [
      engine,
      (config: unknown, key: string): Broker => {
        made.push({ engine, config, key })
        return memoryBroker()
      },
    ]),
  )
  return { engines, made }
}

function configError(key: string, problem: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.key, key)
    assert.match(error.message, problem)
    return true
  }
}

describe('an engine makes the broker', () => {
  for (const [title, config, engine, given] of [
    ['mqtt where nothing is said', {}, 'mqtt', {}],
    ['mqtt by its name', { engine: 'mqtt', host: 'a' }, 'mqtt', { host: 'a' }],
    ['another by its name', { engine: 'coap', port: 5683 }, 'coap', { port: 5683 }],
    ['mqtt for a URL of its schemes', 'wss://a/mqtt', 'mqtt', { url: 'wss://a/mqtt' }],
    ['the one called as the scheme of a URL', 'coap://a', 'coap', { url: 'coap://a' }],
    ['the same within an object', { url: 'coap://a' }, 'coap', { url: 'coap://a' }],
    [
      'the one named, whatever the scheme',
      { engine: 'mqtt', url: 'coap://a' },
      'mqtt',
      { url: 'coap://a' },
    ],
    ['without what is not its own', { host: 'a', product: 'emqx' }, 'mqtt', { host: 'a' }],
    ['with what is misspelt', { engne: 'coap' }, 'mqtt', { engne: 'coap' }],
  ] as const) {
    test(title, () => {
      const { engines, made } = noting('mqtt', 'coap')
      const brokers = createBrokers({ default: config }, engines)
      assert.deepEqual(Object.keys(brokers), ['default'])
      assert.deepEqual(made, [{ engine, config: given, key: 'brokers.default' }])
    })
  }

  test('each broker its own', () => {
    const { engines, made } = noting('mqtt', 'coap')
    const config = { default: {}, field: { engine: 'coap' }, cloud: 'mqtts://cloud' }
    const brokers = createBrokers(config, engines)
    assert.deepEqual(Object.keys(brokers), ['default', 'field', 'cloud'])
    assert.equal(new Set(Object.values(brokers)).size, 3)
    assert.deepEqual(
      made.map(({ engine, key }) => [engine, key]),
      [
        ['mqtt', 'brokers.default'],
        ['coap', 'brokers.field'],
        ['mqtt', 'brokers.cloud'],
      ],
    )
  })

  test('a hub takes them', async () => {
    const fleet = createFleet({ types: [pump], store: memoryStore() })
    const brokers = createBrokers({ default: {} }, { mqtt: () => memoryBroker() })
    await using hub = createHub(fleet, { brokers, logger: captureLog() })
    await hub.start()
  })

  test('mqtt() is an engine', () => {
    const { default: broker } = createBrokers({ default: { host: 'a', port: 1884 } }, { mqtt })
    assert.equal(typeof broker.connect, 'function')
  })
})

describe('a mistake is told with its key', () => {
  for (const [config, key, problem] of [
    [{ engine: 'amqp' }, 'brokers.default.engine', /"amqp" is not known: there is mqtt, coap$/],
    [{ engine: '' }, 'brokers.default.engine', /"" is not known/],
    [{ engine: 'toString' }, 'brokers.default.engine', /"toString" is not known/],
    [{ engine: '__proto__' }, 'brokers.default.engine', /"__proto__" is not known/],
    [{ engine: () => memoryBroker() }, 'brokers.default.engine', /must be a string/],
    [{ engine: null }, 'brokers.default.engine', /must be a string/],
    [{ product: true }, 'brokers.default.product', /must be a string/],
    [[], 'brokers.default', /must be an object or a URL/],
    [null, 'brokers.default', /must be an object or a URL/],
    [1883, 'brokers.default', /must be an object or a URL/],
  ] as const) {
    test(JSON.stringify(config), () => {
      const { engines, made } = noting('mqtt', 'coap')
      const configs = { default: config } as unknown as NamedBrokers
      assert.throws(() => createBrokers(configs, engines), configError(key, problem))
      assert.deepEqual(made, [])
    })
  }

  test('where mqtt is not among the engines it has to be said which', () => {
    const { engines } = noting('coap')
    assert.throws(
      () => createBrokers({ default: { host: 'a' } }, engines),
      configError('brokers.default.engine', /"mqtt" is not known: there is coap$/),
    )
    assert.throws(
      () => createBrokers({ default: {} }, {}),
      configError('brokers.default.engine', /there is none$/),
    )
  })

  test('what an engine refuses is refused', () => {
    const coap = (_config: unknown, key: string): Broker => {
      throw new ConfigError(`${key}.port`, 'must be a port')
    }
    assert.throws(
      () => createBrokers({ field: { engine: 'coap' } }, { coap }),
      configError('brokers.field.port', /must be a port/),
    )
    assert.throws(() => createBrokers({ default: { hots: 'a' } }, { mqtt }), ConfigError)
  })
})

describe('the products that brokers are', () => {
  const known = [authPlug, emqx, goAuth]
  const found = (configs: NamedBrokers) => productsOf(configs, known)

  test('are those that are named, each once', () => {
    const configs = {
      default: { product: 'emqx' },
      lorawan: { engine: 'coap', product: 'go-auth' },
      cloud: { host: 'a', product: 'emqx' },
      own: {},
      url: 'mqtt://a',
    }
    assert.deepEqual(found(configs), [emqx, goAuth])
  })

  test('are none where none is named', () => {
    assert.deepEqual(found({ default: {}, url: 'mqtt://a' }), [])
  })

  for (const [product, problem] of [
    ['emq', /"emq" is not known: there is auth-plug, emqx, go-auth$/],
    ['goAuth', /"goAuth" is not known/],
    ['vernemq', /"vernemq" is not known/],
    ['constructor', /"constructor" is not known/],
    [false, /must be a string/],
  ] as const) {
    test(`${product} is none`, () => {
      const configs = { eu: { product } } as unknown as NamedBrokers
      assert.throws(() => found(configs), configError('brokers.eu.product', problem))
    })
  }
})

test('what `mqtt` refuses is named where it stands', () => {
  assert.throws(
    () => createBrokers({ default: { hots: 'a' } }, { mqtt }),
    configError('brokers.default.hots', /is not a setting/),
  )
})
