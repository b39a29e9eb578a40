/**
 * The embedded broker tells which devices are connected to it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { type EmbeddedBroker, embeddedBroker } from '../../adapters/embedded/index.ts'
import {
  createFleet,
  type Fleet,
  memoryStore,
  type PresenceChange,
  type PresenceTracker,
  presenceTracker,
} from '../../src/index.ts'
import { Collector, within } from '../support/wait.ts'
import { CapturedLog, type Login, OFFICE, openClient, pump, type TestClient } from './fixture.ts'

interface Site extends AsyncDisposable {
  readonly fleet: Fleet
  readonly broker: EmbeddedBroker
  readonly presence: PresenceTracker
  readonly changes: Collector<PresenceChange>
  readonly login: Login
  connect(login: IClientOptions): Promise<TestClient>
}

async function openSite(): Promise<Site> {
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: 'a pepper of sixteen bytes',
    services: [{ ...OFFICE, rules: [] }],
  })
  const login = await fleet.provision(pump, 'P-1')
  const presence = presenceTracker({ types: fleet.types })
  const changes = new Collector<PresenceChange>()
  presence.onChange(changes.push)
  const websocket = { port: 0 }
  const logger = new CapturedLog()
  const broker = await embeddedBroker(fleet, { port: 0, websocket, presence, logger })
  const clients: TestClient[] = []
  return {
    fleet,
    broker,
    presence,
    changes,
    login,
    async connect(options) {
      const client = await openClient(broker.url, options)
      clients.push(client)
      return client
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.mqtt.end(true)
      await within(broker.close(), 'close of the broker')
    },
  }
}

const connected = ({ presence }: Site) => presence.of(pump, 'P-1').connected

describe('a device at the embedded broker', () => {
  test('is connected from its login to the end of its connection, and since when', async () => {
    await using site = await openSite()
    assert.equal(connected(site), 'unknown')
    const before = Date.now()
    const client = await site.connect(site.login)
    const [entry, ...others] = site.presence.list({ connected: true })
    assert.deepEqual([entry?.type, entry?.id, others], ['pump', 'P-1', []])
    assert.ok(entry!.since! >= before && entry!.since! <= Date.now())
    await client.mqtt.endAsync()
    await site.changes.reach(2, 'changes')
    assert.equal(connected(site), false)
    assert.ok(site.presence.of(pump, 'P-1').since! >= entry!.since!)
  })

  test('over WebSocket, too', async () => {
    await using site = await openSite()
    const client = await openClient(site.broker.websocketUrl!, site.login)
    assert.equal(connected(site), true)
    client.mqtt.end(true)
    await site.changes.reach(2, 'changes')
    assert.equal(connected(site), false)
  })

  test('is connected while one of its connections stands', async () => {
    await using site = await openSite()
    const first = await site.connect({ ...site.login, clientId: 'a' })
    const second = await site.connect({ ...site.login, clientId: 'b' })
    await first.mqtt.endAsync()
    assert.equal(connected(site), true)
    await second.mqtt.endAsync()
    await site.changes.reach(2, 'changes')
    assert.equal(connected(site), false)
  })

  test('is not shown as disconnected when its session is taken over', async () => {
    await using site = await openSite()
    const first = await site.connect({ ...site.login, clientId: 'a' })
    const second = await site.connect({ ...site.login, clientId: 'a' })
    await within(first.ended, 'end of the first connection')
    const third = await site.connect({ ...site.login, clientId: 'a' })
    await within(second.ended, 'end of the second connection')
    assert.equal(connected(site), true)
    assert.equal(site.changes.items.length, 1)
    await third.mqtt.endAsync()
    await site.changes.reach(2, 'changes')
    assert.equal(connected(site), false)
  })

  for (const [title, end] of [
    ['cut off', ({ broker, login }: Site) => broker.disconnect(login.username)],
    ['revoked', ({ fleet }: Site) => fleet.revoke(pump, 'P-1')],
    ['there when the broker is closed', ({ broker }: Site) => broker.close()],
  ] as const) {
    test(`is disconnected when it is ${title}`, async () => {
      await using site = await openSite()
      await site.connect(site.login)
      await within<unknown>(end(site), 'end')
      await site.changes.reach(2, 'changes')
      assert.equal(connected(site), false)
    })
  }

  test('stays unknown when its login is refused', async () => {
    await using site = await openSite()
    await assert.rejects(site.connect({ ...site.login, password: 'wrong' }))
    assert.equal(connected(site), 'unknown')
    assert.deepEqual(site.presence.list(), [])
  })

  test('of which two brokers tell is connected while it is at one of them', async () => {
    await using site = await openSite()
    const { fleet, presence } = site
    const logger = new CapturedLog()
    await using other = await embeddedBroker(fleet, { port: 0, presence, logger })
    const here = await site.connect({ ...site.login, clientId: 'a' })
    const there = await openClient(other.url, { ...site.login, clientId: 'a' })
    await here.mqtt.endAsync()
    await within(here.ended, 'end of the connection')
    assert.equal(connected(site), true)
    await there.mqtt.endAsync()
    await site.changes.reach(2, 'changes')
    assert.equal(connected(site), false)
  })
})

test('neither a service account nor the holder of a token is a device', async () => {
  await using site = await openSite()
  await site.connect(OFFICE)
  const rules = [{ effect: 'allow', actions: ['publish'], filter: 'news' }] as const
  await site.connect(site.fleet.issueToken({ rules, expiresIn: 60 }))
  assert.deepEqual(site.presence.list(), [])
})

test('a tracker that fails keeps nobody out, and is logged', async () => {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const login = await fleet.provision(pump, 'P-1')
  const fail = () => {
    throw new Error('broken')
  }
  const logger = new CapturedLog()
  const presence = { connected: fail, disconnected: fail }
  await using broker = await embeddedBroker(fleet, { port: 0, presence, logger })
  const client = await openClient(broker.url, login)
  await client.mqtt.endAsync()
  await broker.close()
  assert.deepEqual(logger.lines, [
    'error: presence.connected failed: Error: broken',
    'error: presence.disconnected failed: Error: broken',
  ])
})

test('what is no tracker is refused', async () => {
  const fleet = createFleet({ types: [], store: memoryStore() })
  const presence = { connected: () => true } as never
  await assert.rejects(embeddedBroker(fleet, { port: 0, presence }), {
    name: 'ConfigError',
    key: 'presence.disconnected',
  })
})
