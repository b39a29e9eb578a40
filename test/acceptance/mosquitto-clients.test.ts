/**
 * Mosquitto's own clients against the embedded broker.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import * as v from 'valibot'
import { type EmbeddedBroker, embeddedBroker } from '../../adapters/aedes/index.ts'
import {
  createFleet,
  defineDeviceType,
  type Fleet,
  memoryStore,
  type ProvisionedDevice,
} from '../../src/index.ts'
import { within } from '../support/wait.ts'

const HUB_PASSWORD = 'a password for the hub'

const missing =
  spawnSync('mosquitto_pub', ['--help']).error &&
  'the Mosquitto clients are not installed: apt-get install -y mosquitto-clients'
if (missing && process.env.CI === 'true') throw new Error(missing)

const station = defineDeviceType('weatherstation', { data: v.object({}) })

describe('mosquitto_pub and mosquitto_sub', { skip: missing }, () => {
  let fleet: Fleet
  let broker: EmbeddedBroker
  let device: ProvisionedDevice
  let other: ProvisionedDevice

  before(async () => {
    fleet = createFleet({
      types: [station],
      store: memoryStore(),
      services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
    })
    device = await fleet.provision(station, 'STATION-001')
    other = await fleet.provision(station, 'STATION-002')
    const logger = { info() {}, warn() {}, error: console.error }
    broker = await embeddedBroker(fleet, { port: 0, logger })
  })
  after(() => broker.close())

  /** Runs a client to its end: its exit code and all it printed. */
  async function client(
    program: 'mosquitto_pub' | 'mosquitto_sub',
    login: { username: string; password: string },
    ...args: string[]
  ): Promise<{ code: number | null; output: string }> {
    const { port } = new URL(broker.url)
    const child = spawn(program, [
      ...['-h', '127.0.0.1', '-p', port, '-V', 'mqttv5', '-q', '1'],
      ...['-u', login.username, '-P', login.password, ...args],
    ])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code: await within(ended, `end of ${program}`, 15_000), output }
  }
  const publish = (topic: string, login = device) =>
    client('mosquitto_pub', login, '-t', topic, '-m', '{}')
  /** Subscribes until a message came, or for a second. */
  const subscribe = (filter: string, login: { username: string; password: string } = device) =>
    client('mosquitto_sub', login, '-t', filter, '-C', '1', '-W', '1')

  const TIMED_OUT = 27 // mosquitto_sub's word for: subscribed, and nothing came

  test('a device publishes its own data, and the hub receives it', async () => {
    // The retained message makes the order of the two clients irrelevant.
    const sent = await client(
      'mosquitto_pub',
      device,
      '-t',
      device.topics.data,
      '-m',
      '{"t":1}',
      '-r',
    )
    assert.deepEqual(sent, { code: 0, output: '' })
    const hub = { username: 'hub', password: HUB_PASSWORD }
    const received = await subscribe('things/weatherstation/+/data', hub)
    assert.deepEqual(received, { code: 0, output: '{"t":1}\n' })
  })

  test('a device publishes its own status and subscribes to its own commands', async () => {
    assert.deepEqual(await publish(device.topics.status), { code: 0, output: '' })
    assert.equal((await subscribe(device.topics.cmd)).code, TIMED_OUT)
  })

  for (const topic of [
    'things/weatherstation/STATION-002/data',
    'things/weatherstation/STATION-001/cmd',
    'things/weatherstation/STATION-001/reply',
    'things/pump/STATION-001/data',
    'things/weatherstation/STATION-001/data/more',
    'elsewhere',
  ]) {
    test(`publishing to ${topic} is refused: Not authorized`, async () => {
      assert.match((await publish(topic)).output, /Not authorized/)
    })
  }

  for (const filter of [
    'things/#',
    '#',
    '+/+/+/cmd',
    'things/weatherstation/+/cmd',
    'things/weatherstation/STATION-002/cmd',
    'things/weatherstation/STATION-001/#',
    'things/weatherstation/STATION-001/data',
    '$SYS/#',
  ]) {
    test(`subscribing to ${filter} is refused`, async () => {
      const { output } = await subscribe(filter)
      assert.match(output, /All subscription requests were denied/)
    })
  }

  for (const [who, login] of [
    ['a wrong password', () => ({ ...device, password: 'wrong' })],
    ["another device's password", () => ({ ...device, password: other.password })],
    ['an empty password', () => ({ ...device, password: '' })],
    ['an unknown device', () => ({ ...device, username: 'weatherstation/NOPE' })],
    ['a service account with a device password', () => ({ ...device, username: 'hub' })],
  ] as const) {
    test(`${who} is refused at connect`, async () => {
      const { code, output } = await publish(device.topics.data, login())
      assert.notEqual(code, 0)
      assert.match(output, /Not authorized/)
    })
  }

  test('a revoked device is refused at connect', async () => {
    const gone = await fleet.provision(station, 'STATION-003')
    assert.equal((await publish(gone.topics.data, gone)).code, 0)
    await fleet.revoke(station, 'STATION-003')
    assert.match((await publish(gone.topics.data, gone)).output, /Not authorized/)
  })
})
