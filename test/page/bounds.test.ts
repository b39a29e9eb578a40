/**
 * What a page may take of its server: streams, what is kept for each, and what is sent in a second.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Operator } from '../../adapters/admin/index.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts'
import { type Listening, openSite, pump, type Site, settle } from './fixture.ts'

let clock: VirtualClock
before(() => {
  clock = virtualClock()
})
after(() => clock.close())

async function pass(seconds: number): Promise<void> {
  await clock.advance(seconds)
  await settle()
}

async function leaveAll(pages: readonly Listening[]): Promise<void> {
  await Promise.all(pages.map((page) => page.leave()))
}

async function assertFull(site: Site, operator: string): Promise<void> {
  const response = await site.request(operator, '/fleet/live?log=1')
  const { code } = (await response.json()) as { code: string }
  assert.deepEqual([response.status, code], [503, 'streams-full'])
}

test('an operator has 20 streams, and whoever leaves makes place', async () => {
  await using site = await openSite()
  const pages: Listening[] = []
  for (let i = 0; i < 20; i++) pages.push(await site.live('admin', 'log=1'))
  await assertFull(site, 'admin')
  const other = await site.live('reader', 'log=1')
  await pages.pop()!.leave()
  pages.push(await site.live('admin', 'log=1'), other)
  await leaveAll(pages)
  assert.equal(site.listeners(), 0)
})

test('all operators have 100 streams', async () => {
  await using site = await openSite()
  const operators: readonly Operator[] = Array.from({ length: 11 }, (_, i) => ({ name: `o${i}` }))
  site.operators = operators
  const pages: Listening[] = []
  for (let i = 0; i < 100; i++) pages.push(await site.live(`o${i % 10}`, 'log=1'))
  await assertFull(site, 'o10')
  await leaveAll(pages)
  await (await site.live('o10', 'log=1')).leave()
})

test('of a flood 50 entries and messages come in a second, and how many more there were', async () => {
  await using site = await openSite()
  const page = await site.live('admin', 'log=1&follow=pump/n-1')
  await settle()
  for (let i = 0; i < 1_000; i++) {
    await site.fleet.authorize({ username: `u${i}`, action: 'publish', topic: 'x' })
    if (i % 10 === 0) await site.say('pump', 'n-1', 'data', { rpm: i })
  }
  await pass(1)
  const [log] = page.of('log')
  assert.deepEqual([log!.entries.length, log!.dropped], [50, 950])
  const [told] = page.of('messages')
  assert.deepEqual([told!.messages.length, told!.dropped], [50, 50])
  // Of messages the newest, since it is they that say how it is.
  assert.equal(told!.messages.at(-1)!.numbers.rpm, 990)
  assert.equal(page.of('log').length + page.of('messages').length, 2)
  await page.leave()
})

test('a flood of others hides little of what a limited operator may know, and is not counted for it', async () => {
  await using site = await openSite()
  const page = await site.live('north', 'log=1')
  await settle()
  for (let i = 0; i < 1_000; i++) {
    await site.fleet.authorize({ username: 'pump/s-1', action: 'publish', topic: `x${i}` })
    if (i % 100 !== 0) continue
    await site.fleet.authorize({ username: 'pump/n-1', action: 'publish', topic: `own${i}` })
  }
  await pass(1)
  const { entries, dropped } = page.of('log')[0]!
  assert.ok(entries.length >= 4, `${entries.length} entries`)
  assert.ok(entries.every(({ username }) => username === 'pump/n-1'))
  assert.equal(dropped, 0)
  await page.leave()
})

test('thousands of devices that all say something: a stream is told of those that it asked for', async () => {
  await using site = await openSite()
  const devices = Array.from({ length: 2_000 }, (_, i) => ({ id: `D-${i}` }))
  await site.fleet.provisionMany(pump, devices)
  const query = devices
    .slice(0, 100)
    .map(({ id }) => `device=pump/${id}`)
    .join('&')
  const page = await site.live('admin', query)
  await settle()
  page.clear()
  for (let round = 0; round < 2; round++) {
    for (const { id } of devices) await site.say('pump', id, 'data', { rpm: round })
    await pass(1)
  }
  const states = page.of('states')
  assert.deepEqual(
    states.map((event) => event.devices.length),
    [100, 100],
  )
  const bytes = JSON.stringify(states[0]).length
  assert.ok(bytes < 20_000, `${bytes} characters for 100 devices`)
  await page.leave()
})

test('a reader that takes nothing is sent no more than waits, and let go after half a minute', async () => {
  await using site = await openSite()
  const response = await site.request('admin', '/fleet/live?hubs=1&log=1&follow=pump/n-1')
  await settle()
  const long = 'y'.repeat(1_900)
  const flood = async () => {
    for (let i = 0; i < 60; i++) await site.say('pump', 'n-1', 'status', { status: long })
    await pass(1)
  }
  for (let i = 0; i < 10; i++) await flood()
  await pass(40)
  assert.equal(site.listeners(), 0)
  const text = await response.text()
  // What waits may be full, and then comes one of each kind.
  assert.ok(text.length < 65_536 + 4 * 110_000, `${text.length} characters`)
  assert.match(text, /event: end\ndata: \{"at":\d+,"code":"slow"\}\n\n$/)
})

test('one that reads slowly is told how it is now, and stays', async () => {
  await using site = await openSite()
  const response = await site.request('admin', '/fleet/live?hubs=1&log=1&follow=pump/n-1')
  const reader = response.body!.getReader()
  const long = 'y'.repeat(1_900)
  for (let i = 0; i < 45; i++) {
    for (let j = 0; j < 10; j++) await site.say('pump', 'n-1', 'status', { status: long })
    await pass(1)
    if (i % 15 !== 14) continue
    // All that waits, in one go.
    for (let j = 0; j < 40; j++) {
      const next = await Promise.race([reader.read(), settle().then(() => undefined)])
      if (!next) break
      assert.equal(next.done, false)
    }
  }
  assert.equal(site.listeners(), 6)
  await reader.cancel()
})
