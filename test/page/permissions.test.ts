/**
 * Who is told what: an operator hears of the devices that it sees, and of no other, for as long as it may.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { MeView, Operator } from '../../adapters/admin/index.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts'
import { OPERATORS, openSite, pump, type Site, settle } from './fixture.ts'

let clock: VirtualClock
before(() => {
  clock = virtualClock()
})
after(() => clock.close())

async function pass(seconds: number): Promise<void> {
  await clock.advance(seconds)
  await settle()
}

/** All that happens at two tenants. */
async function happen(site: Site): Promise<void> {
  for (const [type, id, data] of [
    ['pump', 'n-1', { rpm: 1 }],
    ['pump', 's-1', { rpm: 2 }],
    ['valve', 's-2', { open: true }],
  ] as const) {
    await site.say(type, id, 'data', data)
    await site.say(type, id, 'data', 'no JSON')
    const username = `${type}/${id}`
    await site.fleet.authenticate({ username, password: 'wrong' })
    await site.fleet.authorize({ username, action: 'subscribe', topic: '#' })
  }
  await site.say('pump', 'stranger', 'data', { rpm: 1 })
  await site.fleet.authenticate({ username: 'pump/stranger', password: 'wrong' })
  await site.fleet.authenticate({ username: undefined, password: 'wrong' })
}

const ALL = ['pump/n-1', 'pump/s-1', 'valve/s-2']
const rows: readonly [operator: string, sees: readonly string[], entries: number][] = [
  ['admin', ALL, 12],
  ['reader', ALL, 12],
  ['north', ['pump/n-1'], 3],
  ['valves', ['valve/s-2'], 3],
]

for (const [operator, sees, count] of rows) {
  describe(`${operator}`, () => {
    test('is told the states of what it sees', async () => {
      await using site = await openSite()
      const page = await site.live(operator, ALL.map((ref) => `device=${ref}`).join('&'))
      await settle()
      await happen(site)
      await pass(6)
      const told = page.of('states').flatMap(({ devices }) => devices)
      const named = new Set(told.map(({ type, id }) => `${type}/${id}`))
      assert.deepEqual([...named].sort(), sees)
      await page.leave()
    })

    for (const ref of ALL) {
      test(`is ${sees.includes(ref) ? '' : 'not '}told the messages of ${ref}`, async () => {
        await using site = await openSite()
        const page = await site.live(operator, `follow=${ref}`)
        await settle()
        await happen(site)
        await pass(6)
        const messages = page.of('messages').flatMap(({ messages }) => messages)
        assert.equal(messages.length, sees.includes(ref) ? 1 : 0)
        await page.leave()
      })
    }

    test('is told of what was refused to what it sees', async () => {
      await using site = await openSite()
      const page = await site.live(operator, 'log=1')
      await settle()
      await happen(site)
      await pass(1)
      const entries = page.of('log').flatMap(({ entries }) => entries)
      assert.equal(entries.length, count)
      const others = ALL.filter((ref) => !sees.includes(ref)).map((ref) => ref.split('/')[1]!)
      const text = JSON.stringify(page.events)
      for (const other of others) assert.ok(!text.includes(other), other)
      await page.leave()
    })

    test('is told of brokers if it sees all there is', async () => {
      await using site = await openSite()
      const response = await site.request(operator, '/fleet/live?hubs=1')
      const me = (await (await site.request(operator, '/fleet/api/me')).json()) as MeView
      assert.equal(response.status, me.seesAll ? 200 : 403)
      await response.body!.cancel()
    })
  })
}

describe('a request that is refused', () => {
  const many = Array.from({ length: 101 }, (_, i) => `device=pump/${i}`).join('&')
  for (const [title, operator, query, status, code] of [
    ['nobody’s', undefined, 'log=1', 401, 'operator-unknown'],
    ['one for nothing', 'admin', '', 400, 'request-invalid'],
    ['one for something else', 'admin', 'log=1&secrets=1', 400, 'request-invalid'],
    ['a flag that is none', 'admin', 'log=yes', 400, 'request-invalid'],
    ['a flag twice', 'admin', 'log=1&log=1', 400, 'request-invalid'],
    ['a device without a type', 'admin', 'device=n-1', 400, 'request-invalid'],
    ['a device with three names', 'admin', 'device=pump/n-1/x', 400, 'request-invalid'],
    ['a device with a wildcard', 'admin', 'follow=pump/%23', 400, 'request-invalid'],
    ['a device with a NUL', 'admin', 'device=pump/a%00b', 400, 'request-invalid'],
    ['two to follow', 'admin', 'follow=pump/n-1&follow=pump/s-1', 400, 'request-invalid'],
    ['101 devices', 'admin', many, 400, 'request-invalid'],
    ['the hubs, by one tenant’s', 'north', 'hubs=1&log=1', 403, 'operator-limited'],
  ] as const) {
    test(title, async () => {
      await using site = await openSite()
      const response = await site.request(operator, `/fleet/live?${query}`)
      const body = (await response.json()) as { code: string }
      assert.deepEqual([response.status, body.code], [status, code])
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(site.listeners(), 0)
    })
  }

  test('whatever the operator may not do by the routes, it may not do here', async () => {
    await using site = await openSite()
    for (const [operator, path, status] of [
      ['reader', '/devices/pump/n-1/revoke', 403],
      ['north', '/devices/pump/s-1/revoke', 404],
      ['north', '/devices/pump/n-1/revoke', 200],
      [undefined, '/devices/pump/n-1/restore', 401],
    ] as const) {
      const headers = operator === undefined ? {} : { 'x-operator': operator }
      const init = { method: 'POST', headers }
      const response = await site.app.request(`/fleet/api${path}`, init)
      assert.equal(response.status, status, `${operator} ${path}`)
    }
  })
})

describe('a stream ends within the 30 seconds that it names', () => {
  const limited: Operator = { name: 'admin', types: ['valve'] }
  for (const [title, operators, code] of [
    ['when the session of its operator has ended', [], 'operator-unknown'],
    ['when its operator may see something else', [limited], 'operator-changed'],
  ] as const) {
    test(title, async () => {
      await using site = await openSite()
      const page = await site.live('admin', 'device=pump/n-1&log=1')
      await pass(19)
      site.operators = operators
      await site.say('pump', 'n-1', 'data', { rpm: 1 })
      await pass(30)
      assert.deepEqual(
        page.of('end').map((end) => end.code),
        [code],
      )
      assert.equal(page.isOver, true)
      assert.equal(page.events.at(-1)!.name, 'end')
      assert.equal(site.listeners(), 0)
    })
  }

  test('when it cannot be found out who listens', async () => {
    let isFailing = false
    const authorize = () => {
      if (isFailing) throw new Error('hunter2')
      return { name: 'a' }
    }
    await using site = await openSite({ page: { authorize } })
    const page = await site.live('a', 'log=1')
    isFailing = true
    await pass(30)
    assert.deepEqual(
      page.of('end').map(({ code }) => code),
      ['check-failed'],
    )
    assert.ok(!JSON.stringify(page.events).includes('hunter2'))
    assert.ok(site.lines.some((line) => line.includes('hunter2')))
  })

  test('and goes on while the operator may listen', async () => {
    await using site = await openSite()
    const page = await site.live('north', 'device=pump/n-1')
    const asked = site.asked()
    await pass(600)
    assert.deepEqual(page.of('end'), [])
    assert.equal(site.asked() - asked, 30)
    await page.leave()
  })
})

test('a device that goes to another tenant is told as gone, and nothing of it after that', async () => {
  await using site = await openSite()
  const page = await site.live('north', 'device=pump/n-1&follow=pump/n-1')
  await site.say('pump', 'n-1', 'data', { rpm: 1 })
  await pass(1)
  await site.fleet.update(pump, 'n-1', { attributes: { tenant: 'south' } })
  await pass(5)
  page.clear()
  for (let i = 0; i < 6; i++) {
    await site.say('pump', 'n-1', 'data', { rpm: 77 })
    await site.say('pump', 'n-1', 'status', { status: 'hidden' })
    await pass(1)
  }
  assert.deepEqual(page.events, [])
  await page.leave()
})

test('the operators of this test are of all kinds', () => {
  assert.deepEqual(
    rows.map(([name]) => name),
    OPERATORS.map(({ name }) => name),
  )
})
