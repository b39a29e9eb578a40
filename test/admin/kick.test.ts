/**
 * Ending what a device has at its brokers by the operator's routes: with and without its rights.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { emqxKick } from '../../adapters/emqx/index.ts'
import { BrokerError, createFleet, type Kick, memoryStore } from '../../src/index.ts'
import { openSite as openBroker } from '../embedded/fixture.ts'
import { recorded } from '../emqx/recorded.ts'
import { KEY, SECRET, startEmqx } from '../emqx/server.ts'
import { within } from '../support/wait.ts'
import { openSite, pump, valve } from './fixture.ts'

const AT = '/devices/pump/P-1/kick'

describe('a kick by route', () => {
  test('is told to every broker by the user name, and no right is taken', async () => {
    const heard: unknown[] = []
    const kick: Kick = async (who) => void heard.push(who)
    await using site = await openSite({ kicks: { north: kick, south: kick } })
    const { password } = await site.fleet.provision(pump, 'P-1', { username: 'old-pump' })
    const { status, body } = await site.ask('admin', 'POST', AT)
    assert.deepEqual([status, body], [200, { report: { done: ['north', 'south'], failed: [] } }])
    assert.deepEqual(heard, [{ username: 'old-pump' }, { username: 'old-pump' }])
    const { effect } = await site.fleet.authenticate({ username: 'old-pump', password })
    assert.equal(effect, 'allow')
    const { at, ...entry } = site.trail.at(-1)!
    assert.deepEqual(entry, {
      operator: 'admin',
      action: 'kick',
      device: { type: 'pump', id: 'P-1' },
      result: 'done',
    })
  })

  test('says which broker failed, ends it at the others, and holds no secret', async () => {
    const ended: string[] = []
    await using site = await openSite({
      kicks: {
        ends: async ({ username }) => void ended.push(username),
        away: () =>
          Promise.reject(new BrokerError('ERR_BROKER_UNREACHABLE', 'EMQX cannot be reached')),
        odd: () => Promise.reject(new Error('password=geheim')),
        broken: () => {
          throw new TypeError('geheim')
        },
      },
    })
    await site.fleet.provision(pump, 'P-1')
    const { status, body, type } = await site.ask('admin', 'POST', AT)
    assert.deepEqual([status, type], [502, 'application/problem+json'])
    assert.deepEqual(
      [body.code, body.detail],
      ['kick-incomplete', 'Sessions of pump/P-1 may go on at away, odd, broken'],
    )
    assert.deepEqual(body.report, {
      done: ['ends'],
      failed: [
        { name: 'away', code: 'ERR_BROKER_UNREACHABLE', problem: 'EMQX cannot be reached' },
        { name: 'odd', code: 'failed' },
        { name: 'broken', code: 'failed' },
      ],
    })
    assert.deepEqual(ended, ['pump/P-1'])
    assert.ok(!JSON.stringify(body).includes('geheim'))
    assert.equal(site.trail.at(-1)!.result, 'kick-incomplete')
    // The log is the operator's of the server: it says why.
    assert.equal(site.lines.filter((line) => line.startsWith('admin kick at ')).length, 3)
  })

  test('is answered in time, whatever a broker does', { timeout: 120_000 }, async () => {
    await using site = await openSite({
      kicks: { hangs: () => new Promise(() => {}), ends: async () => {} },
    })
    await site.fleet.provision(pump, 'P-1')
    const begun = performance.now()
    const { status, body } = await site.ask('admin', 'POST', AT)
    assert.deepEqual(
      [status, body.report],
      [502, { done: ['ends'], failed: [{ name: 'hangs', code: 'timeout' }] }],
    )
    // Sixteen parts a limit is cut into, and it may be over in the last.
    assert.ok(performance.now() - begun > 18_000)
  })

  const denied: readonly (readonly [string, string | undefined, string, number, string])[] = [
    ['nobody', undefined, AT, 401, 'operator-unknown'],
    ['who may only look', 'reader', AT, 403, 'operator-limited'],
    ['of another tenant', 'north', AT, 404, 'ERR_DEVICE_UNKNOWN'],
    ['of other types', 'valves', AT, 404, 'ERR_DEVICE_UNKNOWN'],
    ['who names no device', 'admin', '/devices/pump/P-9/kick', 404, 'ERR_DEVICE_UNKNOWN'],
    ['who names no type', 'admin', '/devices/tree/P-1/kick', 404, 'ERR_DEVICE_TYPE_UNKNOWN'],
  ]
  for (const [who, operator, path, status, code] of denied) {
    test(`is refused to an operator ${who}, and no broker told`, async () => {
      await using site = await openSite({ kicks: { emqx: () => assert.fail('it was told') } })
      await site.fleet.provision(pump, 'P-1')
      const answer = await site.ask(operator, 'POST', path)
      assert.deepEqual([answer.status, answer.body.code], [status, code])
      assert.equal(site.trail.at(-1)!.result, code)
    })
  }

  test('is granted to an operator for what it sees', async () => {
    await using site = await openSite({ kicks: { emqx: async () => {} } })
    await site.fleet.provision(pump, 'P-1', { attributes: { tenant: 'north' } })
    await site.fleet.provision(valve, 'V-1')
    assert.equal((await site.ask('north', 'POST', AT)).status, 200)
    assert.equal((await site.ask('valves', 'POST', '/devices/valve/V-1/kick')).status, 200)
  })

  test('has no route without a way to do it', async () => {
    await using site = await openSite()
    await site.fleet.provision(pump, 'P-1')
    const { status, body } = await site.ask('admin', 'POST', AT)
    assert.deepEqual([status, body.code], [404, 'route-unknown'])
  })

  for (const [key, kicks] of [
    ['kicks', {}],
    ['kicks', 'emqx'],
    ['kicks.emqx', { emqx: 'yes' }],
  ] as const) {
    test(`is not made of ${JSON.stringify(kicks)}`, async () => {
      await assert.rejects(openSite({ kicks: kicks as unknown as Record<string, Kick> }), { key })
    })
  }
})

describe('at a running embedded broker', () => {
  for (const [deed, mayReturn] of [
    ['kick', true],
    ['revoke', false],
  ] as const) {
    test(`${deed} by route closes the connections, and it may log in again: ${mayReturn}`, async () => {
      await using broker = await openBroker()
      await using site = await openSite({
        fleet: broker.fleet,
        kicks: { embedded: broker.broker.kick },
      })
      const client = await broker.connect(broker.p1)
      const other = await broker.connect(broker.p2)
      const { status } = await site.ask('admin', 'POST', `/devices/pump/P-1/${deed}`)
      assert.equal(status, 200)
      assert.equal(await within(client.ended, 'end of the connection'), 0x98)
      assert.equal(other.mqtt.connected, true)
      const again = await broker.connect(broker.p1).then(
        () => true,
        () => false,
      )
      assert.equal(again, mayReturn)
    })
  }

  test('a kick as a listener acts on a revocation, and on nothing else', async () => {
    await using broker = await openBroker()
    const { username } = broker.p1
    const client = await broker.connect(broker.p1)
    for (const kind of ['provisioned', 'updated', 'rotated', 'retired', 'restored'] as const) {
      await broker.broker.kick({ username, kind })
    }
    assert.equal(client.mqtt.connected, true)
    await broker.broker.kick({ username, kind: 'revoked' })
    assert.equal(await within(client.ended, 'end of the connection'), 0x98)
  })
})

describe('at EMQX, as it was recorded', () => {
  for (const clientid of ['/', '#', 'a/b#c']) {
    test(`a kick by route ends the client ${JSON.stringify(clientid)}`, async () => {
      await using emqx = await startEmqx()
      const kick = emqxKick({ url: emqx.url, key: KEY, secret: SECRET })
      await using site = await openSite({ kicks: { emqx: kick } })
      const { username } = await site.fleet.provision(pump, 'P-1')
      emqx.clients.push({ clientid, username }, { clientid: 'other', username: 'pump/P-2' })
      const { status, body } = await site.ask('admin', 'POST', AT)
      assert.deepEqual([status, body.report], [200, { done: ['emqx'], failed: [] }])
      assert.deepEqual([emqx.ended, emqx.clients.length], [[clientid], 1])
    })
  }

  for (const [title, answer, code] of [
    [
      '401',
      recorded['key unknown, disabled or expired, or secret wrong'],
      'ERR_BROKER_LOGIN_REFUSED',
    ],
    ['403', recorded['role is viewer or publisher'], 'ERR_BROKER_LOGIN_REFUSED'],
    ['404 to the list', recorded['path unknown'], 'ERR_BROKER_REFUSED'],
    ['503', { status: 503 }, 'ERR_BROKER_REFUSED'],
  ] as const) {
    for (const deed of ['kick', 'revoke'] as const) {
      test(`${deed} by route reports ${title}`, async () => {
        await using emqx = await startEmqx()
        const kick = emqxKick({ url: emqx.url, key: KEY, secret: SECRET })
        const fleet = createFleet({ types: [pump, valve], store: memoryStore() })
        fleet.onChange('emqx', kick)
        await using site = await openSite({ fleet, kicks: { emqx: kick } })
        await fleet.provision(pump, 'P-1')
        emqx.intercept = () => answer
        const { status, body } = await site.ask('admin', 'POST', `/devices/pump/P-1/${deed}`)
        assert.equal(status, 502)
        const { done, failed } = body.report as { done: unknown; failed: { name: string }[] }
        assert.deepEqual([done, failed.map(({ name }) => name)], [[], ['emqx']])
        if (deed === 'kick') assert.equal((failed[0] as { code?: string }).code, code)
        assert.ok(!JSON.stringify(body).includes(SECRET))
        // What is revoked is revoked, and it can be repeated.
        emqx.intercept = () => undefined
        assert.equal((await site.ask('admin', 'POST', `/devices/pump/P-1/${deed}`)).status, 200)
      })
    }
  }

  test('a client that is gone meanwhile (404) is no failure', async () => {
    await using emqx = await startEmqx()
    const kick = emqxKick({ url: emqx.url, key: KEY, secret: SECRET })
    await using site = await openSite({ kicks: { emqx: kick } })
    const { username } = await site.fleet.provision(pump, 'P-1')
    emqx.clients.push({ clientid: 'a', username })
    emqx.intercept = (method) => {
      if (method === 'DELETE') emqx.clients.length = 0
      return undefined
    }
    assert.equal((await site.ask('admin', 'POST', AT)).status, 200)
  })
})
