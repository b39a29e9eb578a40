/**
 * What happens, as a page is told: gathered, whole, and by whoever may know it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { memoryStore } from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts'
import { openSite, pump, settle } from './fixture.ts'

let clock: VirtualClock
before(() => {
  clock = virtualClock()
})
after(() => clock.close())

/** Lets seconds pass, and what came of it be read. */
async function pass(seconds: number): Promise<void> {
  await clock.advance(seconds)
  await settle()
}

describe('states', () => {
  test('come at once, and then once a second at most, of those that have news', async () => {
    await using site = await openSite()
    const page = await site.live('admin', 'device=pump/n-1&device=pump/s-1&device=pump/none')
    await settle()
    const [first] = page.of('states')
    assert.deepEqual(
      first!.devices.map(({ id, fresh, gone, revoked, state }) => ({
        id,
        fresh,
        gone,
        revoked,
        state,
      })),
      ['n-1', 's-1'].map((id) => ({ id, fresh: false, gone: false, revoked: false, state: {} })),
    )
    for (let i = 0; i < 10; i++) await site.say('pump', 'n-1', 'data', { rpm: i, mode: `m${i}` })
    await site.say('pump', 'n-1', 'status', { status: 'busy', battery_level: 9 })
    await settle()
    assert.equal(page.of('states').length, 1)
    await pass(1)
    const [, second] = page.of('states')
    assert.deepEqual(
      second!.devices.map(({ id, fresh, state }) => ({ id, fresh, state })),
      [
        {
          id: 'n-1',
          fresh: true,
          state: {
            ...{ lastHeard: second!.at - 1_000, freshUntil: second!.at + 9_000 },
            ...{ status: 'busy', battery: 9, fields: { mode: 'm9' } },
          },
        },
      ],
    )
    await pass(1)
    assert.equal(page.of('states').length, 2)
    await page.leave()
  })

  test('tell when a device is not fresh any more, by time alone', async () => {
    await using site = await openSite()
    const page = await site.live('admin', 'device=pump/n-1')
    await site.say('pump', 'n-1', 'data', { rpm: 1 })
    await pass(9)
    assert.equal(page.of('states').at(-1)!.devices[0]!.fresh, true)
    await pass(2)
    assert.equal(page.of('states').at(-1)!.devices[0]!.fresh, false)
    await page.leave()
  })

  test('have what other processes wrote, in 5 seconds', async () => {
    const store = memoryStore()
    await using site = await openSite({ store })
    const page = await site.live('admin', 'device=pump/n-1')
    await settle()
    const now = clock.now
    const report = { type: 'pump', id: 'n-1', lastHeard: now, freshUntil: now + 60_000 }
    await store.states!.write(
      [{ ...report, status: 'elsewhere', connectedAt: now, firmware: '2' }],
      now,
    )
    await pass(5)
    const { state, fresh } = page.of('states').at(-1)!.devices[0]!
    assert.deepEqual(
      [state.status, state.connected, state.firmware, fresh],
      ['elsewhere', true, '2', true],
    )
    await site.fleet.revoke(pump, 'n-1')
    await pass(5)
    assert.equal(page.of('states').at(-1)!.devices[0]!.revoked, true)
    await site.fleet.remove(pump, 'n-1')
    await pass(5)
    const last = page.of('states').at(-1)!.devices
    assert.deepEqual(last, [
      { type: 'pump', id: 'n-1', gone: true, revoked: false, fresh: false, state: {} },
    ])
    // Told once; and one that is there again is told again.
    const told = page.of('states').length
    await pass(10)
    assert.equal(page.of('states').length, told)
    await site.fleet.provision(pump, 'n-1')
    await pass(5)
    assert.equal(page.of('states').at(-1)!.devices[0]!.gone, false)
    await page.leave()
  })

  test('do not go back to what the store has not written yet', async () => {
    await using site = await openSite()
    const page = await site.live('admin', 'device=pump/n-1')
    for (let i = 0; i < 12; i++) {
      await site.say('pump', 'n-1', 'status', { status: `s${i}` })
      await pass(0.75)
    }
    const seen = page.of('states').flatMap(({ devices }) => devices[0]!.state.status ?? [])
    const order = seen.map((status) => Number(status.slice(1)))
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    )
    assert.ok(seen.length > 5)
    await page.leave()
  })

  test('rest while the store fails, which is told once, as is that it is back', async () => {
    const store = memoryStore()
    const { get } = store
    await using site = await openSite({ store })
    const page = await site.live('admin', 'device=pump/n-1')
    await settle()
    store.get = () => Promise.reject(new Error('disk full'))
    await pass(11)
    assert.deepEqual(
      page.of('store').map(({ isWell }) => isWell),
      [false],
    )
    await site.say('pump', 'n-1', 'data', { rpm: 1 })
    store.get = get
    await pass(6)
    assert.deepEqual(
      page.of('store').map(({ isWell }) => isWell),
      [false, true],
    )
    assert.ok(!JSON.stringify(page.events).includes('disk full'))
    assert.ok(site.lines.some((line) => line.includes('disk full')))
    await page.leave()
  })
})

for (const query of ['hubs=1', 'log=1', 'follow=pump/n-1']) {
  test(`a page that asks for ${query} is told that the store fails, and that it is back`, async () => {
    const store = memoryStore()
    const { get, list } = store
    await using site = await openSite({ store })
    const page = await site.live('admin', query)
    await settle()
    const fail = () => Promise.reject(new Error('disk full'))
    Object.assign(store, { get: fail, list: fail })
    await pass(11)
    Object.assign(store, { get, list })
    await pass(6)
    assert.deepEqual(
      page.of('store').map(({ isWell }) => isWell),
      [false, true],
    )
    await page.leave()
  })
}

test('the messages of a device come as they are, with their numbers, and of no other', async () => {
  await using site = await openSite()
  const page = await site.live('admin', 'follow=pump/n-1')
  await settle()
  await site.say('pump', 's-1', 'data', { rpm: 1 })
  await site.say('pump', 'n-1', 'data', {
    rpm: 2,
    motor: { bar: 3.5 },
    timestamp: '2026-01-02T03:04:05Z',
  })
  await site.say('pump', 'n-1', 'data', { rpm: 'fast' })
  await site.say('pump', 'n-1', 'status', { status: 'x'.repeat(3_000) })
  await pass(1)
  const [event, ...others] = page.of('messages')
  assert.deepEqual(others, [])
  const [data, status] = event!.messages
  assert.deepEqual(data, {
    ...{ at: event!.at - 1_000, channel: 'data', timestamp: Date.UTC(2026, 0, 2, 3, 4, 5) },
    ...{ text: '{"rpm":2,"motor":{"bar":3.5}}', isCut: false },
    numbers: { rpm: 2, 'motor.bar': 3.5 },
  })
  assert.deepEqual([status!.channel, status!.text.length, status!.isCut], ['status', 2_000, true])
  assert.equal(event!.messages.length, 2)
  // No state was asked for.
  assert.deepEqual(page.of('states'), [])
  await page.leave()
})

test('the hubs come each second, with their brokers and rates', async () => {
  await using site = await openSite()
  const page = await site.live('admin', 'hubs=1')
  await settle()
  assert.equal(page.of('hubs').length, 1)
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 20; j++) await site.say('pump', 'n-1', 'data', { rpm: j })
    await site.say('pump', 'n-1', 'data', 'no JSON')
    await pass(1)
  }
  const { hubs, at } = page.of('hubs').at(-1)!
  assert.equal(at, clock.now)
  const { name, status, rates } = hubs[0]!
  assert.deepEqual(
    [name, status.state, status.brokers.default!.subscribed],
    ['hub', 'running', true],
  )
  assert.deepEqual(rates, { default: { handled: 20, rejected: 1 } })
  assert.equal(page.of('hubs').length, 5)
  await page.leave()
})

test('what is denied and rejected comes with its reason, and stays in the log of the server', async () => {
  await using site = await openSite()
  const page = await site.live('admin', 'log=1')
  await site.say('pump', 'n-1', 'data', 'no JSON')
  // It is rejected once the hub has it, and a login is denied at once.
  await settle()
  await site.fleet.authenticate({ username: 'pump/n-1', password: 'a-wrong-password' })
  await site.fleet.authorize({
    username: 'pump/n-1',
    action: 'publish',
    topic: 'things/pump/s-1/data',
  })
  await site.fleet.authorize({ username: 'a\u202eb', action: 'subscribe', topic: '#' })
  await pass(1)
  const { entries, dropped } = page.of('log')[0]!
  assert.equal(dropped, 0)
  const device = { type: 'pump', id: 'n-1' }
  const at = clock.now - 1_000
  assert.deepEqual(entries, [
    {
      ...{ at, kind: 'rejection', code: 'payload-malformed', broker: 'default', device },
      ...{ topic: 'things/pump/n-1/data', text: 'data of pump/n-1: is no JSON text in UTF-8' },
    },
    {
      ...{ at, kind: 'denial', code: 'password-wrong', action: 'connect', username: 'pump/n-1' },
      ...{ device, text: '"pump/n-1" may not connect: the password is wrong.' },
    },
    {
      ...{ at, kind: 'denial', code: 'no-rule-grants', action: 'publish', username: 'pump/n-1' },
      ...{ topic: 'things/pump/s-1/data', device },
      text: 'pump/n-1 may not publish to "things/pump/s-1/data": its rule grants "things/pump/n-1/data" only; that topic belongs to the device "s-1".',
    },
    {
      ...{ at, kind: 'denial', code: 'principal-unknown', action: 'subscribe', topic: '#' },
      ...{ username: 'a\\u{202e}b' },
      text: '"a\\u{202e}b" may not subscribe to "#": no active device, service account or token has this user name.',
    },
  ])
  assert.ok(!JSON.stringify(page.events).includes('a-wrong-password'))
  assert.match(site.lines.join('\n'), /Rejected a message on "things\/pump\/n-1\/data"/)
  await page.leave()
})

test('a stream says how it is to be read, and that it is still there', async () => {
  await using site = await openSite()
  const response = await site.request('admin', '/fleet/live?log=1')
  const { headers } = response
  assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(headers.get('cache-control'), 'no-store, no-transform')
  assert.equal(headers.get('x-accel-buffering'), 'no')
  await response.body!.cancel()
  const page = await site.live('admin', 'log=1')
  await settle()
  assert.deepEqual(page.events, [{ name: 'open', data: { at: clock.now, recheck: 30 } }])
  assert.deepEqual(page.comments, ['retry: 3000'])
  await pass(61)
  assert.deepEqual(page.comments.slice(1), Array(4).fill(': still there'))
  await page.leave()
})

test('nothing is listened to before somebody looks, nor after', async () => {
  await using site = await openSite()
  assert.equal(site.listeners(), 0)
  await pass(60) // What began with the fleet has ended.
  const { waiting } = clock
  const pages = [await site.live('admin', 'log=1'), await site.live('reader', 'hubs=1')]
  // Data and status of two types, what is rejected and what is denied: once for both.
  assert.equal(site.listeners(), 6)
  await pages[0]!.leave()
  assert.equal(site.listeners(), 6)
  await pages[1]!.leave()
  assert.equal(site.listeners(), 0)
  assert.equal(clock.waiting, waiting)
  const again = await site.live('admin', 'log=1')
  assert.equal(site.listeners(), 6)
  await again.leave()
})
