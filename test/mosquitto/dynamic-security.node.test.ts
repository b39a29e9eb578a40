/**
 * A real Mosquitto with dynamic security that follows a fleet of a thousand devices.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  type DynamicSecurity,
  dynamicSecurity,
  type ReconcileReport,
} from '../../adapters/mosquitto/index.ts'
import type { Fleet } from '../../src/index.ts'
import { type DynsecSite, dynsecSiteMissing, startDynsecSite } from '../support/dynsec-site.ts'
import { within } from '../support/wait.ts'
import {
  admin,
  afterGrant,
  closed,
  connect,
  declareTable,
  HUB,
  makeFleet,
  mayConnect,
  mayPublish,
  maySubscribe,
  pump,
  quietLogger,
  type TableSite,
  valve,
} from './site.ts'

const DEVICES = 1_000

describe('dynamic security', { skip: dynsecSiteMissing, timeout: 120_000 }, () => {
  let site: DynsecSite
  let fleet: Fleet
  let security: DynamicSecurity
  let first: ReconcileReport
  let tableSite: TableSite
  const logger = quietLogger()

  before(async () => {
    site = await startDynsecSite()
    fleet = makeFleet()
    for (let i = 0; i < DEVICES - 3; i++) await fleet.provision(pump, `P-${i}`)
    security = dynamicSecurity(fleet, { broker: admin(site.url), logger })
    first = await security.start()
    // And three while it follows.
    const [one, two, gone] = [
      await fleet.provision(pump, 'P-own'),
      await fleet.provision(valve, 'V-own', { attributes: { site: 'north' } }),
      await fleet.provision(pump, 'P-gone'),
    ]
    await fleet.revoke(pump, 'P-gone')
    tableSite = { url: site.url, pump: one, valve: two, revoked: gone }
  })
  after(async () => {
    await security?.close()
    await site?.stop()
  })

  test('is told a thousand devices, in batches, and the hub', async () => {
    const { created, closedDefaults, findings } = first
    assert.deepEqual(
      { created, closedDefaults, findings },
      {
        created: DEVICES - 3 + 1,
        closedDefaults: true,
        findings: [],
      },
    )
    const { clients, roles } = JSON.parse(site.readDocument())
    assert.equal(clients.length, DEVICES + 1 + 1)
    assert.ok(roles.length >= DEVICES + 1)
    const last = `P-${DEVICES - 4}`
    const login = { username: `pump/${last}`, password: (await fleet.openPassword(pump, last))! }
    assert.equal(await mayConnect(site.url, login), true)
  })

  test('has nothing more to be told', async () => {
    const { unchanged, ...rest } = await security.reconcile()
    assert.equal(unchanged, DEVICES + 1)
    assert.deepEqual(rest, {
      created: 0,
      updated: 0,
      disabled: 0,
      removed: 0,
      closedDefaults: false,
      findings: [],
    })
  })

  declareTable(() => tableSite)

  test('refuses a subscription to foreign topics, and to more than the own ones', async () => {
    const { username } = tableSite.valve
    const client = await connect(site.url, tableSite.valve)
    for (const filter of [`things/${username}/cmd`, 'sites/north/alarms']) {
      assert.equal(await maySubscribe(client, filter), true, filter)
    }
    for (const filter of [
      '#',
      '+/#',
      'things/#',
      'things/valve/#',
      'things/valve/+/cmd',
      `things/${username}/+`,
      `things/${username}/#`,
      'things/pump/P-own/cmd',
      'sites/+/alarms',
      'sites/south/alarms',
      '$SYS/#',
      '$CONTROL/#',
      '$share/devicehub/things/+/+/data',
      `$share/devicehub/things/${username}/cmd`,
    ]) {
      assert.equal(await maySubscribe(client, filter), false, filter)
    }
    await client.endAsync(true)
  })

  test('closes the connections of a revoked device within a second', async () => {
    const login = await fleet.provision(pump, 'P-revoked')
    const clients = [await connect(site.url, login), await connect(site.url, login)]
    const revoking = fleet.revoke(pump, 'P-revoked')
    await within(Promise.all(clients.map(closed)), 'end of the connections', 1_000)
    await revoking
    assert.equal(await mayConnect(site.url, login), false)
  })

  test('lets a restored device in again', async () => {
    const login = await fleet.provision(pump, 'P-restored')
    await fleet.revoke(pump, 'P-restored')
    assert.equal(await mayConnect(site.url, login), false)
    await fleet.restore(pump, 'P-restored')
    assert.equal(await mayConnect(site.url, login), true)
    const { id } = (await fleet.store.get('pump', 'P-restored'))!.credentials[0]!
    await fleet.retire(pump, 'P-restored', id)
    assert.equal(await mayConnect(site.url, login), false)
  })

  test('tells a rotated password at once, and ends the connection of the old one', async () => {
    const login = await fleet.provision(pump, 'P-rotated')
    const client = await connect(site.url, login)
    const rotated = await fleet.rotate(pump, 'P-rotated', { overlap: 60 })
    await within(closed(client), 'end of the connection')
    assert.equal(await mayConnect(site.url, login), false)
    assert.equal(await mayConnect(site.url, rotated), true)
  })

  test('tells changed rules and attributes at once, and on 2.0 disconnects only whom they take from', async () => {
    const login = await fleet.provision(valve, 'V-updated', { attributes: { site: 'north' } })
    const before = await connect(site.url, login)
    assert.equal(await mayPublish(before, 'sites/north/news'), false)
    const rules = [{ effect: 'allow', actions: ['publish'], filter: 'sites/{site}/news' }] as const
    await fleet.update(valve, 'V-updated', { rules })
    const client = await afterGrant(site.url, login, before)
    assert.equal(await mayPublish(client, 'sites/north/news'), true)
    await fleet.update(valve, 'V-updated', { attributes: { site: 'south' } })
    await within(closed(client), 'end of the connection')
    const again = await connect(site.url, login)
    assert.equal(await mayPublish(again, 'sites/south/news'), true)
    assert.equal(await mayPublish(again, 'sites/north/news'), false)
    assert.equal(await maySubscribe(again, 'sites/south/alarms'), true)
    assert.equal(await maySubscribe(again, 'sites/north/alarms'), false)
    await again.endAsync(true)
  })

  for (const id of ['7 x', ' ', '"', '\\', "it's", 'à', '水', '&;|', '%u', '😀'.repeat(128)]) {
    test(`holds the device id ${JSON.stringify(id.slice(0, 20))}`, async () => {
      const login = await fleet.provision(pump, id)
      const client = await connect(site.url, login)
      // Since 2.1 a level "%u" is a placeholder there, so such a device is granted nothing.
      assert.equal(await mayPublish(client, `things/pump/${id}/data`), id !== '%u')
      assert.equal(await mayPublish(client, 'things/pump/P-own/data'), false)
      await client.endAsync(true)
      await fleet.revoke(pump, id)
    })
  }

  test('logs no secret', async () => {
    const secrets = await Promise.all([
      fleet.openPassword(pump, 'P-own'),
      fleet.openPassword(pump, 'P-rotated'),
    ])
    for (const line of logger.lines) {
      for (const secret of [...secrets, HUB.password]) assert.ok(!line.includes(secret!), line)
    }
  })
})
