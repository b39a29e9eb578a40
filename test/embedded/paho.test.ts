/**
 * The embedded broker with paho-mqtt, which closes where a server breaks the protocol.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pahoMissing, startPaho } from '../support/paho.ts'
import { OFFICE, openSite, portOf, type Site } from './fixture.ts'

const DATA = 'things/pump/P-1/data'
const COMMANDS = 'things/pump/P-1/cmd'

for (const version of [5, 4] as const) {
  const name = version === 5 ? 'MQTT 5' : 'MQTT 3.1.1'
  const start = ({ broker, p1 }: Site, password = p1.password) =>
    startPaho({
      port: portOf(broker.url),
      version,
      username: p1.username,
      password,
      clientId: p1.username,
    })

  describe(`paho-mqtt over ${name}`, { skip: pahoMissing, timeout: 120_000 }, () => {
    test('publishes with each quality of service, and gets what is for it', async () => {
      await using site = await openSite()
      const office = await site.connect(OFFICE)
      await office.mqtt.subscribeAsync(DATA, { qos: 2 })
      await using device = start(site)
      device.do({ do: 'connect' })
      assert.deepEqual(await device.next(), { connected: 0, present: 0 })
      for (const qos of [0, 1, 2] as const) {
        device.do({ do: 'publish', topic: DATA, text: `{"rpm":${qos}}`, qos })
        assert.deepEqual(await device.next(), { published: true })
      }
      const messages = await office.messages.reach(3, 'messages')
      assert.deepEqual(
        messages.map(({ text }) => text),
        ['{"rpm":0}', '{"rpm":1}', '{"rpm":2}'],
      )
      device.do({ do: 'subscribe', topic: COMMANDS, qos: 2 })
      assert.deepEqual(await device.next(), { granted: [2] })
      const properties = { userProperties: { from: 'office' } }
      for (const qos of [0, 1, 2] as const) {
        await office.mqtt.publishAsync(COMMANDS, `start ${qos}`, { qos, properties })
        const user = version === 5 ? [['from', 'office']] : []
        const expected = { topic: COMMANDS, text: `start ${qos}`, qos, retain: false, user }
        assert.deepEqual(await device.next(), expected)
      }
      device.do({ do: 'disconnect' })
      assert.deepEqual(await device.next(), { disconnected: 0 })
    })

    test('is refused what its rules do not grant', async () => {
      await using site = await openSite()
      await using device = start(site)
      device.do({ do: 'connect' })
      await device.next()
      for (const topic of ['things/#', 'things/pump/P-2/cmd', '#']) {
        device.do({ do: 'subscribe', topic, qos: 1 })
        assert.deepEqual(await device.next(), { granted: [version === 5 ? 0x87 : 0x80] }, topic)
      }
      await using stranger = start(site, 'guessed-0123456789')
      stranger.do({ do: 'connect' })
      const denied = version === 5 ? 0x86 : 4
      assert.deepEqual(await stranger.next(), { connected: denied, present: 0 })
    })

    test('finds its session again, and what came meanwhile', async () => {
      await using site = await openSite()
      const office = await site.connect(OFFICE)
      {
        await using device = start(site)
        device.do({ do: 'connect' })
        await device.next()
        device.do({ do: 'subscribe', topic: COMMANDS, qos: 1 })
        await device.next()
        device.do({ do: 'disconnect' })
        await device.next()
      }
      await office.mqtt.publishAsync(COMMANDS, 'start', { qos: 1 })
      await using device = start(site)
      device.do({ do: 'connect' })
      assert.deepEqual(await device.next(), { connected: 0, present: 1 })
      const message = { topic: COMMANDS, text: 'start', qos: 1, retain: false, user: [] }
      assert.deepEqual(await device.next(), message)
    })

    test('has its will published when it is gone without a word', async () => {
      await using site = await openSite()
      const office = await site.connect(OFFICE)
      await office.mqtt.subscribeAsync(DATA, { qos: 1 })
      await using device = start(site)
      device.do({ do: 'connect', will: DATA })
      await device.next()
      device.do({ do: 'die' })
      const [message] = await office.messages.reach(1, 'messages')
      assert.equal(message?.text, 'gone')
    })
  })
}
