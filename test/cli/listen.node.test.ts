/**
 * `devicehub listen` against real Mosquitto and the embedded broker, on every runtime.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, describe, test } from 'node:test'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { type Broker, createFleet, hubRules, memoryStore } from '../../src/index.ts'
import { captureLog } from '../hub/fixture.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { deferred, within } from '../support/wait.ts'
import { type Host, hosts, node, type Run, start, userFolder } from './command.ts'
import {
  configModule,
  connect,
  embeddedSite,
  HUB_PASSWORD,
  publish,
  station,
  TYPES,
} from './site.ts'

const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z'
const HUB = { DEVICEHUB_BROKERS_DEFAULT_PASSWORD: HUB_PASSWORD }

/** Lines without their time, which each has to begin with. */
function untimed(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    assert.match(line, new RegExp(`^${TIME} `))
    return line.slice(line.indexOf(' ') + 1)
  })
}

async function stop(run: Run, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  run.process.kill(signal)
  assert.equal(await run.exit(), 0, run.stderr())
  assert.equal(run.stderr(), '')
}

/** What a station says, one of everything. The last one is a message that nothing follows. */
async function sayEverything(broker: Broker): Promise<void> {
  const topic = (channel: string) => `things/weatherstation/S-1/${channel}`
  // Not queued behind the rest, so it comes first to have an order that is certain.
  await publish(broker, topic('reply'), { payload: {} })
  await publish(broker, topic('data'), { temperature: 21.5, timestamp: '2025-01-15T12:00:00Z' })
  await publish(broker, topic('status'), { status: 'online\u202e' })
  await publish(broker, topic('data'), { temperature: 'warm' })
  await publish(broker, topic('data'), { temperature: 22 })
}

const FILTERS = ['data', 'status', 'reply'].map((channel) => `things/weatherstation/+/${channel}`)

const TEXT = [
  'default broker connected',
  `default broker subscribed: ${FILTERS.join(', ')}`,
  'default reply weatherstation/S-1 {"payload":{}}',
  'default data weatherstation/S-1 {"temperature":21.5}',
  'default status weatherstation/S-1 {"status":"online\\u{202e}"}',
  'default rejected "things/weatherstation/S-1/data" payload-invalid: data of weatherstation/S-1: temperature: Invalid type: Expected number but received "warm"',
  'default data weatherstation/S-1 {"temperature":22}',
  'default broker closed',
]

const device = { type: 'weatherstation', device: 'S-1' }
const JSON_LINES = [
  { event: 'broker', state: 'connected' },
  {
    event: 'broker',
    state: 'subscribed',
    subscriptions: FILTERS.map((filter) => ({ filter, qos: 1, shared: false })),
  },
  { event: 'reply', ...device, payload: { payload: {} } },
  {
    event: 'data',
    ...device,
    timestamp: '2025-01-15T12:00:00.000Z',
    payload: { temperature: 21.5 },
  },
  { event: 'status', ...device, payload: { status: 'online\u202e' } },
  {
    event: 'rejected',
    topic: 'things/weatherstation/S-1/data',
    code: 'payload-invalid',
    text: 'data of weatherstation/S-1: temperature: Invalid type: Expected number but received "warm"',
  },
  { event: 'data', ...device, payload: { temperature: 22 } },
  { event: 'broker', state: 'closed' },
]

async function listensToEverything(
  host: Host,
  url: string,
  device: Broker,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  using folder = userFolder({
    'devicehub.config.ts': configModule('station', { default: { url } }),
  })
  const text = start(host, folder, ['listen'], env)
  await text.until(/subscribed/)
  await sayEverything(device)
  await text.until(/"temperature":22\}/)
  await stop(text)
  assert.deepEqual(untimed(text.lines()), TEXT)

  const json = start(host, folder, ['listen', '--json'], env)
  await json.until(/subscribed/)
  await sayEverything(device)
  await json.until(/"temperature":22\}/)
  await stop(json, 'SIGINT')
  const events = json.lines().map((line) => JSON.parse(line))
  for (const { time } of events) assert.match(time, new RegExp(`^${TIME}$`))
  assert.deepEqual(
    events.map(({ time: _, ...event }) => event),
    JSON_LINES.map((event) => ({ broker: 'default', ...event })),
  )
  assert.doesNotMatch(json.lines().join(''), /\u202e/)
}

for (const host of hosts) {
  describe(`on ${host.name}`, { skip: host.missing }, () => {
    test('each thing a device says is one line, or one JSON object: on Mosquitto', {
      skip: mosquittoMissing,
    }, async () => {
      const mosquitto = await startMosquitto()
      after(() => mosquitto.stop())
      const device = await connect(mosquitto.url)
      await listensToEverything(host, mosquitto.url, device, {})
      await device.close()
    })

    test('and on the embedded broker, with a login from the environment', async () => {
      await using site = await embeddedSite()
      const env = { ...HUB, DEVICEHUB_BROKERS_DEFAULT_USERNAME: 'hub' }
      await listensToEverything(host, site.broker.url, site.station, env)
    })
  })
}

describe('with two brokers', { skip: mosquittoMissing }, () => {
  async function twoBrokers() {
    const [mosquitto, site] = await Promise.all([startMosquitto(), embeddedSite()])
    const onMosquitto = await connect(mosquitto.url)
    const folder = userFolder({
      'devicehub.config.ts': configModule('station, node', {
        default: mosquitto.url,
        lorawan: { url: site.broker.url, username: 'hub', password: HUB_PASSWORD },
        spare: 'mqtt://127.0.0.1:1',
      }),
    })
    return {
      folder,
      async speak() {
        await publish(site.node, 'things/node/N-1/data', { rssi: -70 })
        await publish(onMosquitto, 'things/weatherstation/S-1/data', { temperature: 1 })
        // What comes through another broker than the type's.
        await publish(onMosquitto, 'things/node/N-9/data', { rssi: -1 })
        await publish(site.node, 'things/node/N-1/data', { rssi: -80 })
        await publish(onMosquitto, 'things/weatherstation/S-1/data', { temperature: 2 })
      },
      async [Symbol.asyncDispose]() {
        folder[Symbol.dispose]()
        await onMosquitto.close()
        await site[Symbol.asyncDispose]()
        await mosquitto.stop()
      },
    }
  }

  const said = (run: Run) =>
    untimed(run.lines().filter((line) => / (data|rejected) /.test(line))).toSorted()
  const LORA = ['lorawan data node/N-1 {"rssi":-70}', 'lorawan data node/N-1 {"rssi":-80}']
  const DEFAULT = [
    'default data weatherstation/S-1 {"temperature":1}',
    'default data weatherstation/S-1 {"temperature":2}',
    'default rejected "things/node/N-9/data" broker-foreign: devices of the type "node" belong to the broker "lorawan", and this came through "default"',
  ]

  for (const [title, args, expected] of [
    ['without a flag all that types use are listened to', [], [...DEFAULT, ...LORA]],
    ['--broker lorawan listens to that one', ['--broker', 'lorawan'], LORA],
    ['--broker default to the other', ['--broker', 'default'], DEFAULT],
    [
      '--broker can be repeated',
      ['--broker', 'default', '--broker', 'lorawan', '--broker', 'default'],
      [...DEFAULT, ...LORA],
    ],
    ['and take several names', ['--broker', 'lorawan', 'default'], [...DEFAULT, ...LORA]],
  ] as const) {
    test(title, async () => {
      await using site = await twoBrokers()
      const run = start(node, site.folder, ['listen', ...args])
      const brokers = new Set(expected.map((line) => line.split(' ')[0]!))
      for (const name of brokers) await run.until(new RegExp(`${name} broker subscribed`))
      await site.speak()
      for (const line of expected) await run.until(new RegExp(line.replace(/[{}]/g, '\\$&')))
      await stop(run)
      assert.deepEqual(said(run), expected)
      const closed = run.lines().filter((line) => line.endsWith('broker closed'))
      assert.equal(closed.length, brokers.size)
    })
  }
})

test('what a broker denies of devices of other brokers is told once, and the rest is listened to', async () => {
  await using site = await embeddedSite(hubRules([station]))
  using folder = userFolder({
    'devicehub.config.ts': configModule('station, node', {
      default: { url: site.broker.url, username: 'hub', password: HUB_PASSWORD },
      lorawan: 'mqtt://127.0.0.1:1',
    }),
  })
  const run = start(node, folder, ['listen', '--broker', 'default'])
  await run.until(/subscribed/)
  await publish(site.station, 'things/weatherstation/S-1/data', { temperature: 1 })
  await run.until(/ default data weatherstation/)
  await stop(run)
  const lines = untimed(run.lines())
  const told = lines.filter((line) => line.includes('error'))
  assert.equal(told.length, 1)
  assert.match(
    told[0]!,
    /^default broker error: cannot listen for devices of other brokers: .*node/,
  )
  const subscribed = `default broker subscribed: ${FILTERS.join(', ')}`
  assert.ok(lines.includes(subscribed), lines.join('\n'))
})

test('a listener that shares messages asks for its own devices alone, as a hub does', async () => {
  await using site = await embeddedSite()
  using folder = userFolder({
    'devicehub.config.ts': configModule('station, node', {
      default: { url: site.broker.url, username: 'hub', password: HUB_PASSWORD },
      lorawan: 'mqtt://127.0.0.1:1',
    }),
  })
  const run = start(node, folder, ['listen', '--broker', 'default', '--shared'])
  await run.until(/subscribed/)
  await stop(run)
  assert.doesNotMatch(run.lines().join('\n'), /node/)
})

describe('with a fleet', () => {
  test('a device that is not in its store is rejected', async () => {
    await using site = await embeddedSite()
    using folder = userFolder({
      'fleet.ts': `
        import { createFleet, memoryStore } from 'devicehub'
        import { station } from './types.ts'
        export const fleet = createFleet({ types: [station], store: memoryStore() })
        await fleet.provision(station, 'S-2')`,
      'types.ts': configModule('station', {}),
      'devicehub.config.json': JSON.stringify({
        fleet: './fleet.ts',
        brokers: { default: { url: site.broker.url, username: 'hub', password: HUB_PASSWORD } },
      }),
    })
    const run = start(node, folder, ['listen'])
    await run.until(/subscribed/)
    await publish(site.station, 'things/weatherstation/S-1/data', { temperature: 1 })
    await run.until(/rejected "things\/weatherstation\/S-1\/data" device-unknown: /)
    await stop(run)
  })
})

test('a broker of an engine of the user’s, with its port from the environment', async () => {
  using folder = userFolder({
    'devicehub.config.ts': `${TYPES}
import { ConfigError, memoryBroker, memoryServer } from 'devicehub'
import { defineConfig } from 'devicehub/cli'

function coap({ port }, key) {
  if (typeof port !== 'number') throw new ConfigError(key + '.port', 'must be a number')
  const server = memoryServer()
  const broker = memoryBroker(server)
  const [subscribe, close] = [broker.subscribe, broker.close].map((method) => method.bind(broker))
  let socket // What would keep the process alive.
  broker.close = () => {
    clearInterval(socket)
    return close()
  }
  broker.subscribe = async (subscriptions) => {
    socket = setInterval(() => {}, 60_000)
    const results = await subscribe(subscriptions)
    const device = memoryBroker(server)
    await device.connect({ onMessage() {} })
    const payload = new TextEncoder().encode(JSON.stringify({ temperature: port }))
    await device.publish({ topic: 'things/weatherstation/S-1/data', payload })
    return results
  }
  return broker
}

export default defineConfig({
  types: [station],
  brokers: { default: { engine: 'coap', port: 1 } },
  engines: { coap },
})
`,
  })
  const run = start(node, folder, ['listen'], { DEVICEHUB_BROKERS_DEFAULT_PORT: '5683' })
  await run.until(/ default data weatherstation\/S-1 \{"temperature":5683\}$/)
  await stop(run)
})

for (const [title, status] of [
  ['throws', "() => { throw new Error('not written yet') }"],
  ['tells what is no status', "async function* () { yield { kind: 'happy' } }"],
] as const) {
  test(`a broker whose status() ${title} is told of once, and its messages are printed`, async () => {
    using folder = userFolder({
      'devicehub.config.ts': `${TYPES}
import { memoryBroker } from 'devicehub'
import { defineConfig } from 'devicehub/cli'

const broker = memoryBroker()
const [subscribe, close] = [broker.subscribe, broker.close].map((method) => method.bind(broker))
let socket // What would keep the process alive.
broker.status = ${status}
broker.close = () => {
  clearInterval(socket)
  return close()
}
broker.subscribe = async (subscriptions) => {
  socket = setInterval(() => {}, 60_000)
  const results = await subscribe(subscriptions)
  const payload = new TextEncoder().encode('{"temperature":1}')
  await broker.publish({ topic: 'things/weatherstation/S-1/data', payload })
  return results
}
export default defineConfig({ types: [station], brokers: { default: () => broker } })
`,
    })
    const run = start(node, folder, ['listen'])
    await run.until(/ default data weatherstation/)
    await stop(run)
    assert.equal(run.lines().filter((line) => / broker error: /.test(line)).length, 1)
  })
}

describe('messages that came before the end', { skip: mosquittoMissing }, () => {
  const numbers = (run: Run) =>
    run.lines().flatMap((line) => /"temperature":(\d+)/.exec(line)?.slice(1).map(Number) ?? [])

  test('are printed in order, and each once, and the code is 0', async () => {
    const mosquitto = await startMosquitto()
    after(() => mosquitto.stop())
    const device = await connect(mosquitto.url)
    using folder = userFolder({
      'devicehub.config.ts': configModule('station', { default: mosquitto.url }),
    })
    const run = start(node, folder, ['listen'])
    await run.until(/subscribed/)
    for (let n = 1; n <= 100; n++) {
      await publish(device, 'things/weatherstation/S-1/data', { temperature: n })
    }
    await run.until(/"temperature":100\}/)
    await stop(run)
    await device.close()
    assert.deepEqual(
      numbers(run),
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
    assert.match(run.lines().at(-1)!, /default broker closed$/)
  })

  test('with a session that is kept, what one run did not print the next one does', async () => {
    const mosquitto = await startMosquitto()
    after(() => mosquitto.stop())
    const device = await connect(mosquitto.url)
    const session = { clientId: 'listener', cleanStart: false, sessionExpiry: 60 }
    using folder = userFolder({
      'devicehub.config.ts': configModule('station', {
        default: { url: mosquitto.url, receiveMaximum: 5, ...session },
      }),
    })
    const args = ['listen', '--shared']
    const first = start(node, folder, args)
    await first.until(/subscribed: things\/weatherstation\/\+\/data \(shared\)/)
    const say = async (from: number, to: number) => {
      for (let n = from; n <= to; n++) {
        await publish(device, 'things/weatherstation/S-1/data', { temperature: n })
      }
    }
    const before = say(1, 400)
    await first.until(/"temperature":50\}/)
    await stop(first)
    await before
    // However fast the first one was, these are left for the second.
    await say(401, 500)
    const second = start(node, folder, args)
    await second.until(/"temperature":500\}/)
    await stop(second)
    await device.close()
    const printed = [...numbers(first), ...numbers(second)]
    const wrong = printed.findIndex((n, i) => n !== i + 1)
    const around = printed.slice(Math.max(0, wrong - 5), wrong + 10).join(' ')
    assert.equal(wrong, -1, `after ${numbers(first).length} of the first one: ${around}`)
    assert.equal(printed.length, 500)
  })

  test('two that share get each message once; one that does not gets all of them', async () => {
    const mosquitto = await startMosquitto()
    after(() => mosquitto.stop())
    const device = await connect(mosquitto.url)
    using folder = userFolder({
      'devicehub.config.ts': configModule('station', { default: mosquitto.url }),
    })
    const runs = [['--shared'], ['--shared'], []].map((args) =>
      start(node, folder, ['listen', ...args]),
    )
    for (const run of runs) await run.until(/subscribed/)
    const sent = Array.from({ length: 20 }, (_, i) => i)
    for (const temperature of sent) {
      await publish(device, 'things/weatherstation/S-1/data', { temperature })
    }
    const [one, two, all] = runs as [Run, Run, Run]
    await all.until(/"temperature":19\}/)
    await Promise.all(runs.map((run) => stop(run)))
    await device.close()
    assert.deepEqual(numbers(all), sent)
    assert.deepEqual(
      [...numbers(one), ...numbers(two)].sort((a, b) => a - b),
      sent,
    )
    assert.ok(numbers(one).length > 0 && numbers(two).length > 0)
  })
})

test('a connection that is lost and made again is told', { skip: mosquittoMissing }, async () => {
  const mosquitto = await startMosquitto()
  using folder = userFolder({
    'devicehub.config.ts': configModule('station', { default: mosquitto.url }),
  })
  const run = start(node, folder, ['listen'])
  try {
    await run.until(/subscribed/)
    await mosquitto.kill()
    await run.until(/default broker disconnected/)
    await mosquitto.restart()
    await run.until(/default broker connected/, 2)
    await stop(run)
  } finally {
    await mosquitto.stop()
  }
})

test('a login that is refused at a reconnect is told, and tried again', async () => {
  const first = await embeddedSite()
  const { url } = first.broker
  using folder = userFolder({
    'devicehub.config.ts': configModule('station', {
      default: { url, username: 'hub', password: HUB_PASSWORD },
    }),
  })
  const run = start(node, folder, ['listen'])
  await run.until(/subscribed/)
  await first[Symbol.asyncDispose]()
  await run.until(/default broker disconnected/)
  const port = Number(new URL(url).port)
  const store = memoryStore()
  {
    const stranger = createFleet({ types: [], store })
    await using _ = await embeddedBroker(stranger, { port, logger: captureLog() })
    await run.until(/default broker reconnect-failed.* refused the login/)
  }
  const services = [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' as const }]
  const fleet = createFleet({ types: [], store, services })
  await using _ = await embeddedBroker(fleet, { port, logger: captureLog() })
  await run.until(/default broker connected/, 2)
  await stop(run)
})

test('told to stop while a broker does not answer, it ends with 0', async () => {
  const asked = deferred()
  const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  using folder = userFolder({
    'devicehub.config.ts': configModule('station', { default: { host: '127.0.0.1', port } }),
  })
  const run = start(node, folder, ['listen'])
  await within(asked.promise, 'connection', 20_000)
  await stop(run)
  assert.deepEqual(run.lines(), [])
  silent.close()
})
