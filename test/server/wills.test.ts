/**
 * Wills where connections follow each other, and their room.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertEnded, guardOf, Site, will } from './fixture.ts'

async function siteWithListener(settings = {}) {
  const s = new Site({ settings, guard: guardOf({}) })
  const listener = await s.connect('listener', { username: 'listener' })
  await listener.subscribe('w')
  return { s, listener }
}

test('a takeover publishes a will at once if it has no delay, or the session ends with it', async () => {
  for (const [delay, expiry, cleanStart, isPublished] of [
    [0, 100, false, true],
    [0, 100, true, true],
    [5, 100, false, false],
    [5, 100, true, true],
    [5, 0, false, true],
  ] as const) {
    const { s, listener } = await siteWithListener()
    const fields = will('w', 'm', { willDelayInterval: delay })
    const first = await s.connect('a', { ...fields, sessionExpiryInterval: expiry })
    await s.connect('a', { cleanStart, sessionExpiryInterval: 100 })
    assertEnded(first, 0x8e)
    assert.deepEqual(listener.texts(), isPublished ? ['m'] : [])
    await s.advance(1_000_000)
    assert.deepEqual(listener.texts(), [])
  }
})

test('a delay of the will is not told to who receives it', async () => {
  const { s, listener } = await siteWithListener()
  const fields = { willDelayInterval: 3, messageExpiryInterval: 60, contentType: 'text/plain' }
  await (await s.persist('a', will('w', 'm', fields))).lose()
  await s.advance(10_000)
  const [message] = listener.messages()
  assert.equal(message && 'willDelayInterval' in message, false)
  assert.deepEqual(
    [message?.messageExpiryInterval, message?.contentType, message?.dup],
    [60, 'text/plain', false],
  )
})

test('a DISCONNECT of 0x04 publishes the will, after its delay', async () => {
  const { s, listener } = await siteWithListener()
  const client = await s.persist('a', will('w', 'm', { willDelayInterval: 3 }))
  await client.disconnect(0x04)
  assert.deepEqual(listener.texts(), [])
  await s.advance(4_000)
  assert.deepEqual(listener.texts(), ['m'])
})

test('a DISCONNECT that ends the session publishes a will that waits for its delay', async () => {
  const { s, listener } = await siteWithListener()
  const client = await s.persist('a', will('w', 'm', { willDelayInterval: 3 }))
  await client.disconnect(0x04, 0)
  assert.deepEqual(listener.texts(), ['m'])
})

test('a will takes room in its session, until it is published or dropped', async () => {
  const { s, listener } = await siteWithListener({ maxStoredBytesPerOwner: 5_000 })
  const large = 'x'.repeat(3_000)
  const fields = { username: 'me', ...will('w', large, { willDelayInterval: 10 }) }
  const before = s.server.counters.storedBytes
  const one = await s.persist('one', fields)
  const held = s.server.counters.storedBytes - before
  assert(held >= 3_000)
  // There is no room for another one, but for that of another owner.
  assert.equal((await s.raw().connect('two', fields)).reasonCode, 0x97)
  assert.equal((await s.raw().connect('two', { ...fields, username: 'you' })).reasonCode, 0)
  assert.equal(s.server.end('you', 0x98), 1)
  await s.advance(1)
  assert.equal(listener.messages().length, 1)
  assert.equal(s.server.counters.sessions, 2)
  // A new one takes the place of the one before, and one that is too large leaves it.
  await one.lose()
  const larger = { username: 'me', ...will('w', 'x'.repeat(3_100), { willDelayInterval: 10 }) }
  const same = await s.persist('one', larger)
  await same.lose()
  const huge = { ...larger, ...will('w', 'x'.repeat(6_000)), cleanStart: false }
  assert.equal((await s.raw().connect('one', huge)).reasonCode, 0x97)
  assert.deepEqual(listener.texts(), [])
  const two = await s.persist('one', { username: 'me', ...will('w', 'small') })
  assert(s.server.counters.storedBytes - before < 1_000)
  await two.disconnect()
  assert.equal(s.server.counters.storedBytes, before)
  for (const end of [
    (client: typeof two) => client.disconnect(),
    (client: typeof two) => client.lose(),
    (client: typeof two) => client.disconnect(0x04, 0),
  ]) {
    await end(await s.persist('one', fields))
    await s.advance(11_000)
    assert.equal(s.server.counters.storedBytes, before)
  }
  await (await s.persist('one', fields)).lose()
  await s.advance(10_000_000)
  assert.equal(s.server.counters.storedBytes, before)
  assert.equal(listener.state, 'open')
})
