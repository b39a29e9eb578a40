/**
 * Bringing a Mosquitto back to what the fleet is: after edits by hand, after a restart with an old
 * document, and after a cut connection. Each on a real Mosquitto of its own.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dynamicSecurity, type ReconcileReport } from '../../adapters/mosquitto/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type BrokerError,
  ChangeError,
  type Fleet,
  type FleetOptions,
  hashPassword,
  memoryStore,
} from '../../src/index.ts'
import {
  ADMIN,
  type DynsecSite,
  dynsecSiteMissing,
  startDynsecSite,
} from '../support/dynsec-site.ts'
import { Collector, within } from '../support/wait.ts'
import { startRelay } from './relay.ts'
import {
  admin,
  afterGrant,
  type Credentials,
  closed,
  connect,
  HUB,
  makeFleet,
  mayConnect,
  mayPublish,
  maySubscribe,
  pump,
  quietLogger,
  sealingKey,
  tell,
  valve,
} from './site.ts'

const ROLE = 'devicehub/pump/P-1'

interface Running extends AsyncDisposable {
  readonly site: DynsecSite
  readonly fleet: Fleet
  readonly logger: ReturnType<typeof quietLogger>
  readonly reports: Collector<ReconcileReport>
  readonly first: ReconcileReport
  readonly login: Credentials
  reconcile(options?: { passwords?: boolean }): Promise<ReconcileReport>
}

/** A Mosquitto that knows the hub, the pump P-1 and the pump P-2. */
async function start(options: Partial<FleetOptions> = {}, url?: string): Promise<Running> {
  const site = await startDynsecSite()
  const fleet = makeFleet(options)
  const login = await fleet.provision(pump, 'P-1')
  await fleet.provision(pump, 'P-2')
  const logger = quietLogger()
  const reports = new Collector<ReconcileReport>()
  const broker = admin(url ?? site.url)
  const security = dynamicSecurity(fleet, { broker, logger, onReconciled: reports.push })
  const first = await security.start()
  return {
    site,
    fleet,
    logger,
    reports,
    first,
    login,
    reconcile: (given) => security.reconcile(given),
    async [Symbol.asyncDispose]() {
      await security.close()
      await site.stop()
    },
  }
}

/** The counts of a report that are not 0. */
function counts({ findings: _, closedDefaults, ...rest }: ReconcileReport) {
  const named = Object.entries({ ...rest, closedDefaults: Number(closedDefaults) })
  return Object.fromEntries(named.filter(([, count]) => count > 0))
}

describe('an edit by hand is undone', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  for (const [edit, commands] of [
    ['a grant added to a role', [`addRoleACL ${ROLE} publishClientSend # allow`]],
    [
      'a grant removed from a role',
      [`removeRoleACL ${ROLE} publishClientSend things/pump/P-1/data`],
    ],
    ['a deny added to a role', [`addRoleACL ${ROLE} publishClientSend things/pump/P-1/+ deny 9`]],
    ['a role deleted', [`deleteRole ${ROLE}`]],
    ['a role taken away', [`removeClientRole pump/P-1 ${ROLE}`]],
    ['a role given beside', ['createRole wide', 'addClientRole pump/P-1 wide']],
    ['a role of another device', ['addClientRole pump/P-1 devicehub/pump/P-2']],
    ['a group joined', ['createGroup all', 'addGroupClient all pump/P-1']],
    ['a client disabled', ['disableClient pump/P-1']],
    ['a client pinned to a client id', ['setClientId pump/P-1 only-this']],
    ['a client deleted', ['deleteClient pump/P-1']],
    ['both deleted', ['deleteClient pump/P-1', `deleteRole ${ROLE}`]],
  ] as const) {
    test(edit, async () => {
      await using running = await start()
      const { site, login } = running
      for (const command of commands) site.control(...command.split(' '))
      const report = await running.reconcile()
      const change = /deleteClient/.test(commands[0]) ? 'created' : 'updated'
      assert.deepEqual(counts(report), { [change]: 1, unchanged: 2 })
      assert.deepEqual(counts(await running.reconcile()), { unchanged: 3 })
      const client = await connect(site.url, login)
      assert.equal(await mayPublish(client, 'things/pump/P-1/data'), true)
      assert.equal(await mayPublish(client, 'things/pump/P-2/data'), false)
      assert.equal(await maySubscribe(client, 'things/pump/P-1/cmd'), true)
      assert.equal(await maySubscribe(client, '#'), false)
      await client.endAsync(true)
    })
  }

  test('an open default access', async () => {
    await using running = await start()
    const types = ['publishClientSend', 'publishClientReceive', 'subscribe']
    const acls = types.map((acltype) => ({ acltype, allow: true }))
    await tell(running.site.url, [{ command: 'setDefaultACLAccess', acls }])
    assert.deepEqual(counts(await running.reconcile()), { closedDefaults: 1, unchanged: 3 })
    const client = await connect(running.site.url, running.login)
    assert.equal(await mayPublish(client, 'other'), false)
    assert.equal(await maySubscribe(client, '#'), false)
    await client.endAsync(true)
  })

  test('a revoked device that was enabled again', async () => {
    await using running = await start()
    await running.fleet.revoke(pump, 'P-1')
    running.site.control('enableClient', 'pump/P-1')
    assert.equal(await mayConnect(running.site.url, running.login), true)
    assert.deepEqual(counts(await running.reconcile()), { disabled: 1, unchanged: 2 })
    assert.equal(await mayConnect(running.site.url, running.login), false)
  })

  test('a subscription that a grant by hand let in ends with the grant', async () => {
    await using running = await start()
    const { site, login } = running
    site.control('addRoleACL', ROLE, 'subscribePattern', '$share/devicehub/#', 'allow')
    const client = await connect(site.url, login)
    assert.equal(await maySubscribe(client, '$share/devicehub/things/pump/+/data'), true)
    await running.reconcile()
    await within(closed(client), 'end of the connection')
  })

  test('what grants more again counts at once, and on 2.0 disconnects nobody', async () => {
    await using running = await start()
    const { site, login } = running
    site.control('removeRoleACL', ROLE, 'publishClientSend', 'things/pump/P-1/status')
    const before = await connect(site.url, login)
    assert.deepEqual(counts(await running.reconcile()), { updated: 1, unchanged: 2 })
    const client = await afterGrant(site.url, login, before)
    assert.equal(await mayPublish(client, 'things/pump/P-1/status'), true)
    await client.endAsync(true)
  })

  test('a password, when all of them are told again, and not before', async () => {
    await using running = await start()
    const { site, login } = running
    site.control('setClientPassword', login.username, 'chosen by hand')
    assert.deepEqual(counts(await running.reconcile()), { unchanged: 3 })
    assert.equal(await mayConnect(site.url, login), false)
    const hub = await connect(site.url, HUB)
    assert.deepEqual(counts(await running.reconcile({ passwords: true })), { updated: 3 })
    await within(closed(hub), 'end of the connection')
    assert.equal(await mayConnect(site.url, login), true)
    assert.equal(await mayConnect(site.url, { ...login, password: 'chosen by hand' }), false)
  })
})

describe('what others made', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  test('is not touched', async () => {
    await using running = await start()
    const { site } = running
    const foreign = { username: 'operator', password: 'made by somebody' }
    site.control('createClient', foreign.username, '-p', foreign.password)
    for (const command of [
      'createRole all',
      'addRoleACL all publishClientSend # allow',
      'createGroup staff',
      'addGroupRole staff all',
      'addGroupClient staff operator',
    ]) {
      site.control(...command.split(' '))
    }
    const others = () => {
      const { clients, roles, groups } = JSON.parse(site.readDocument())
      const isOwn = (name: string) => /^(devicehub|pump|hub)/.test(name)
      return [
        clients.filter((client: { username: string }) => !isOwn(client.username)),
        roles.filter((role: { rolename: string }) => !isOwn(role.rolename)),
        groups,
      ]
    }
    const before = others()
    await running.fleet.provision(pump, 'P-3')
    await running.reconcile({ passwords: true })
    assert.deepEqual(others(), before)
    assert.equal(await mayConnect(site.url, foreign), true)
  })

  test('under the user name of a device is left as it is, and reported', async () => {
    await using running = await start()
    const { site, fleet } = running
    site.control('createClient', 'pump/P-3', '-p', 'made by somebody')
    await fleet.provision(pump, 'P-3')
    const report = await running.reconcile()
    assert.deepEqual(
      report.findings.map(({ username, code }) => ({ username, code })),
      [{ username: 'pump/P-3', code: 'name-taken' }],
    )
    const foreign = { username: 'pump/P-3', password: 'made by somebody' }
    assert.equal(await mayConnect(site.url, foreign), true)
    await fleet.revoke(pump, 'P-3')
    assert.equal(await mayConnect(site.url, foreign), true)
  })

  test('of a device that is removed goes with it, and its role', async () => {
    await using running = await start()
    const { site, fleet, login } = running
    assert.equal(await mayConnect(site.url, login), true)
    await fleet.remove(pump, 'P-1')
    assert.equal(await mayConnect(site.url, login), false)
    assert.equal((await running.reconcile()).removed, 0)
    assert.ok(!site.readDocument().includes('pump/P-1"'))
  })

  test('under its own mark, but for nobody in the fleet, is removed', async () => {
    await using running = await start()
    const { site } = running
    const stray = { username: 'pump/stray', password: 'made by somebody' }
    site.control('createClient', stray.username, '-p', stray.password)
    site.control('createRole', 'devicehub/pump/stray')
    site.control('addClientRole', stray.username, 'devicehub/pump/stray')
    site.control('createRole', 'devicehub/orphan')
    assert.deepEqual(counts(await running.reconcile()), { removed: 1, unchanged: 3 })
    assert.equal(await mayConnect(site.url, stray), false)
    assert.ok(!/stray|orphan/.test(site.readDocument()))
  })
})

describe('a restart of Mosquitto', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  test('with its old document is made up for by itself', async () => {
    await using running = await start()
    const { site, fleet, reports, login } = running
    const old = site.readDocument()
    const added = await fleet.provision(valve, 'V-1', { attributes: { site: 'north' } })
    const rotated = await fleet.rotate(pump, 'P-1')
    const second = { username: 'pump/P-2', password: (await fleet.openPassword(pump, 'P-2'))! }
    await fleet.revoke(pump, 'P-2')
    await site.kill()
    site.writeDocument(old)
    await site.restart()
    await reports.reach(2, 'reports', 20_000)
    assert.deepEqual(counts(reports.items[1]!), {
      created: 1,
      updated: 1,
      disabled: 1,
      unchanged: 1,
    })
    for (const [who, may] of [
      [added, true],
      [rotated, true],
      [HUB, true],
      [login, false],
      [second, false],
    ] as const) {
      assert.equal(await mayConnect(site.url, who), may, who.username)
    }
  })

  test('is followed by what was changed while it was away', async () => {
    await using running = await start()
    const { site, fleet, reports, login } = running
    await site.kill()
    const provisioned = await fleet.provision(pump, 'P-3').catch((error: unknown) => error)
    assert.ok(provisioned instanceof ChangeError)
    const { username, password } = provisioned.report
    assert.match(password!, /^dhs_/)
    const added = { username, password: password! }
    await assert.rejects(fleet.revoke(pump, 'P-1'), (error) => {
      assert.ok(error instanceof ChangeError)
      const [failure] = error.report.failed
      assert.equal(failure?.name, 'Mosquitto')
      assert.equal((failure.error as BrokerError).code, 'ERR_BROKER_NOT_CONNECTED')
      return true
    })
    await site.restart()
    await reports.reach(2, 'reports', 20_000)
    assert.equal(await mayConnect(site.url, added), true)
    assert.equal(await mayConnect(site.url, login), false)
  })
})

describe('a cut connection', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  test('in the middle of a reconciliation: the next one goes on from there', async () => {
    const site = await startDynsecSite()
    await using relay = await startRelay(site.port)
    const fleet = makeFleet()
    for (let i = 0; i < 300; i++) await fleet.provision(pump, `P-${i}`)
    const logger = quietLogger()
    const reports = new Collector<ReconcileReport>()
    const options = { logger, onReconciled: reports.push }
    relay.cutAfter(100_000)
    const first = dynamicSecurity(fleet, { broker: admin(relay.url), ...options })
    await assert.rejects(first.start(), { code: 'ERR_BROKER_CONNECTION_LOST' })
    assert.equal(relay.cuts, 1)
    const done = JSON.parse(site.readDocument()).clients.length
    assert.ok(done > 10 && done < 300, `${done} clients`)
    const second = dynamicSecurity(fleet, { broker: admin(relay.url), ...options })
    const report = await second.start()
    assert.equal(report.created + report.updated + report.unchanged, 301)
    assert.ok(report.unchanged > 10)
    assert.deepEqual(counts(await second.reconcile()), { unchanged: 301 })

    // And one that has started goes on by itself.
    relay.cutAfter(20_000)
    const cut = second.reconcile({ passwords: true })
    await assert.rejects(cut, { code: 'ERR_BROKER_CONNECTION_LOST' })
    await reports.reach(3, 'reports', 20_000)
    assert.deepEqual(reports.items.at(-1)?.findings, [])
    await second.close()
    await site.stop()
  })
})

describe('a password the fleet cannot tell', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  test('is a finding, and its device has no client', async () => {
    await using running = await start()
    const { fleet, site } = running
    await fleet.importDevice(pump, 'P-3', await hashPassword('correct horse'))
    const { findings } = await running.reconcile()
    assert.deepEqual(
      findings.map(({ username, code }) => ({ username, code })),
      [{ username: 'pump/P-3', code: 'password-unknown' }],
    )
    assert.ok(!site.readDocument().includes('pump/P-3'))
  })

  test('keeps the one before it from being good', async () => {
    const store = memoryStore()
    await using running = await start({ store })
    await makeFleet({ store, sealingKey: undefined }).rotate(pump, 'P-1')
    const report = await running.reconcile()
    assert.deepEqual(counts(report), { disabled: 1, unchanged: 2 })
    assert.deepEqual(report.findings[0]?.code, 'password-unknown')
    assert.equal(await mayConnect(running.site.url, running.login), false)
  })

  test('for want of the right key is a finding as well, where it has to be told', async () => {
    const store = memoryStore()
    await makeFleet({ store, sealingKey: `${sealingKey}.` }).provision(pump, 'P-3')
    await using running = await start({ store })
    assert.deepEqual(counts(running.first), { closedDefaults: 1, created: 3, unchanged: 1 })
    assert.deepEqual(running.first.findings[0]?.code, 'password-unreadable')
  })
})

describe('two processes with one store', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  test('what the other one changed is in the next reconciliation', async () => {
    const store = memoryStore()
    await using running = await start({ store })
    const other = makeFleet({ store })
    const added = await other.provision(pump, 'P-3')
    const rotated = await other.rotate(pump, 'P-2')
    await other.revoke(pump, 'P-1')
    assert.deepEqual(counts(await running.reconcile()), {
      created: 1,
      updated: 1,
      disabled: 1,
      unchanged: 1,
    })
    for (const [who, may] of [
      [added, true],
      [rotated, true],
      [running.login, false],
    ] as const) {
      assert.equal(await mayConnect(running.site.url, who), may, who.username)
    }
  })

  test('a revocation does not wait for a long reconciliation', async () => {
    const store = memoryStore()
    await using running = await start({ store })
    const other = makeFleet({ store })
    for (let i = 0; i < 400; i++) await other.provision(pump, `N-${i}`)
    const client = await connect(running.site.url, running.login)
    let isDone = false
    const reconciling = running.reconcile().finally(() => {
      isDone = true
    })
    const revoking = running.fleet.revoke(pump, 'P-1')
    await within(Promise.all([closed(client), revoking]), 'end of the connection', 1_000)
    assert.equal(isDone, false)
    assert.equal((await reconciling).created, 400)
    assert.equal(await mayConnect(running.site.url, running.login), false)
  })

  test('a device revoked while a reconciliation runs stays revoked', async () => {
    await using running = await start()
    const { fleet, site } = running
    const logins = await Promise.all(
      Array.from({ length: 60 }, (_, i) => fleet.provision(pump, `R-${i}`)),
    )
    for (const { username } of logins) site.control('disableClient', username)
    const reconciling = running.reconcile()
    await Promise.all(logins.slice(0, 30).map((_, i) => fleet.revoke(pump, `R-${i}`)))
    await reconciling
    const { clients } = JSON.parse(site.readDocument()) as {
      clients: { username: string; disabled?: boolean }[]
    }
    for (const [i, { username }] of logins.entries()) {
      const { disabled = false } = clients.find((client) => client.username === username)!
      assert.equal(disabled, i < 30, username)
    }
  })
})

describe('start is refused', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  test('with a wrong password of the administrator', async () => {
    const site = await startDynsecSite()
    const broker = mqtt({ url: site.url, ...ADMIN, password: 'wrong' })
    const security = dynamicSecurity(makeFleet(), { broker, logger: quietLogger() })
    await assert.rejects(security.start(), { code: 'ERR_BROKER_LOGIN_REFUSED' })
    await site.stop()
  })

  test('for a login that is no administrator', async () => {
    await using running = await start()
    const { url } = running.site
    const { username, password } = running.login
    const broker = mqtt({ url, username, password })
    const security = dynamicSecurity(makeFleet(), { broker, logger: quietLogger() })
    await assert.rejects(security.start(), { code: 'ERR_BROKER_NOT_AUTHORIZED' })
  })

  test('a second time', async () => {
    await using running = await start()
    const security = dynamicSecurity(running.fleet, {
      broker: admin(running.site.url),
      logger: quietLogger(),
    })
    await security.start()
    await assert.rejects(security.start(), { code: 'ERR_BROKER_CLOSED' })
    await security.close()
    await assert.rejects(security.reconcile(), { code: 'ERR_BROKER_CLOSED' })
  })
})
