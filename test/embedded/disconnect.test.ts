/**
 * Ending what one user name has at the embedded broker.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { within } from '../support/wait.ts'
import { OFFICE, openClient, openSite } from './fixture.ts'
import { packet, text } from './raw.ts'

const CMD = 'things/pump/P-1/cmd'
const SUBSCRIBE_LARGE = packet(0x82, 0, 1, 0, text('large'), 0)
const durable: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 600 } }

describe('disconnect(username)', () => {
  for (const [protocolVersion, code] of [
    [5, 0x98],
    [4, undefined],
  ] as const) {
    const version = protocolVersion === 5 ? '5' : '3.1.1'
    test(`ends every connection of it, and no other (MQTT ${version})`, async () => {
      await using site = await openSite({ websocket: true })
      const first = await site.connect(site.p1, { protocolVersion })
      const options = { ...site.p1, protocolVersion }
      const second = await openClient(site.broker.websocketUrl!, options)
      const other = await site.connect(site.p2, { protocolVersion })
      const office = await site.connect(OFFICE, { protocolVersion })
      assert.equal(await within(site.broker.disconnect('pump/P-1'), 'disconnection'), 2)
      assert.equal(site.broker.connections, 2)
      for (const { ended } of [first, second]) {
        assert.equal(await within(ended, 'end of the connection'), code)
      }
      assert.deepEqual([other.mqtt.connected, office.mqtt.connected], [true, true])
    })
  }

  test('ends its sessions, those without a connection too, and counts each once', async () => {
    await using site = await openSite()
    const away = await site.connect(site.p1, { ...durable, clientId: 'away' })
    await away.mqtt.subscribeAsync(CMD, { qos: 1 })
    await away.mqtt.endAsync()
    const here = await site.connect(site.p1, { ...durable, clientId: 'here' })
    await here.mqtt.subscribeAsync(CMD, { qos: 1 })
    await site.connect(site.p1, { clientId: 'clean' })
    assert.equal(await site.broker.disconnect('pump/P-1'), 3)
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync(CMD, 'lost', { qos: 1 })
    for (const clientId of ['away', 'here']) {
      const back = await site.connect(site.p1, { ...durable, clientId })
      await back.mqtt.subscribeAsync(CMD, { qos: 1 })
      await office.mqtt.publishAsync(CMD, clientId, { qos: 1 })
      assert.equal((await back.messages.reach(1, 'messages'))[0]?.text, clientId)
    }
  })

  test('lets it log in again, and keeps the session that it makes then', async () => {
    await using site = await openSite()
    await site.connect(site.p1, { ...durable, clientId: 'a' })
    await site.broker.disconnect('pump/P-1')
    const back = await site.connect(site.p1, { ...durable, clientId: 'a' })
    await back.mqtt.subscribeAsync(CMD, { qos: 1 })
    await back.mqtt.endAsync()
    const office = await site.connect(OFFICE)
    await office.mqtt.publishAsync(CMD, 'kept', { qos: 1 })
    const again = await site.connect(site.p1, { ...durable, clientId: 'a' })
    assert.equal((await again.messages.reach(1, 'messages'))[0]?.text, 'kept')
  })

  test('works for a service account', async () => {
    await using site = await openSite()
    const office = await site.connect(OFFICE)
    assert.equal(await site.broker.disconnect('office'), 1)
    assert.equal(await within(office.ended, 'end of the connection'), 0x98)
  })

  for (const username of ['pump/P-2', 'pump/P-', 'pump/P-1#', 'pump', '', '#', '__proto__']) {
    test(`ends nothing for ${JSON.stringify(username)}, which has no session`, async () => {
      await using site = await openSite()
      const device = await site.connect(site.p1, { clientId: 'a' })
      assert.equal(await site.broker.disconnect(username), 0)
      assert.equal(site.broker.connections, 1)
      assert.equal(device.mqtt.connected, true)
    })
  }

  test('cuts a client off that reads nothing, and settles when it is gone', async () => {
    await using site = await openSite()
    const reader = await site.dial()
    const { username, password } = OFFICE
    const connect = [text('MQTT'), 5, 0xc2, 0, 0, 0, text('a'), text(username), text(password)]
    reader.write(Buffer.concat([packet(0x10, ...connect), SUBSCRIBE_LARGE]))
    const suback = new Promise<void>((resolve) => {
      reader.on('data', (bytes: Buffer) => bytes.includes(packet(0x90, 0, 1, 0, 0)) && resolve())
    })
    await within(suback, 'SUBACK')
    reader.pause()
    const device = await site.connect(OFFICE)
    // More than the buffers of both ends hold.
    for (let i = 0; i < 20; i++) device.mqtt.publish('large', Buffer.alloc(1_000_000))
    await within(device.mqtt.publishAsync('fence', '', { qos: 1 }), 'PUBACK', 10_000)
    assert.equal(await within(site.broker.disconnect(username), 'disconnection', 9_000), 2)
    assert.equal(site.broker.connections, 0)
    assert.ok(reader.bytesRead < 1_000_000)
  })
})
