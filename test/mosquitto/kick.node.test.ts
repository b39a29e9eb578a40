/**
 * Ending connections at a real Mosquitto with dynamic security, by the operator's routes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Hono } from 'hono'
import mqtt, { connectAsync } from 'mqtt'
import { deviceAdmin } from '../../adapters/admin/index.ts'
import { type DynamicSecurity, dynamicSecurity } from '../../adapters/mosquitto/index.ts'
import type { Fleet } from '../../src/index.ts'
import { openService, SERVICE_SECRET } from '../cli/service.ts'
import { type DynsecSite, dynsecSiteMissing, startDynsecSite } from '../support/dynsec-site.ts'
import { within } from '../support/wait.ts'
import { admin, closed, connect, makeFleet, mayConnect, pump, quietLogger } from './site.ts'

const SECRET = 'the-secret-of-operators-0123456789'

describe('a kick at dynamic security', { skip: dynsecSiteMissing, timeout: 120_000 }, () => {
  let site: DynsecSite
  let fleet: Fleet
  let security: DynamicSecurity
  let app: Hono

  before(async () => {
    site = await startDynsecSite()
    fleet = makeFleet()
    security = dynamicSecurity(fleet, { broker: admin(site.url), logger: quietLogger() })
    await security.start()
    const routes = deviceAdmin(fleet, { secret: SECRET, kicks: { Mosquitto: security.kick } })
    app = new Hono().route('/', routes)
  })
  after(async () => {
    await security?.close()
    await site?.stop()
  })

  async function ask(deed: string, id: string) {
    const headers = { authorization: `Bearer ${SECRET}` }
    const response = await app.request(`/devices/pump/${id}/${deed}`, { method: 'POST', headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  test('closes the connections of a device and no other, and leaves its rights', async () => {
    const one = await fleet.provision(pump, 'P-1')
    const two = await fleet.provision(pump, 'P-2')
    const [first, second, other] = await Promise.all([
      connect(site.url, one),
      connect(site.url, one),
      connect(site.url, two),
    ])
    const before = site.readDocument()
    const { status, body } = await ask('kick', 'P-1')
    assert.deepEqual([status, body], [200, { report: { done: ['Mosquitto'], failed: [] } }])
    for (const client of [first, second]) await within(closed(client), 'end of the connection')
    assert.equal(other.connected, true)
    assert.equal(await mayConnect(site.url, one), true)
    assert.equal(site.readDocument(), before)
    await other.endAsync(true)
  })

  for (const [deed, mayReturn] of [
    ['kick', true],
    ['revoke', false],
  ] as const) {
    test(`${deed} by the command closes a connection; it may log in again: ${mayReturn}`, async () => {
      const device = await fleet.provision(pump, `C-${deed}`)
      const client = await connect(site.url, device)
      const routes = deviceAdmin(fleet, {
        secret: SERVICE_SECRET,
        kicks: { Mosquitto: security.kick },
      })
      await using service = await openService(new Hono().route('/admin', routes).fetch)
      const { stderr, code } = await service.devices([deed, `pump/C-${deed}`])
      assert.deepEqual([stderr, code], ['', 0])
      await within(closed(client), 'end of the connection')
      assert.equal(await mayConnect(site.url, device), mayReturn)
    })
  }

  test('leaves a kept session, with what waits in it', async () => {
    const one = await fleet.provision(pump, 'P-kept')
    const options = {
      username: one.username,
      password: one.password,
      clientId: 'kept',
      clean: false,
      protocolVersion: 4,
      reconnectPeriod: 0,
    } as const
    const client = await connectAsync(site.url, options)
    await client.subscribeAsync(one.topics.cmd, { qos: 1 })
    await security.kick({ username: one.username })
    await within(closed(client), 'end of the connection')
    const again = mqtt.connect(site.url, options)
    const connack = new Promise<{ sessionPresent: boolean }>((resolve) => {
      again.once('connect', resolve)
    })
    const { sessionPresent } = await within(connack, 'connection')
    assert.equal(sessionPresent, true)
    await again.endAsync(true)
  })

  test('tells how long a revocation takes', async (t) => {
    const times: number[] = []
    for (let i = 0; i < 20; i++) {
      const client = await connect(site.url, await fleet.provision(pump, `T-${i}`))
      const begun = performance.now()
      const revoked = fleet.revoke(pump, `T-${i}`)
      await within(closed(client), 'end of the connection')
      times.push(performance.now() - begun)
      await revoked
    }
    times.sort((a, b) => a - b)
    t.diagnostic(
      `closed after ${times[10]!.toFixed(0)} ms (median), ${times[19]!.toFixed(0)} ms (most)`,
    )
  })

  test('of a device that is revoked closes nothing more, and lets nobody in', async () => {
    const one = await fleet.provision(pump, 'P-3')
    const client = await connect(site.url, one)
    const revoked = await ask('revoke', 'P-3')
    assert.deepEqual([revoked.status, revoked.body.done], [200, ['Mosquitto']])
    await within(closed(client), 'end of the connection')
    assert.equal((await ask('kick', 'P-3')).status, 200)
    assert.equal(await mayConnect(site.url, one), false)
  })

  test('of somebody it does not know is nothing', async () => {
    await security.kick({ username: 'pump/P-none' })
  })

  test('does nothing for another change', async () => {
    const one = await fleet.provision(pump, 'P-4')
    const client = await connect(site.url, one)
    for (const kind of ['updated', 'rotated', 'restored'] as const) {
      await security.kick({ username: one.username, kind })
    }
    assert.equal(client.connected, true)
    await client.endAsync(true)
  })

  test('a step that fails is reported: Mosquitto is away', async () => {
    await fleet.provision(pump, 'P-5')
    await site.stop()
    const kicked = await ask('kick', 'P-5')
    assert.equal(kicked.status, 502)
    const { failed } = kicked.body.report as { failed: { name: string; code: string }[] }
    assert.deepEqual(
      failed.map(({ name, code }) => [name, /^ERR_BROKER_/.test(code)]),
      [['Mosquitto', true]],
    )
    const revoked = await ask('revoke', 'P-5')
    assert.deepEqual([revoked.status, revoked.body.code], [502, 'ERR_CHANGE_INCOMPLETE'])
  })
})
