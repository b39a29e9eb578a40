/**
 * What a client may do, as a guard says, and as it says later.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertEnded,
  guardOf,
  publishPacket,
  Site,
  settle,
  subscribePacket,
  will,
} from './fixture.ts'

/** Rights in the hands of a test. */
function changing() {
  const allowed = new Set(['a', 'b', 'w'])
  const isAllowed = (topic: string) => allowed.has(topic)
  const refusal = { reasonCode: 0x87, explain: () => 'by your rules' }
  const guard = guardOf({
    refusePublish: (topic) => (isAllowed(topic) ? undefined : refusal),
    refuseSubscribe: (filter) => (filter === 'no' ? refusal : undefined),
    holdsSubscription: (filter) => allowed.has(filter),
    mayReceive: isAllowed,
  })
  return { guard, allowed }
}

test('a subscription whose rights have shrunk gets what is still granted', async () => {
  const { guard, allowed } = changing()
  const s = new Site({ guard })
  const from = await s.connect('from', { username: 'from' })
  const to = await s.connect('to', { username: 'to' })
  await to.subscribe('+', { qos: 1 })
  for (const topic of ['a', 'b']) await from.publish(topic, topic)
  assert.deepEqual(to.texts(), ['a', 'b'])
  s.server.review('to')
  for (const topic of ['a', 'b']) await from.publish(topic, topic)
  assert.deepEqual(to.texts(), ['a', 'b'])
  allowed.delete('b')
  s.server.review('to')
  allowed.add('c')
  const codes: number[] = []
  for (const topic of ['a', 'c']) codes.push(await from.publish(topic, topic, { qos: 1 }))
  assert.deepEqual(to.texts(), ['a', 'c'])
  allowed.delete('c')
  allowed.add('b')
  assert.deepEqual(codes, [0, 0])
  assert.equal(await from.publish('b', 'b', { qos: 1 }), 0)
})

test('what waits for a client and is not granted any more is not sent', async () => {
  const { guard, allowed } = changing()
  const s = new Site({ guard })
  const from = await s.connect('from', { username: 'from' })
  const before = await s.persist('to', { username: 'to', receiveMaximum: 1 })
  await before.subscribe('+', { qos: 1 })
  for (const topic of ['b', 'a', 'b', 'a']) await from.publish(topic, topic, { qos: 1 })
  assert.deepEqual(before.texts(), ['b'])
  allowed.delete('b')
  s.server.review('to')
  await before.ack('puback', 1)
  assert.deepEqual(before.texts(), ['a'])
  await before.lose()
  await from.publish('a', 'more', { qos: 1 })
  allowed.delete('a')
  s.server.review('to')
  const again = await s.persist('to', { username: 'to' })
  assert.deepEqual(again.texts(), [])
  await again.unsubscribe('+')
  assert.equal(s.server.counters.storedBytes, 0)
})

test('what is still to be sent again, and not granted any more, is not', async () => {
  const { guard, allowed } = changing()
  const s = new Site({ guard })
  const from = await s.connect('from', { username: 'from' })
  const before = await s.persist('to', { username: 'to' })
  await before.subscribe('+', { qos: 1 })
  for (const topic of ['a', 'b', 'a']) await from.publish(topic, topic, { qos: 1 })
  await before.lose()
  const again = await s.persist('to', { username: 'to', receiveMaximum: 1 })
  assert.deepEqual(again.texts(), ['a'])
  allowed.delete('b')
  s.server.review('to')
  await again.ack('puback', 1)
  assert.deepEqual(
    again.messages().map(({ packetId }) => packetId),
    [3],
  )
})

test('retained messages that are not granted any more are not sent', async () => {
  const { guard, allowed } = changing()
  const s = new Site({ guard })
  const from = await s.connect('from', { username: 'from' })
  for (const topic of ['a', 'b']) await from.publish(topic, topic, { retain: true, qos: 1 })
  const to = await s.connect('to', { username: 'to', receiveMaximum: 1 })
  await to.subscribe('+', { qos: 1 })
  assert.deepEqual(to.texts(), ['a'])
  allowed.delete('b')
  s.server.review('to')
  await to.ack('puback', 1)
  assert.deepEqual(to.texts(), [])
})

test('a shared subscription of members that may not receive a message is one of nobody', async () => {
  const { guard, allowed } = changing()
  const s = new Site({ guard })
  const from = await s.connect('from', { username: 'from' })
  const to = await s.connect('to', { username: 'to' })
  await to.subscribe('$share/g/+', { qos: 1 })
  allowed.add('secret')
  s.server.review('to')
  assert.equal(await from.publish('secret', 'm', { qos: 1 }), 0)
  assert.deepEqual(to.texts(), ['m'])
  const mayNot = guardOf({ mayReceive: () => false, holdsSubscription: () => false })
  const closed = new Site({ guard: mayNot })
  const member = await closed.connect('member', { username: 'member' })
  await member.subscribe('$share/g/+', { qos: 1 })
  closed.server.review('member')
  assert.equal(await member.publish('t', 'm', { qos: 1 }), 0x10)
  assert.equal(closed.server.counters.dropped['session-full'], 0)
})

test('a will is published only if it is granted still', async () => {
  const { guard, allowed } = changing()
  const s = new Site({ guard })
  const to = await s.connect('to', { username: 'to' })
  await to.subscribe('#')
  await (await s.connect('x', { username: 'x', ...will('w', 'yes') })).lose()
  const client = await s.connect('x', { username: 'x', ...will('w', 'no') })
  allowed.delete('w')
  await client.lose()
  assert.deepEqual(to.texts(), ['yes'])
})

test('reasons are told to who asked for them, and never on a CONNACK', async () => {
  const { guard } = changing()
  const s = new Site({ guard })
  for (const [version, requestProblemInformation, reason] of [
    [5, 1, 'by your rules'],
    [5, 0, undefined],
  ] as const) {
    const client = s.raw(version)
    const answer = await client.connect('x', { username: 'x', requestProblemInformation })
    assert.equal(answer.reasonString, undefined)
    await client.send(publishPacket('no', '', { qos: 1, packetId: 1 }))
    assert.equal(client.next('puback').reasonString, reason)
    await client.send(subscribePacket(1, ['a', 'no']))
    assert.equal(client.next('suback').reasonString, reason)
  }
})

test('a reason is made only where it is told', async () => {
  let made = 0
  const explain = () => `${++made}`
  const s = new Site({ guard: guardOf({ refusePublish: () => ({ reasonCode: 0x87, explain }) }) })
  const client = await s.connect('a')
  await client.publish('t', '')
  assert.equal(made, 0)
  await client.publish('t', '', { qos: 1 })
  assert.equal(made, 1)
})

test('rights that throw grant nothing, and harm nobody', async () => {
  const broken = (): never => {
    throw new Error('broken')
  }
  const s = new Site({
    guard: {
      login: ({ username = '' }) =>
        guardOf(
          username === 'bad'
            ? {
                refusePublish: broken,
                refuseSubscribe: (filter) => (filter === 't' ? undefined : broken()),
                holdsSubscription: broken,
                mayReceive: broken,
              }
            : {},
        ).login({ clientId: '', username, password: undefined, peer: undefined }),
    },
  })
  const good = await s.connect('good')
  const bad = await s.persist('bad', { username: 'bad', ...will('t', 'last') })
  assert.deepEqual(await bad.subscribe(['t', 'u'], { qos: 1 }), [1, 0x83])
  assert.equal(await bad.publish('t', 'm', { qos: 1 }), 0x83)
  s.server.review('bad')
  assert.equal(await good.publish('t', 'm', { qos: 1 }), 0x10)
  assert.deepEqual(bad.texts(), [])
  await bad.lose()
  await s.persist('bad', { username: 'bad' })
  assert.equal(good.state, 'open')
  assert(s.told('error').length >= 5)
})

test('an explanation that is no text of MQTT, or throws, is left out', async () => {
  for (const explain of [
    () => 'NUL \0',
    () => 'half of \ud83c',
    () => 'x'.repeat(65_536),
    () => '',
    () => {
      throw new Error('broken')
    },
  ]) {
    const guard = guardOf({ refusePublish: () => ({ reasonCode: 0x87, explain }) })
    const client = await new Site({ guard }).connect('a')
    await client.send(publishPacket('t', '', { qos: 1, packetId: 1 }))
    assert.deepEqual(client.packets(), [{ kind: 'puback', packetId: 1, reasonCode: 0x87 }])
  }
})

test('the end of an owner while others go on', async () => {
  const s = new Site({ guard: guardOf({}) })
  const one = await s.connect('a', { username: 'one' })
  const other = await s.connect('a', { username: 'other' })
  s.server.end('one', 0x87)
  await settle()
  assertEnded(one, 0x87)
  await other.send({ kind: 'pingreq' })
  assert.equal(other.packets().length, 1)
})
