/**
 * A fleet and a Mosquitto for the tests, and what real clients of it are answered.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectAsync, type MqttClient } from 'mqtt'
import * as v from 'valibot'
import { type Command, ControlLink } from '../../adapters/mosquitto/control.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  command,
  createFleet,
  defineDeviceType,
  type Fleet,
  type FleetOptions,
  type Logger,
  memoryStore,
} from '../../src/index.ts'
import { ADMIN } from '../support/dynsec-site.ts'
import { mosquittoVersion } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'

export const sealingKey = 'a sealing key of at least 32 bytes'
export const HUB = { username: 'hub', password: 'the password of the hub' } as const

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: { stop: command() },
})
/** Its devices have a rule beside those that every device has. */
export const valve = defineDeviceType('valve', {
  data: v.unknown(),
  commands: { turn: command({ reply: v.object({}) }) },
  rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'sites/{site}/alarms' }],
})

/** A fleet of pumps and valves, with a hub. */
export function makeFleet(options: Partial<FleetOptions> = {}): Fleet {
  return createFleet({
    types: [pump, valve],
    store: memoryStore(),
    services: [{ ...HUB, rules: 'hub' }],
    sealingKey,
    ...options,
  })
}

/** A logger that keeps its lines. */
export function quietLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (level: string) => (line: string) => void lines.push(`${level} ${line}`)
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') }
}

/** A connection of the administrator. */
export function admin(url: string): Broker {
  return mqtt({ url, ...ADMIN })
}

/** Has the administrator send commands, past any synchronisation. None may be refused. */
export async function tell(url: string, commands: readonly Command[]): Promise<void> {
  const broker = admin(url)
  const link = new ControlLink(broker)
  await link.open()
  for (const { error } of await link.run(commands)) assert.equal(error, undefined)
  await broker.close()
}

/** A login, as a client has it. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** Connects over MQTT 5, and not again. Rejects if it is refused. */
export function connect(url: string, { username, password }: Credentials): Promise<MqttClient> {
  return connectAsync(url, {
    username,
    password,
    protocolVersion: 5,
    reconnectPeriod: 0,
    connectTimeout: 60_000,
  })
}

/** Whether a login is let in. */
export async function mayConnect(url: string, login: Credentials): Promise<boolean> {
  try {
    await (await connect(url, login)).endAsync(true)
    return true
  } catch (error) {
    assert.match(String(error), /Not authorized|Bad User Name/i)
    return false
  }
}

/** Whether a publish with QoS 1 is acknowledged. */
export async function mayPublish(client: MqttClient, topic: string): Promise<boolean> {
  return isGranted(client.publishAsync(topic, '{}', { qos: 1 }))
}

/** Whether a subscription is granted. */
export async function maySubscribe(client: MqttClient, filter: string): Promise<boolean> {
  return isGranted(client.subscribeAsync(filter, { qos: 1 }))
}

async function isGranted(answer: Promise<unknown>): Promise<boolean> {
  try {
    await within(answer, 'answer')
    return true
  } catch (error) {
    assert.match(String(error), /Not authorized|refused|135|Unspecified/i)
    return false
  }
}

/** Settles when the broker has closed a connection. */
export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (!client.connected) resolve()
    else client.once('close', () => resolve())
  })
}

/**
 * The client of a login that was just granted more: Mosquitto 2.0 leaves it alone, and 2.1
 * disconnects it, as it does at any change of a role.
 */
export async function afterGrant(
  url: string,
  login: Credentials,
  client: MqttClient,
): Promise<MqttClient> {
  if (mosquittoVersion === '2.0') return client
  await within(closed(client), 'end of the connection')
  return connect(url, login)
}

/** What the table is about: devices and a hub that a Mosquitto knows. */
export interface TableSite {
  readonly url: string
  /** A pump and a valve with the attribute `site` of `north`. */
  readonly pump: Credentials
  readonly valve: Credentials
  /** A pump that was revoked before. */
  readonly revoked: Credentials
}

/**
 * Declares the tests that hold in either form: who gets in, and what is published.
 *
 * @param site Made before the first test runs.
 */
export function declareTable(site: () => TableSite): void {
  for (const [who, login] of [
    ['a device', () => site().pump],
    ['a device with attributes', () => site().valve],
    ['the hub', () => HUB],
  ] as const) {
    test(`lets ${who} in by its password, and by no other`, async () => {
      const { username, password } = login()
      assert.equal(await mayConnect(site().url, { username, password }), true)
      for (const wrong of ['', 'wrong', password.slice(0, -1), `${password}0`, HUB.username]) {
        assert.equal(await mayConnect(site().url, { username, password: wrong }), false, wrong)
      }
    })
  }

  test('lets nobody in who is not in the fleet, or revoked', async () => {
    const { url, revoked, pump } = site()
    assert.equal(await mayConnect(url, revoked), false)
    for (const username of ['pump/P-unknown', 'pump', '', 'nobody', 'pump/+', '#']) {
      assert.equal(await mayConnect(url, { ...pump, username }), false, username)
    }
    await assert.rejects(connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 }))
  })

  for (const [own, topics] of [
    ['pump', { granted: ['data', 'status'], denied: ['cmd', 'reply', 'data/x', '', 'other'] }],
    ['valve', { granted: ['data', 'status', 'reply'], denied: ['cmd', 'data/x', '', 'other'] }],
  ] as const) {
    test(`a ${own} publishes to its own topics, and to no others`, async () => {
      const login = site()[own]
      const client = await connect(site().url, login)
      const foreign = ['things/pump/P-other/data', 'things/valve/V-other/data', 'other', '$SYS/x']
      const granted = topics.granted.map((channel) => `things/${login.username}/${channel}`)
      const denied = topics.denied.map((channel) => `things/${login.username}/${channel}`)
      for (const topic of granted) assert.equal(await mayPublish(client, topic), true, topic)
      for (const topic of [...denied, ...foreign, '$CONTROL/dynamic-security/v1']) {
        assert.equal(await mayPublish(client, topic), false, topic)
      }
      await client.endAsync(true)
    })
  }

  test('a command reaches the device that it is for, and no other', async () => {
    const { url, pump: own, valve } = site()
    const [hub, device, other] = [
      await connect(url, HUB),
      await connect(url, own),
      await connect(url, valve),
    ]
    const got: string[] = []
    device.on('message', (topic) => void got.push(`own ${topic}`))
    other.on('message', (topic) => void got.push(`other ${topic}`))
    assert.equal(await maySubscribe(device, `things/${own.username}/cmd`), true)
    // Files grant every subscription, and deliver by the rules.
    await maySubscribe(other, `things/${own.username}/cmd`)
    await maySubscribe(other, '#')
    await maySubscribe(other, 'things/+/+/+')
    assert.equal(await mayPublish(hub, `things/${own.username}/cmd`), true)
    assert.equal(await mayPublish(device, `things/${own.username}/data`), true)
    // Its answer comes after whatever was delivered.
    await maySubscribe(other, `things/${valve.username}/cmd`)
    await maySubscribe(device, `things/${own.username}/cmd`)
    assert.deepEqual(got, [`own things/${own.username}/cmd`])
    for (const client of [hub, device, other]) await client.endAsync(true)
  })

  test('the hub hears all data, alone and in its group', async () => {
    const { url, pump: own } = site()
    const [hub, device] = [await connect(url, HUB), await connect(url, own)]
    const got: string[] = []
    hub.on('message', (topic) => void got.push(topic))
    assert.equal(await maySubscribe(hub, 'things/pump/+/data'), true)
    assert.equal(await maySubscribe(hub, '$share/devicehub/things/valve/+/data'), true)
    assert.equal(await mayPublish(device, `things/${own.username}/data`), true)
    assert.equal(await mayPublish(hub, `things/${own.username}/data`), false)
    assert.deepEqual(got, [`things/${own.username}/data`])
    for (const client of [hub, device]) await client.endAsync(true)
  })
}
