/**
 * With which QoS messages are delivered, and that none is overtaken and lost.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OFFICE, openSite } from './fixture.ts'

const kept = { clean: false, properties: { sessionExpiryInterval: 3600 } } as const

describe('a message is delivered with the QoS of the subscription it is for', () => {
  for (const filter of ['news/#', 'news/+', '+/cup', 'news/cup']) {
    test(`${filter}: to each subscriber with its own`, async () => {
      await using site = await openSite()
      const clients = await Promise.all(
        ([0, 1, 2] as const).map(async (qos) => {
          const client = await site.connect(OFFICE, { clientId: `qos-${qos}` })
          await client.mqtt.subscribeAsync(filter, { qos })
          return client
        }),
      )
      const sender = await site.connect(OFFICE)
      for (const qos of [2, 1, 0] as const)
        await sender.mqtt.publishAsync('news/cup', `${qos}`, { qos })
      for (const [granted, client] of clients.entries()) {
        const messages = await client.messages.reach(3, 'messages')
        assert.deepEqual(
          messages.map(({ text, packet }) => [text, packet.qos]).sort(),
          [0, 1, 2].map((sent) => [`${sent}`, Math.min(sent, granted)]),
        )
      }
    })
  }

  test('a retained one, too', async () => {
    await using site = await openSite()
    const sender = await site.connect(OFFICE)
    await sender.mqtt.publishAsync('news/cup', 'kept', { qos: 2, retain: true })
    for (const qos of [0, 1, 2] as const) {
      const client = await site.connect(OFFICE)
      await client.mqtt.subscribeAsync('news/#', { qos })
      const [message] = await client.messages.reach(1, 'messages')
      assert.deepEqual([message?.packet.qos, message?.packet.retain], [qos, true])
    }
  })

  test('and one that waited for a session to be resumed', async () => {
    await using site = await openSite()
    const first = await site.connect(OFFICE, { ...kept, clientId: 'a' })
    await first.mqtt.subscribeAsync('news/#', { qos: 1 })
    await first.mqtt.endAsync()
    const sender = await site.connect(OFFICE)
    await sender.mqtt.publishAsync('news/cup', 'waiting', { qos: 2 })
    const second = await site.connect(OFFICE, { ...kept, clientId: 'a' })
    const [message] = await second.messages.reach(1, 'messages')
    assert.deepEqual([message?.text, message?.packet.qos], ['waiting', 1])
  })
})

test('a retained message is not lost to one sent directly after it', async () => {
  await using site = await openSite()
  const client = await site.connect(OFFICE)
  await client.mqtt.subscribeAsync('x/#', { qos: 2 })
  const sender = await site.connect(OFFICE)
  let sent = 0
  for (const qos of [0, 1, 2] as const) {
    await Promise.all([
      sender.mqtt.publishAsync('x/status', `${sent++}`, { qos, retain: true }),
      sender.mqtt.publishAsync('x/data', `${sent++}`, { qos: 0 }),
    ])
  }
  const messages = await client.messages.reach(sent, 'messages')
  assert.deepEqual(messages.map(({ text }) => text).sort(), [...Array(sent).keys()].map(String))
})
