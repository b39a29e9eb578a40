/**
 * Connections that stand while another process revokes, changes or loses their device.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { type AccessRule, createFleet, type DeviceStore, memoryStore } from '../../src/index.ts'
import { Collector, within } from '../support/wait.ts'
import { OFFICE, openSite, pump, type Site } from './fixture.ts'

const CMD = 'things/pump/P-1/cmd'
const ADMINISTRATIVE_ACTION = 0x98
const durable: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 600 } }
const alarms: AccessRule = { effect: 'allow', actions: ['subscribe'], filter: 'alarms/#' }

/** A broker, what another process does with its store, and each read of a device by user name. */
interface Elsewhere extends AsyncDisposable {
  readonly site: Site
  readonly reads: Collector<string>
  /** Fails every read by user name while it is set. */
  failure: Error | undefined
  /** Whether records by user name are hidden, as if they were deleted. */
  isEmpty: boolean
  /** The fleet of the other process. */
  readonly other: ReturnType<typeof createFleet>
  /** Settles when a device was read that nobody had begun to read before. */
  readAgain(username: string): Promise<void>
}

async function openElsewhere(): Promise<Elsewhere> {
  const inner = memoryStore()
  const reads = new Collector<string>()
  const store: DeviceStore = {
    ...inner,
    async findByUsername(username) {
      try {
        if (at.failure) throw at.failure
        return at.isEmpty ? undefined : await inner.findByUsername(username)
      } finally {
        // What waits for this goes on when the answer is taken.
        setImmediate(() => reads.push(username))
      }
    },
  }
  const site = await openSite({ store, rulesLifetime: 0 })
  const at: Elsewhere = {
    site,
    reads,
    failure: undefined,
    isEmpty: false,
    other: createFleet({ types: [pump], store: inner }),

    async readAgain(username) {
      // The one that is under way, if any, began before.
      const before = reads.items.length
      for (let more = 1; ; more++) {
        const items = await reads.reach(before + more, 'reads', 20_000)
        if (items.slice(before).filter((name) => name === username).length === 2) return
      }
    },

    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  }
  return at
}

describe('a device that another process revokes', () => {
  for (const [protocolVersion, code] of [
    [5, ADMINISTRATIVE_ACTION],
    [4, undefined],
  ] as const) {
    test(`is disconnected (MQTT ${protocolVersion === 5 ? '5' : '3.1.1'})`, async () => {
      await using at = await openElsewhere()
      const { site, other } = at
      const revoked = await site.connect(site.p1, { protocolVersion })
      const second = await site.connect(site.p1, { protocolVersion })
      const bystander = await site.connect(site.p2, { protocolVersion })
      await other.revoke(pump, 'P-1')
      for (const { ended } of [revoked, second]) {
        assert.equal(await within(ended, 'end of the connection', 20_000), code)
      }
      await at.readAgain('pump/P-2')
      assert.equal(bystander.mqtt.connected, true)
      assert.equal(site.broker.connections, 1)
      assert.deepEqual(site.log.lines, [
        'info: pump/P-1 is revoked or not on record any more: its sessions end.',
      ])
      await assert.rejects(site.connect(site.p1, { protocolVersion }), {
        code: protocolVersion === 5 ? 0x86 : 4,
      })
    })
  }

  test('keeps no session, of its other client ids neither', async () => {
    await using at = await openElsewhere()
    const { site, other } = at
    const away = await site.connect(site.p1, { ...durable, clientId: 'away' })
    await away.mqtt.subscribeAsync(CMD, { qos: 1 })
    await away.mqtt.endAsync()
    const here = await site.connect(site.p1, { ...durable, clientId: 'here' })
    await here.mqtt.subscribeAsync(CMD, { qos: 1 })
    await other.revoke(pump, 'P-1')
    await within(here.ended, 'end of the connection', 20_000)
    assert.equal(await site.broker.disconnect('pump/P-1'), 0)
  })

  test('leaves no will behind', async () => {
    await using at = await openElsewhere()
    const { site, other } = at
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('things/#')
    const will = { topic: 'things/pump/P-1/status', payload: Buffer.from('gone'), qos: 1 as const }
    const device = await site.connect(site.p1, { will })
    await other.revoke(pump, 'P-1')
    await within(device.ended, 'end of the connection', 20_000)
    await office.mqtt.publishAsync('things/fence', '')
    assert.equal((await office.messages.reach(1, 'messages'))[0]?.topic, 'things/fence')
  })
})

test('a device that is gone from the store is disconnected', async () => {
  await using at = await openElsewhere()
  const device = await at.site.connect(at.site.p1)
  at.isEmpty = true
  assert.equal(await within(device.ended, 'end', 20_000), ADMINISTRATIVE_ACTION)
})

test('another device that was given the user name does not inherit the connection', async () => {
  await using at = await openElsewhere()
  const { site, other } = at
  const login = await site.fleet.provision(pump, 'P-3', { username: 'north-1' })
  const device = await site.connect(login)
  const { findByUsername } = site.fleet.store
  await other.provision(pump, 'P-4')
  site.fleet.store.findByUsername = (username) =>
    findByUsername(username === 'north-1' ? 'pump/P-4' : username)
  assert.equal(await within(device.ended, 'end', 20_000), ADMINISTRATIVE_ACTION)
})

describe('a device that another process changes', () => {
  test('is sent nothing more that its rules do not grant any more', async () => {
    await using at = await openElsewhere()
    const { site, other } = at
    const login = await site.fleet.provision(pump, 'P-3', { rules: [alarms] })
    const device = await site.connect(login)
    await device.mqtt.subscribeAsync(['alarms/#', 'things/pump/P-3/cmd'], { qos: 1 })
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync('alarms/fire', 'before', { qos: 1 })
    await device.messages.reach(1, 'messages')

    await other.update(pump, 'P-3', { rules: [] })
    await at.readAgain('pump/P-3')
    await office.mqtt.publishAsync('alarms/fire', 'after', { qos: 1 })
    await office.mqtt.publishAsync('things/pump/P-3/cmd', 'fence', { qos: 1 })
    const messages = await device.messages.reach(2, 'messages')
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['before', 'fence'],
    )
    assert.equal(device.mqtt.connected, true)
  })

  test('may do what its rules and attributes grant now, under its client id', async () => {
    await using at = await openElsewhere()
    const { site, other } = at
    const rule: AccessRule = { ...alarms, filter: 'alarms/{site}/{clientId}' }
    const settings = { rules: [rule], attributes: { site: 'north' } }
    const login = await site.fleet.provision(pump, 'P-3', settings)
    const device = await site.connect(login, { clientId: 'client-1' })
    const mayWatch = async (filter: string) => {
      const outcome = device.mqtt.subscribeAsync(filter).then(
        () => true,
        () => false,
      )
      return within(outcome, 'SUBACK')
    }
    assert.equal(await mayWatch('alarms/north/client-1'), true)
    assert.equal(await mayWatch('alarms/south/client-1'), false)
    await other.update(pump, 'P-3', { attributes: { site: 'south' } })
    await at.readAgain('pump/P-3')
    assert.equal(await mayWatch('alarms/north/client-1'), false)
    assert.equal(await mayWatch('alarms/south/client-1'), true)
    assert.equal(await mayWatch('alarms/south/client-2'), false)
  })
})

test('what the same fleet changes counts when the change settles', async () => {
  await using site = await openSite({ rulesLifetime: 3_600 })
  const login = await site.fleet.provision(pump, 'P-3', { rules: [] })
  const device = await site.connect(login)
  await assert.rejects(device.mqtt.subscribeAsync('alarms/#'))
  await site.fleet.update(pump, 'P-3', { rules: [alarms] })
  await device.mqtt.subscribeAsync('alarms/#')
  await site.fleet.update(pump, 'P-3', { rules: [] })
  await assert.rejects(device.mqtt.subscribeAsync('alarms/#'))
})

test('a change that overtakes a slow read is not undone by it', async () => {
  await using at = await openElsewhere()
  const { site } = at
  const { store } = site.fleet
  const login = await site.fleet.provision(pump, 'P-3', { rules: [] })
  const device = await site.connect(login)
  // The next read is of before, and answers when it is let.
  const find = store.findByUsername
  const release = new Collector<undefined>()
  const held = new Collector<string>()
  store.findByUsername = async (username) => {
    const record = await find(username)
    store.findByUsername = find
    held.push(username)
    await release.reach(1, 'releases', 30_000)
    return record
  }
  await held.reach(1, 'reads', 20_000)
  await site.fleet.update(pump, 'P-3', { rules: [alarms] })
  await device.mqtt.subscribeAsync('alarms/one')
  release.push(undefined)
  await device.mqtt.subscribeAsync('alarms/two')
})

test('a store that fails ends nobody, is told in the log once, and asked again', async () => {
  await using at = await openElsewhere()
  const { site, other } = at
  const device = await site.connect(site.p1)
  const bystander = await site.connect(site.p2)
  await other.revoke(pump, 'P-1')
  at.failure = new Error('disk full')
  for (const username of ['pump/P-1', 'pump/P-2']) await at.readAgain(username)
  assert.deepEqual([device.mqtt.connected, bystander.mqtt.connected], [true, true])
  assert.equal(site.broker.connections, 2)
  const troubles = site.log.lines.filter((line) => line.includes('disk full'))
  assert.match(
    troubles[0]!,
    /^warn: pump\/P-[12], which is connected, could not be asked about again/,
  )
  at.failure = undefined
  assert.equal(await within(device.ended, 'end', 20_000), ADMINISTRATIVE_ACTION)
  await at.readAgain('pump/P-2')
  assert.equal(bystander.mqtt.connected, true)
})

test('nobody is asked about who is not connected, and no service account', async () => {
  await using at = await openElsewhere()
  const { site, reads } = at
  await site.connect(OFFICE)
  const device = await site.connect(site.p1)
  await at.readAgain('pump/P-1')
  await device.mqtt.endAsync()
  await site.connect(site.p2)
  const before = reads.items.length
  for (let i = 0; i < 3; i++) await at.readAgain('pump/P-2')
  const names = reads.items.slice(before).filter((name) => name !== 'pump/P-2')
  // One may have been under way.
  assert.ok(names.length <= 1 && !names.includes(OFFICE.username), names.join())
})
