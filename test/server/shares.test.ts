/**
 * Shared subscriptions: who gets what, and what becomes of it when a member leaves.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, guardOf, Site } from './fixture.ts'

const FILTER = '$share/g/t'

async function publishes(from: Client, count: number, qos: 0 | 1 | 2 = 1): Promise<void> {
  for (let i = 0; i < count; i++) await from.publish('t', `${i}`, { qos })
}

test('members that take messages get as many each, at every QoS', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const members = await Promise.all(['a', 'b', 'c'].map((id) => s.connect(id)))
  for (const member of members) await member.subscribe(FILTER, { qos: 2 })
  // Beside them somebody with a subscription of its own, and another group.
  const own = await s.connect('own')
  await own.subscribe(['t', '$share/other/#'])
  for (const qos of [0, 1, 2] as const) {
    await publishes(from, 9, qos)
    const got = members.map((member) => member.texts())
    assert.deepEqual(
      got.map(({ length }) => length),
      [3, 3, 3],
    )
    assert.equal(new Set(got.flat()).size, 9)
    assert.equal(own.texts().length, 18)
  }
})

test('who is busy is passed over, and who is away gets what nobody else can have', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const busy = await s.persist('busy', { receiveMaximum: 1 })
  const free = await s.persist('free')
  for (const member of [busy, free]) await member.subscribe(FILTER, { qos: 1 })
  await publishes(from, 6)
  assert.deepEqual([busy.texts().length, free.texts().length], [1, 5])
  await busy.lose()
  await publishes(from, 2)
  assert.equal(free.texts().length, 2)
  await free.lose()
  await publishes(from, 4)
  const counts = [await s.persist('busy'), await s.persist('free')].map(
    (member) => member.messages().filter(({ dup }) => !dup).length,
  )
  assert.deepEqual(counts, [2, 2])
})

test('what a member leaves goes to others: QoS 1 though it was sent, QoS 2 only if it was not', async () => {
  for (const leaves of ['session ends', 'session expires', 'clean start'] as const) {
    const s = new Site()
    const from = await s.connect('from')
    const member = await s.persist('member', { receiveMaximum: 2, sessionExpiryInterval: 5 })
    await member.subscribe(FILTER, { qos: 2 })
    for (const [text, qos] of [
      ['sent 1', 1],
      ['sent 2', 2],
      ['waits 1', 1],
      ['waits 2', 2],
    ] as const) {
      await from.publish('t', text, { qos })
    }
    assert.deepEqual(member.texts(), ['sent 1', 'sent 2'])
    const other = await s.connect('other')
    await other.subscribe(FILTER, { qos: 2 })
    if (leaves === 'session ends') await member.disconnect(0, 0)
    else await member.lose()
    if (leaves === 'session expires') await s.advance(6_000)
    if (leaves === 'clean start') await s.connect('member')
    assert.deepEqual(other.texts(), ['sent 1', 'waits 1', 'waits 2'], leaves)
  }
})

test('what expired with a member goes to nobody', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const member = await s.persist('member')
  await member.subscribe(FILTER, { qos: 1 })
  await member.lose()
  const fields = { qos: 1 } as const
  await from.publish('t', 'brief', { ...fields, messageExpiryInterval: 5 })
  await from.publish('t', 'lasting', fields)
  await s.advance(6_000)
  const other = await s.connect('other')
  await other.subscribe(FILTER, { qos: 1 })
  await (await s.connect('member')).disconnect()
  assert.deepEqual(other.texts(), ['lasting'])
})

test('the last member that leaves takes what it had along', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const member = await s.persist('member')
  await member.subscribe(FILTER, { qos: 1 })
  await member.lose()
  await publishes(from, 2)
  await (await s.connect('member')).disconnect()
  assert.equal(s.server.counters.storedBytes, 0)
  assert.equal(await from.publish('t', '', { qos: 1 }), 0x10)
})

test('members at QoS 0 that are away make no publisher think that something is full', async () => {
  const s = new Site()
  const from = await s.connect('from')
  const member = await s.persist('member')
  await member.subscribe(FILTER, { qos: 0 })
  await member.lose()
  assert.equal(await from.publish('t', '', { qos: 1 }), 0)
  assert.equal(s.server.counters.dropped['session-full'], 0)
  assert.deepEqual((await s.persist('member')).messages(), [])
})

test('a group is full when all of its members are', async () => {
  const s = new Site({ settings: { maxQueuedMessages: 2 } })
  const from = await s.connect('from')
  for (const id of ['a', 'b']) {
    const member = await s.persist(id)
    await member.subscribe(FILTER, { qos: 1 })
    await member.lose()
  }
  const codes: number[] = []
  for (let i = 0; i < 6; i++) codes.push(await from.publish('t', '', { qos: 1 }))
  assert.deepEqual(codes, [0, 0, 0, 0, 0x97, 0x97])
  assert.equal(s.server.counters.dropped['session-full'], 2)
})

test('what a member may not have any more goes to one who may', async () => {
  let isGranted = true
  const open = guardOf({})
  const narrowing = guardOf({
    holdsSubscription: () => isGranted,
    mayReceive: () => isGranted,
  })
  const s = new Site({
    guard: {
      login: (request) => (request.username === 'member' ? narrowing : open).login(request),
    },
  })
  const from = await s.connect('from')
  const member = await s.connect('member', { username: 'member', receiveMaximum: 1 })
  await member.subscribe(FILTER, { qos: 1 })
  await publishes(from, 3)
  const other = await s.connect('other')
  await other.subscribe(FILTER, { qos: 1 })
  isGranted = false
  s.server.review('member')
  await s.turns()
  assert.deepEqual([member.texts(), other.texts()], [['0'], ['1', '2']])
  await publishes(from, 1)
  assert.deepEqual([member.texts(), other.texts()], [[], ['0']])
})
