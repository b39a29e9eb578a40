/**
 * Sessions of the embedded broker: whose they are, what they keep, and when they end.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { deferred, within } from '../support/wait.ts'
import { OFFICE, openSite, pump, reasonOf } from './fixture.ts'

const durable: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 600 } }
const durable4: IClientOptions = { clean: false, protocolVersion: 4 }
const CMD = 'things/pump/P-1/cmd'

describe('a client id', () => {
  for (const protocolVersion of [5, 4] as const) {
    const version = protocolVersion === 5 ? '5' : '3.1.1'
    const kept = protocolVersion === 5 ? durable : durable4

    test(`ends no connection of another device that uses it (MQTT ${version})`, async () => {
      await using site = await openSite()
      const owner = await site.connect(site.p1, { clientId: 'shared-id', protocolVersion })
      await owner.mqtt.subscribeAsync(CMD)
      const thief = await site.connect(site.p2, { clientId: 'shared-id', protocolVersion })
      assert.equal(site.broker.connections, 2)
      const office = await site.connect(OFFICE)
      await office.mqtt.publishAsync(CMD, 'start')
      assert.equal((await owner.messages.reach(1, 'messages'))[0]?.text, 'start')
      assert.deepEqual([owner.mqtt.connected, thief.mqtt.connected], [true, true])
    })

    test(`gives nobody the session of another device (MQTT ${version})`, async () => {
      await using site = await openSite()
      const owner = await site.connect(site.p1, { ...kept, clientId: 'shared-id' })
      await owner.mqtt.subscribeAsync(CMD, { qos: 1 })
      await owner.mqtt.endAsync()
      const office = await site.connect(OFFICE)
      await office.mqtt.publishAsync(CMD, 'start', { qos: 1 })

      const thief = await site.connect(site.p2, { ...kept, clientId: 'shared-id' })
      await thief.mqtt.subscribeAsync('things/pump/P-2/cmd', { qos: 1 })
      await office.mqtt.publishAsync('things/pump/P-2/cmd', 'own', { qos: 1 })
      assert.equal((await thief.messages.reach(1, 'messages'))[0]?.text, 'own')

      const back = await site.connect(site.p1, { ...kept, clientId: 'shared-id' })
      assert.equal((await back.messages.reach(1, 'messages'))[0]?.text, 'start')
      assert.deepEqual([thief.messages.items.length, back.messages.items.length], [1, 1])
    })
  }

  test('ends the earlier connection of the same device, with "session taken over"', async () => {
    await using site = await openSite()
    const first = await site.connect(site.p1, { clientId: 'own-id' })
    const second = await site.connect(site.p1, { clientId: 'own-id' })
    assert.equal(await within(first.ended, 'end of the first'), 0x8e)
    assert.equal(second.mqtt.connected, true)
    assert.equal(site.broker.connections, 1)
  })

  test('that is empty is made up by the broker, and the client is told that very one', async () => {
    await using site = await openSite()
    const login = { ...site.p1, ...durable }
    const first = await site.connect(login, { clientId: '', clean: true })
    const { serverProperties } = first.mqtt as { serverProperties?: Record<string, unknown> }
    const assigned = serverProperties?.assignedClientIdentifier as string
    assert.ok(assigned.length > 10 && !assigned.includes('P-1'), assigned)
    await first.mqtt.subscribeAsync(CMD, { qos: 1 })
    await first.mqtt.endAsync()
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync(CMD, 'start', { qos: 1 })
    const second = await site.connect(login, { clientId: assigned })
    assert.equal((await second.messages.reach(1, 'messages'))[0]?.text, 'start')
  })

  for (const clientId of ['__proto__', 'constructor', 'a#b', 'a/b', '#', '+', ' ', '\u{1f600}']) {
    test(`may be ${JSON.stringify(clientId)}`, async () => {
      await using site = await openSite()
      for (const login of [site.p1, site.p2]) await site.connect(login, { clientId })
      assert.equal(site.broker.connections, 2)
    })
  }
})

describe('a session', () => {
  test('is resumed with what came in the meantime, in order and once', async () => {
    await using site = await openSite()
    const first = await site.connect(site.p1, { ...durable, clientId: 'a' })
    // Both filters match, and the message is kept once all the same.
    await first.mqtt.subscribeAsync(['news/sport/+', 'news/sport/cup'], { qos: 1 })
    await first.mqtt.endAsync()
    const office = await site.connect(OFFICE)
    for (let i = 0; i < 50; i++)
      await office.mqtt.publishAsync('news/sport/cup', `${i}`, { qos: 1 })
    const second = await site.connect(site.p1, { ...durable, clientId: 'a' })
    await second.messages.reach(50, 'messages')
    await office.mqtt.publishAsync('news/sport/cup', 'fence', { qos: 1 })
    const messages = await second.messages.reach(51, 'messages')
    assert.deepEqual(
      messages.map(({ text }) => text),
      [...Array(50).keys(), 'fence'].map(String),
    )
  })

  test('gives out again what was not acknowledged', async () => {
    await using site = await openSite()
    const first = await site.connect(site.p1, { ...durable, clientId: 'a' })
    await first.mqtt.subscribeAsync(CMD, { qos: 1 })
    first.mqtt.handleMessage = () => {} // It never acknowledges.
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync(CMD, 'start', { qos: 1 })
    await first.messages.reach(1, 'messages')
    first.mqtt.stream.destroy()
    await within(first.ended, 'end of the first')
    const second = await site.connect(site.p1, { ...durable, clientId: 'a' })
    assert.equal((await second.messages.reach(1, 'messages'))[0]?.text, 'start')
  })

  test('is gone after a clean start', async () => {
    await using site = await openSite()
    const first = await site.connect(site.p1, { ...durable, clientId: 'a' })
    await first.mqtt.subscribeAsync(CMD, { qos: 1 })
    await first.mqtt.endAsync()
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync(CMD, 'old', { qos: 1 })
    const second = await site.connect(site.p1, { ...durable, clientId: 'a', clean: true })
    await second.mqtt.subscribeAsync(CMD, { qos: 1 })
    await office.mqtt.publishAsync(CMD, 'new', { qos: 1 })
    assert.equal((await second.messages.reach(1, 'messages'))[0]?.text, 'new')
  })

  test('keeps no message of a filter that was denied beside one that was granted', async () => {
    await using site = await openSite()
    const first = await site.connect(site.p1, { ...durable, clientId: 'a' })
    await reasonOf(first.mqtt.subscribeAsync([CMD, 'things/#'], { qos: 1 }))
    await first.mqtt.endAsync()
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync('things/pump/P-2/data', 'secret', { qos: 1 })
    await office.mqtt.publishAsync(CMD, 'start', { qos: 1 })
    const denied = site.denials.items.length
    const second = await site.connect(site.p1, { ...durable, clientId: 'a' })
    assert.equal((await second.messages.reach(1, 'messages'))[0]?.text, 'start')
    // The denied filter was not kept either, or it would have been asked for and denied again.
    assert.equal(site.denials.items.length, denied)
  })

  test('gives out nothing that a changed right no longer covers', async () => {
    await using site = await openSite()
    const login = await site.fleet.provision(pump, 'P-3', {
      rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'alarms/#' }],
    })
    const first = await site.connect(login, { ...durable, clientId: 'a' })
    await first.mqtt.subscribeAsync(['alarms/#', 'things/pump/P-3/cmd'], { qos: 1 })
    await first.mqtt.endAsync()
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync('alarms/fire', 'before', { qos: 1 })
    const record = (await site.fleet.store.get('pump', 'P-3'))!
    await site.fleet.store.update({ ...record, rules: [], revision: record.revision + 1 })

    const second = await site.connect(login, { ...durable, clientId: 'a' })
    await office.mqtt.publishAsync('alarms/fire', 'after', { qos: 1 })
    await office.mqtt.publishAsync('things/pump/P-3/cmd', 'start', { qos: 1 })
    const messages = await second.messages.reach(1, 'messages')
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['start'],
    )
    // It did nothing that could be denied.
    assert.deepEqual(site.denials.items, [])
  })
})

describe('a revoked device', () => {
  for (const [protocolVersion, code] of [
    [5, 0x98],
    [4, undefined],
  ] as const) {
    test(`is disconnected at once (MQTT ${protocolVersion === 5 ? '5' : '3.1.1'})`, async () => {
      await using site = await openSite()
      const revoked = await site.connect(site.p1, { protocolVersion })
      const second = await site.connect(site.p1, { protocolVersion })
      const other = await site.connect(site.p2, { protocolVersion })
      await within(site.fleet.revoke(pump, 'P-1'), 'revocation')
      assert.equal(await within(revoked.ended, 'end of the connection'), code)
      assert.equal(await within(second.ended, 'end of the connection'), code)
      assert.equal(site.broker.connections, 1)
      assert.equal(other.mqtt.connected, true)
    })
  }

  test('leaves no will behind', async () => {
    await using site = await openSite()
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('things/#')
    const will = { topic: 'things/pump/P-1/status', payload: Buffer.from('gone'), qos: 1 as const }
    const device = await site.connect(site.p1, { will })
    await site.fleet.revoke(pump, 'P-1')
    await within(device.ended, 'end of the connection')
    await office.mqtt.publishAsync('things/fence', '')
    const [message] = await office.messages.reach(1, 'messages')
    assert.equal(message?.topic, 'things/fence')
  })

  test('cannot come back', async () => {
    await using site = await openSite()
    await site.fleet.revoke(pump, 'P-1')
    await assert.rejects(site.connect(site.p1), { code: 0x86 })
    assert.equal(site.denials.items[0]?.code, 'revoked')
  })

  test('does not get in with a login that began before', async () => {
    await using site = await openSite()
    // A store that answers the login only after the device is revoked.
    const { store } = site.fleet
    const asked = deferred()
    const answered = deferred()
    const find = store.findByUsername.bind(store)
    store.findByUsername = async (username) => {
      const record = await find(username)
      asked.resolve()
      await answered.promise
      return record
    }
    const login = assert.rejects(site.connect(site.p1), { code: 0x86 })
    await within(asked.promise, 'login')
    await site.fleet.revoke(pump, 'P-1')
    answered.resolve()
    await login
    assert.equal(site.broker.connections, 0)
  })
})
