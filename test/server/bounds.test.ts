/**
 * The bounds of a server, and that nobody else pays for a client that meets them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardOf, publishPacket, Site, textOf } from './fixture.ts'

test('a client that does not read delays nobody: it loses QoS 0, and then its connection', async () => {
  const s = new Site({ settings: { maxBacklog: 1_000, stallTimeout: 10 } })
  const from = await s.connect('from')
  const slow = await s.persist('slow')
  const fast = await s.connect('fast')
  for (const client of [slow, fast]) await client.subscribe('t', { qos: 1 })
  slow.stall()
  const payload = 'x'.repeat(300)
  for (let i = 0; i < 10; i++) {
    await from.publish('t', payload)
    assert.equal(fast.texts().length, 1)
  }
  assert.equal(s.server.counters.dropped['client-slow'], 6)
  // Those of QoS 1 wait.
  for (let i = 0; i < 3; i++) await from.publish('t', `kept ${i}`, { qos: 1 })
  assert.deepEqual(fast.texts(), ['kept 0', 'kept 1', 'kept 2'])
  await s.advance(5_000)
  await slow.take()
  assert.deepEqual(slow.texts().slice(-4), [payload, 'kept 0', 'kept 1', 'kept 2'])
  slow.stall()
  for (let i = 0; i < 10; i++) await from.publish('t', payload)
  await s.advance(11_000)
  assert.equal(slow.state, 'destroyed')
  assert.equal(fast.state, 'open')
})

test('nothing is read from a client that does not read its answers', async () => {
  const s = new Site({ settings: { maxBacklog: 100 } })
  const client = await s.connect('a')
  client.stall()
  const ping = { kind: 'pingreq' } as const
  for (let i = 0; i < 100; i++) await client.send(ping)
  assert.equal(client.isPaused, true)
  assert.equal(client.pending, 102)
  await client.take()
  await s.turns()
  assert.equal(client.isPaused, false)
  assert.equal(client.packets().length, 100)
})

test('a backlogged client is told no reason, since it would not be read', async () => {
  const s = new Site({ settings: { maxBacklog: 10 } })
  const client = await s.connect('a')
  await client.subscribe('t')
  client.stall()
  await (await s.connect('from')).publish('t', 'x'.repeat(100))
  s.server.end('', 0x98)
  await client.take()
  assert.deepEqual(
    client.packets().map(({ kind }) => kind),
    ['publish'],
  )
  assert.equal(client.state, 'ended')
})

test('a session that is full makes the publisher know, and others get the message', async () => {
  for (const settings of [
    { maxQueuedMessages: 2 },
    { maxSessionBytes: 1_600 },
    { maxStoredBytes: 1_600 },
  ]) {
    const s = new Site({ settings })
    const away = await s.persist('away')
    await away.subscribe('t', { qos: 1 })
    await away.lose()
    const to = await s.connect('to')
    const from = await s.connect('from')
    const answers: number[] = []
    for (let i = 0; i < 4; i++) answers.push(await from.publish('t', 'x'.repeat(200), { qos: 1 }))
    assert.deepEqual(answers, [0, 0, ...(answers.slice(2) as [number, number])])
    assert.equal(answers.at(-1), 0x97, JSON.stringify([settings, answers]))
    const dropped = answers.filter((code) => code === 0x97).length
    assert.equal(s.server.counters.dropped['session-full'], dropped)
    assert.equal(s.told('dropped').length, dropped)
    const again = await s.persist('away')
    assert.equal(again.messages().length, 4 - dropped)
    for (let id = 1; id <= 4 - dropped; id++) await again.ack('puback', id)
    await again.unsubscribe('t')
    assert.equal(s.server.counters.storedBytes, 0)
    assert.equal(await from.publish('t', '', { qos: 1 }), 0x10)
    assert.equal(to.state, 'open')
  }
})

test('properties count', async () => {
  const s = new Site({ settings: { maxSessionBytes: 10_000 } })
  const away = await s.persist('away')
  await away.subscribe('t', { qos: 1 })
  await away.lose()
  const from = await s.connect('from')
  const before = s.server.counters.storedBytes
  const large = 'x'.repeat(4_000)
  const fields = { qos: 1, userProperties: [['name', large]], contentType: large } as const
  assert.equal(await from.publish('t', '', fields), 0)
  assert(s.server.counters.storedBytes - before > 8_000)
  assert.equal(await from.publish('t', '', fields), 0x97)
  assert.equal(await from.publish('t', '', { qos: 1 }), 0)
})

test('filters are bounded: of a session, of a packet, and by their bytes', async () => {
  const s = new Site({ settings: { maxSubscriptions: 3, maxFiltersPerPacket: 2 } })
  const client = await s.connect('a')
  assert.deepEqual(await client.subscribe(['a', 'b', 'c']), [0, 0, 0x97])
  assert.deepEqual(await client.subscribe(['c', 'd']), [0, 0x97])
  // One that is there is no more than before.
  assert.deepEqual(await client.subscribe('a', { qos: 1 }), [1])
  // All of them are unsubscribed from.
  assert.deepEqual(await client.unsubscribe('a', 'b', 'c'), [0, 0, 0])
  assert.deepEqual(await client.subscribe('d'), [0])
  const small = new Site({ settings: { maxSessionBytes: 2_000 } })
  const other = await small.connect('b')
  const [first, second] = await other.subscribe(['x'.repeat(1_000), 'y'.repeat(1_000)])
  assert.deepEqual([first, second], [0, 0x97])
  await other.unsubscribe('x'.repeat(1_000))
  assert.equal(small.server.counters.storedBytes, 0)
})

test('one that retains much makes nothing of others vanish, and is told what is too much', async () => {
  const s = new Site({
    guard: guardOf({}),
    settings: { maxRetainedPerOwner: 10_000, maxRetained: 10_005, maxPublishRate: 1_000_000 },
  })
  const mine = await s.connect('a', { username: 'me' })
  for (const topic of ['mine/1', 'mine/2']) await mine.publish(topic, 'm', { retain: true })
  const greedy = await s.connect('b', { username: 'you' })
  for (let i = 0; i < 10_000; i += 200) {
    const batch = Array.from({ length: 200 }, (_, j) =>
      publishPacket(`much/${i + j}`, 'm', { retain: true }),
    )
    await greedy.send(...batch)
    await s.turns()
  }
  assert.equal(s.server.counters.retained, 10_002)
  assert.equal(await greedy.publish('more', 'm', { qos: 1, retain: true }), 0x97)
  assert.equal(await greedy.publish('more', 'm', { qos: 2, retain: true }), 0x97)
  assert.deepEqual(s.told('not-retained')[0], {
    kind: 'not-retained',
    owner: 'you',
    topic: 'more',
  })
  // What it has, it may replace and remove.
  assert.equal(await greedy.publish('much/0', 'new', { qos: 1, retain: true }), 0x10)
  assert.equal(await greedy.publish('much/1', '', { qos: 1, retain: true }), 0x10)
  assert.equal(await greedy.publish('more', 'm', { qos: 1, retain: true }), 0x10)
  assert.equal(await mine.publish('mine/3', 'm', { qos: 1, retain: true }), 0x10)
  await mine.subscribe('mine/#')
  assert.equal(mine.messages().length, 3)
})

test('bytes of retained messages are bounded, for each owner and in all', async () => {
  const s = new Site({
    guard: guardOf({}),
    settings: { maxRetainedBytesPerOwner: 5_000, maxRetainedBytes: 8_000 },
  })
  const [one, other] = [
    await s.connect('a', { username: 'one' }),
    await s.connect('b', { username: 'other' }),
  ]
  const large = 'x'.repeat(3_000)
  const publish = (client: typeof one, topic: string, text = large) =>
    client.publish(topic, text, { qos: 1, retain: true })
  assert.equal(await publish(one, 'a'), 0x10)
  assert.equal(await publish(one, 'b'), 0x97)
  assert.equal(await publish(other, 'c'), 0x10)
  assert.equal(await publish(other, 'd', 'x'.repeat(1_200)), 0x97)
  // The one before stays, and a smaller one takes its place.
  assert.equal(await publish(one, 'a', 'x'.repeat(6_000)), 0x97)
  const late = await s.connect('late')
  await late.subscribe('a')
  assert.deepEqual(late.texts(), [large])
  assert.equal(await publish(one, 'a', 'small'), 0)
  await late.subscribe('a')
  assert.deepEqual(late.texts(), ['small', 'small'])
})

test('a chunk of 30,000 PINGREQ takes several turns, and others have theirs', async () => {
  const s = new Site()
  const many = await s.connect('many')
  const other = await s.connect('other')
  const ping = { kind: 'pingreq' } as const
  await many.send(...Array(30_000).fill(ping))
  const first = many.packets().length
  assert(first > 0 && first <= 500)
  assert.equal(many.isPaused, true)
  await other.send(ping)
  assert.equal(other.packets().length, 1)
  const turns = await s.turns()
  assert(turns >= 59)
  assert.equal(many.packets().length, 30_000 - first)
  assert.equal(many.isPaused, false)
})

test('work counts by what a packet makes: copies of a message, and filters', async () => {
  const s = new Site({ settings: { maxSessionsPerOwner: 1_000 } })
  const from = await s.connect('from')
  for (let i = 0; i < 300; i++) await (await s.connect(`${i}`)).subscribe('t')
  const one = publishPacket('t', '')
  // A copy is a tenth of a packet: each of these is 31 packets, and a turn has 500.
  await from.send(...Array(20).fill(one))
  assert.equal(from.isPaused, true)
  assert.equal(s.server.counters.messagesReceived, 17)
  await s.turns()
  assert.equal(s.server.counters.messagesReceived, 20)
  await from.subscribe(Array.from({ length: 600 }, (_, i) => `f/${i}`))
  assert.equal(from.isPaused, true)
})

test('retained messages come over several turns, as fast as they are taken', async () => {
  const s = new Site()
  const from = await s.connect('from')
  for (let i = 0; i < 1_000; i++) await from.publish(`r/${i}`, '.', { retain: true })
  await s.turns()
  const to = await s.connect('to', { receiveMaximum: 10 })
  // Asking again and again makes no more of them in a turn.
  for (let i = 0; i < 5; i++) await to.subscribe('r/#')
  const first = to.messages().length
  assert(first > 0 && first <= 400, `${first}`)
  await s.turns()
  assert.equal(first + to.messages().length >= 1_000, true)
  // At QoS 1 they wait for the window, and ask for no memory meanwhile.
  for (let i = 0; i < 200; i++) {
    await from.publish(`q/${i}`, '.', { retain: true, qos: 1 })
  }
  to.packets()
  const filler = await s.connect('filler')
  await to.subscribe('fill', { qos: 1 })
  for (let i = 0; i < 10; i++) await filler.publish('fill', '', { qos: 1 })
  for (let i = 0; i < 50; i++) {
    await to.subscribe(`q/+`, { qos: 1, retainHandling: 0 })
    await to.unsubscribe('q/+')
  }
  await to.subscribe('q/#', { qos: 1 })
  const fills = to.messages()
  assert.equal(fills.length, 10)
  let got = 0
  for (let acks = fills; acks.length > 0; acks = to.messages()) {
    got += acks.filter(({ retain }) => retain).length
    for (const { packetId } of acks) await to.ack('puback', packetId)
    await s.turns()
  }
  assert.equal(got, 200)
})

test('who publishes faster than it may is read later, and loses nothing', async () => {
  const s = new Site({ guard: guardOf({}), settings: { maxPublishRate: 10 } })
  const to = await s.connect('to', { username: 'reader' })
  await to.subscribe('#')
  const one = await s.connect('one', { username: 'me' })
  const two = await s.connect('two', { username: 'me' })
  const other = await s.connect('other', { username: 'you' })
  const texts = Array.from({ length: 40 }, (_, i) => `${i}`)
  await one.send(...texts.map((text) => publishPacket('one', text)))
  assert.deepEqual(to.texts(), texts.slice(0, 10))
  // A bound of its owner, and not of the connection.
  await two.send(publishPacket('two', 'a'), publishPacket('two', 'b'))
  assert.deepEqual(to.texts(), ['a'])
  await other.publish('other', 'free')
  assert.deepEqual(to.texts(), ['free'])
  await s.advance(1_000)
  assert(to.messages().length <= 11)
  await s.advance(10_000)
  await s.turns()
  const rest = to.messages().filter(({ topic }) => topic === 'one')
  assert.equal(rest.at(-1) && textOf(rest.at(-1)!), '39')
  assert.equal(s.server.counters.messagesReceived, 43)
})

test('the rate is kept to though each message makes much work', async () => {
  const s = new Site({ settings: { maxPublishRate: 2, maxSessionsPerOwner: 1_000 } })
  for (let i = 0; i < 600; i++) await (await s.connect(`${i}`)).subscribe('t')
  const from = await s.connect('from')
  await from.send(...Array(20).fill(publishPacket('t', '')))
  await s.turns()
  assert.equal(s.server.counters.messagesReceived, 2)
  await s.advance(1_000)
  await s.turns()
  assert(s.server.counters.messagesReceived <= 4)
})
