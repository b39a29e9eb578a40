/**
 * What reaches whom, over resumes, refusals and changes of mind, beyond the statements of the tables.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publishPacket, Site, textOf } from './fixture.ts'

for (const version of [4, 5] as const) {
  const name = version === 5 ? 'MQTT 5' : 'MQTT 3.1.1'

  test(`${name}: what waited is delivered to a client that comes back for the last time`, async () => {
    const s = new Site({ version })
    const before = await s.persist('a')
    await before.subscribe('t', { qos: 2 })
    await before.lose()
    const from = await s.connect('from')
    for (const qos of [1, 2] as const) await from.publish('t', `${qos}`, { qos })
    // In MQTT 5 without an expiry the session ends with this connection.
    const last = await s.connect('a', { cleanStart: false })
    assert.deepEqual(last.texts(), ['1', '2'])
    await last.disconnect()
    assert.equal(s.server.counters.storedBytes === 0, version === 5)
  })

  test(`${name}: a message under an identifier whose exchange is done is a new one`, async () => {
    const s = new Site({ version })
    const to = await s.connect('to')
    await to.subscribe('t')
    const from = await s.persist('from')
    for (let i = 0; i < 3; i++) {
      assert.equal(await from.publish('t', `${i}`, { qos: 2, packetId: 1 }), 0)
    }
    assert.deepEqual(to.texts(), ['0', '1', '2'])
  })

  test(`${name}: repeats of a QoS 2 message in one chunk are delivered once`, async () => {
    const s = new Site({ version })
    const to = await s.connect('to')
    await to.subscribe('t')
    const from = await s.connect('from')
    const one = publishPacket('t', 'once', { qos: 2, packetId: 1 })
    await from.send(one, { ...one, dup: true }, one, { ...one, packetId: 2 })
    assert.deepEqual(to.texts(), ['once', 'once'])
  })

  test(`${name}: what waited has no RETAIN, and no DUP`, async () => {
    const s = new Site({ version })
    const before = await s.persist('a')
    await before.subscribe('t', { qos: 1 })
    await before.lose()
    const from = await s.connect('from')
    await from.publish('t', 'm', { qos: 1, retain: true, dup: true })
    const [message] = (await s.persist('a')).messages()
    assert.deepEqual([message?.retain, message?.dup], [false, false])
  })

  test(`${name}: topics of 128 levels work, and none of 129`, async () => {
    const s = new Site({ version })
    const to = await s.connect('to')
    for (const levels of [101, 127, 128]) {
      const topic = Array(levels).fill('x').join('/')
      assert.deepEqual(await to.subscribe(topic, { qos: 1 }), [1])
      await to.publish(topic, `${levels}`, { qos: 1, retain: true })
      assert.deepEqual(to.texts(), [`${levels}`])
      await to.unsubscribe(topic)
      await to.subscribe(topic)
      assert.deepEqual(to.texts(), [`${levels}`])
    }
    const deeper = Array(129).fill('x').join('/')
    const refused = version === 5 ? 0x8f : 0x80
    assert.deepEqual(await to.subscribe([deeper, `${deeper}/#`]), [refused, refused])
    await to.send(publishPacket(deeper, 'm'))
    assert.equal(to.state, 'ended')
  })

  test(`${name}: an acknowledgement of what is not sent again yet ends it`, async () => {
    const s = new Site({ version, settings: { maxInFlight: 2 } })
    const from = await s.connect('from')
    const to = await s.persist('to')
    await to.subscribe('t', { qos: 2 })
    for (let i = 1; i <= 4; i++) await from.publish('t', `${i}`, { qos: 1 })
    assert.deepEqual(to.texts(), ['1', '2'])
    await to.lose()
    // Nothing is sent to this one at first.
    const again = s.raw()
    again.stall()
    const fields = { cleanStart: false, sessionExpiryInterval: 100 }
    await again.send({ kind: 'connect', version, clientId: 'to', keepAlive: 0, ...fields })
    for (const id of [1, 2]) await again.ack('puback', id)
    await again.take()
    again.packets()
    for (const id of [3, 4]) await again.ack('puback', id)
    await again.lose()
    assert.deepEqual((await s.persist('to')).texts(), [])
  })
}

test('a smaller receive maximum is kept to when a client comes back', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const to = await s.persist('to')
  await to.subscribe('t', { qos: 2 })
  for (let i = 1; i <= 6; i++) await from.publish('t', `${i}`, { qos: 1 })
  await to.lose()
  const again = await s.persist('to', { receiveMaximum: 2 })
  const got: string[] = []
  for (let i = 1; i <= 6; i++) {
    const messages = again.messages()
    assert(messages.every(({ dup }) => dup))
    assert.equal(messages.length, i === 1 ? 2 : i === 6 ? 0 : 1)
    got.push(...messages.map(textOf))
    await again.ack('puback', i)
  }
  assert.deepEqual(got, ['1', '2', '3', '4', '5', '6'])
  await from.publish('t', 'next', { qos: 1 })
  const [next] = again.messages()
  assert.deepEqual([next?.packetId, next?.dup], [7, false])
})

test('an acknowledgement for what the new connection was not sent again frees no more than its place', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const to = await s.persist('to')
  await to.subscribe('t', { qos: 2 })
  for (let i = 1; i <= 5; i++) await from.publish('t', `${i}`, { qos: i < 5 ? 1 : 2 })
  await to.lose()
  const again = await s.persist('to', { receiveMaximum: 1 })
  assert.deepEqual(again.texts(), ['1'])
  for (const id of [2, 3]) await again.ack('puback', id)
  await again.ack('pubrec', 5)
  assert.deepEqual(again.packets(), [{ kind: 'pubrel', packetId: 5, reasonCode: 0 }])
  await again.ack('pubcomp', 5)
  assert.deepEqual(again.packets(), [])
  await again.ack('puback', 1)
  assert.deepEqual(again.texts(), ['4'])
  await again.ack('puback', 4)
  assert.deepEqual(again.packets(), [])
  const empty = await s.connect('empty')
  await again.unsubscribe('t')
  assert.equal(s.server.counters.storedBytes, 0)
  assert.equal(empty.state, 'open')
})

test('a PUBREL waits for no window', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const to = await s.persist('to')
  await to.subscribe('t', { qos: 2 })
  for (let i = 1; i <= 3; i++) await from.publish('t', `${i}`, { qos: 2 })
  to.messages()
  for (const id of [2, 3]) await to.ack('pubrec', id)
  await to.lose()
  const again = await s.persist('to', { receiveMaximum: 1 })
  const [two, three] = [2, 3].map((packetId) => ({ kind: 'pubrel', packetId, reasonCode: 0 }))
  assert.deepEqual(again.packets(), [two, three])
  for (const id of [2, 3]) await again.ack('pubcomp', id)
  assert.deepEqual(again.texts(), ['1'])
})

test('acknowledgements of the wrong kind, or of nothing, end nothing', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const to = await s.persist('to')
  await to.subscribe('t', { qos: 2 })
  await from.publish('t', 'one', { qos: 1 })
  await from.publish('t', 'two', { qos: 2 })
  to.messages()
  await to.ack('pubcomp', 1)
  await to.ack('pubcomp', 2)
  await to.ack('puback', 2)
  await to.ack('puback', 99)
  assert.deepEqual(to.packets(), [])
  await to.ack('pubrec', 1)
  await to.ack('pubrec', 99)
  const unknown = (packetId: number) => ({ kind: 'pubrel', packetId, reasonCode: 0x92 })
  assert.deepEqual(to.packets(), [unknown(1), unknown(99)])
  await to.ack('pubrel', 99)
  assert.deepEqual(to.packets(), [{ kind: 'pubcomp', packetId: 99, reasonCode: 0x92 }])
  await to.lose()
  assert.deepEqual((await s.persist('to')).texts(), ['one', 'two'])
})

test('a client of MQTT 3.1.1 may have as many QoS 2 messages open as it likes', async () => {
  const s = new Site({ version: 4, settings: { receiveMaximum: 3 } })
  const client = await s.connect('a')
  for (let packetId = 1; packetId <= 50; packetId++) {
    await client.send(publishPacket('t', '', { qos: 2, packetId }))
  }
  assert.equal(client.packets().length, 50)
  for (let packetId = 1; packetId <= 50; packetId++) await client.ack('pubrel', packetId)
  assert.equal(client.packets().length, 50)
  assert.equal(s.server.counters.storedBytes, 0)
  // One of MQTT 5 was told how many.
  const other = await s.connect('b', { version: 5 })
  for (let packetId = 1; packetId <= 4; packetId++) {
    await other.send(publishPacket('t', '', { qos: 2, packetId }))
  }
  assert.deepEqual(other.packets().at(-1), { kind: 'disconnect', reasonCode: 0x93 })
})

test('a QoS 2 message that a session had no room for is not delivered twice in MQTT 3.1.1', async () => {
  const s = new Site({ version: 4, settings: { maxQueuedMessages: 1 } })
  const away = await s.persist('away')
  await away.subscribe('t', { qos: 1 })
  await away.lose()
  const to = await s.connect('to')
  await to.subscribe('t')
  const from = await s.connect('from')
  await from.publish('t', 'fills', { qos: 1 })
  const one = publishPacket('t', 'once', { qos: 2, packetId: 1 })
  await from.send(one, { ...one, dup: true })
  assert.deepEqual(to.texts(), ['fills', 'once'])
  assert.equal(s.server.counters.dropped['session-full'], 1)
})

test('a topic alias never makes a packet too large for the client', async () => {
  const s = new Site({ settings: { serverTopicAliases: 10 } })
  const from = await s.connect('from')
  const to = await s.connect('to', { topicAliasMaximum: 10, maximumPacketSize: 40 })
  await to.subscribe('#')
  for (let room = 25; room <= 36; room++) {
    const large = 'x'.repeat(room)
    for (let i = 0; i < 2; i++) {
      to.packets()
      const before = to.received
      await from.publish('t', large)
      assert(to.received - before <= 40)
      assert.equal(to.messages().length, room <= 34 ? 1 : 0)
    }
  }
})

test('no answer is larger than the client takes', async () => {
  const s = new Site()
  const client = await s.connect('a', { maximumPacketSize: 60 })
  const filters = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)
  assert.equal((await client.subscribe(filters(55))).length, 55)
  await client.send({
    kind: 'subscribe',
    packetId: 9,
    subscriptions: filters(56).map((filter) => ({
      filter,
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })),
  })
  assert.deepEqual(client.packets(), [{ kind: 'disconnect', reasonCode: 0x95 }])
  // Nor a CONNACK.
  const small = s.raw()
  assert.equal((await small.connect('b', { maximumPacketSize: 12 })).reasonCode, 0x95)
  assert.equal(small.state, 'ended')
  assert.equal(s.told('connected').length, 1)
})

test('messages of QoS 0 go to who is there, and to nobody else', async () => {
  const s = new Site()
  const away = await s.persist('away')
  await away.subscribe('t', { qos: 2 })
  await away.lose()
  const from = await s.connect('from')
  assert.equal(await from.publish('t', 'gone'), 0)
  assert.deepEqual((await s.persist('away')).texts(), [])
})
