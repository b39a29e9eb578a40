/**
 * A fleet with its page, served on 127.0.0.1: devices that send and answer, a hub, and a store.
 *
 * @module
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import {
  command,
  createFleet,
  createHub,
  type DeviceRecord,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type Hub,
  memoryBroker,
  memoryServer,
  memoryStore,
} from 'devicehub'
import type { Operator } from 'devicehub/admin'
import { pgPool, sqlStore } from 'devicehub/sql'
import { type VirtualDevice, virtualDevice } from 'devicehub/testing'
import { Hono } from 'hono'
import pg from 'pg'
import * as v from 'valibot'
import { writeAssets } from '../../adapters/page/build.ts'

const measured = (title: string, unit: string) =>
  v.pipe(v.number(), v.title(title), v.metadata({ unit }))

/** A type with two numbers and commands of every kind. */
export const station = defineDeviceType('weatherstation', {
  data: v.object({
    temperature: measured('Temperature', '°C'),
    humidity: v.optional(measured('Humidity', '%')),
    wind: v.optional(measured('Wind', 'm/s')),
  }),
  commands: {
    setInterval: command({
      payload: v.object({
        interval: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3600)),
        mode: v.optional(v.picklist(['saving', 'precise'])),
        now: v.optional(v.boolean()),
      }),
      reply: v.object({ interval: v.number() }),
    }),
    reboot: command(),
    fail: command({ reply: v.object({}) }),
  },
  heartbeat: 60,
})

/** A type that takes no command. */
export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: measured('Speed', 'rpm') }),
  heartbeat: 60,
})

/** What {@link startSite} takes. */
export interface SiteOptions {
  /** How many devices are on record, half of each type. Default: 60. */
  readonly devices?: number
  /** Neither a device nor a hub. Default: `false`. */
  readonly isEmpty?: boolean
  /** How many brokers the hub has; devices are at the first. Default: 1. */
  readonly brokers?: number
  /** The URL of an empty PostgreSQL that has the devices. Default: they are in memory. */
  readonly database?: string
}

/** A page, and what is behind it. */
export interface Site extends AsyncDisposable {
  /** The address of the page. */
  readonly url: string
  readonly fleet: Fleet
  readonly hub: Hub
  /** A device that is connected, and answers commands. */
  readonly device: VirtualDevice<typeof station>
  /** Who asks from now on; `undefined`: nobody who is let in. At first one who may do everything. */
  operator: Operator | undefined
  /** Publishes as a device of a type. */
  publish(type: string, id: string, channel: 'data' | 'status', value: unknown): Promise<void>
  /** Stops to serve, and serves again at the same address. */
  readonly stop: () => Promise<void>
  readonly resume: () => Promise<void>
}

const FIRMWARES = ['2.4.1', '2.4.1', '2.4.1', '2.3.0', '2.5.0-rc.1']
const STATES = ['ok', 'ok', 'ok', 'calibrating', 'sensor fault']

/** Starts all of it. */
export async function startSite({
  devices = 60,
  isEmpty = false,
  brokers = 1,
  database,
}: SiteOptions = {}): Promise<Site> {
  await writeAssets() // As the sources are now.
  const { fleetPage } = await import('devicehub/page')
  const { store, close: closeStore } = database
    ? await openDatabase(database)
    : { store: memoryStore(), close: async () => {} }
  const quiet = { error: () => {}, warn: () => {}, info: () => {} }
  const fleet = createFleet({ types: [station, pump], store, logger: quiet })
  if (!isEmpty) await fill(fleet, store, devices)

  const server = memoryServer()
  const names = Array.from({ length: brokers }, (_, i) => (i === 0 ? 'default' : `broker-${i + 1}`))
  const hub = createHub(fleet, {
    brokers: Object.fromEntries(names.map((name) => [name, memoryBroker(server)])),
    logger: quiet,
  })
  hub.onData(station, () => {})
  hub.onData(pump, () => {})
  await hub.start()
  const publisher = memoryBroker(server)
  await publisher.connect({ onMessage: async () => {} })
  const login = await fleet.provision(station, 'STATION-LIVE', { attributes: { site: 'north' } })
  const device = virtualDevice(station, {
    login,
    connection: () => memoryBroker(server),
    commands: {
      setInterval: ({ interval }) => ({ interval }),
      reboot: () => {},
      fail: () => {
        throw new Error('the sensor is wet')
      },
    },
  })
  await device.connect()
  if (isEmpty) await fleet.remove(station, 'STATION-LIVE')

  const site: Pick<Site, 'operator'> = { operator: { name: 'dana' } }
  const page = fleetPage(fleet, {
    ...(!isEmpty && { hub }),
    authorize: () => site.operator,
    kicks: {
      default: async () => {},
      elsewhere: async () => {
        throw new Error('the broker cannot be reached')
      },
    },
    logger: quiet,
  })
  const app = new Hono().route('/fleet', page)
  let port = 0
  const start = async () => {
    const serving = serve({ fetch: app.fetch, hostname: '127.0.0.1', port })
    if (!serving.listening) await once(serving, 'listening')
    port = (serving.address() as AddressInfo).port
    return serving
  }
  let serving = await start()
  const stop = async () => {
    const closed = once(serving, 'close')
    serving.close()
    ;(serving as { closeAllConnections?: () => void }).closeAllConnections?.()
    await closed
  }
  return Object.assign(site, {
    url: `http://127.0.0.1:${port}/fleet/`,
    fleet,
    hub,
    device,
    async publish(type: string, id: string, channel: 'data' | 'status', value: unknown) {
      const payload = new TextEncoder().encode(JSON.stringify(value))
      await publisher.publish({ topic: `things/${type}/${id}/${channel}`, payload })
    },
    stop,
    async resume() {
      serving = await start()
    },
    async [Symbol.asyncDispose]() {
      await stop().catch(() => {})
      await device.close()
      await publisher.close()
      await hub.close()
      await closeStore()
    },
  }) as Site
}

/** As docs/databases.md opens it. */
async function openDatabase(
  url: string,
): Promise<{ readonly store: DeviceStore; readonly close: () => Promise<void> }> {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 3_000 })
  pool.on('error', () => {}) // Of a connection that ends while nobody uses it.
  const store = sqlStore(pgPool(pool))
  await store.migrate()
  return { store, close: () => pool.end() }
}

async function fill(fleet: Fleet, store: DeviceStore, count: number): Promise<void> {
  const now = Date.now()
  for (const [type, prefix] of [
    [station, 'STATION'],
    [pump, 'PUMP'],
  ] as const) {
    const all = Array.from({ length: Math.ceil(count / 2) }, (_, i) => ({
      id: `${prefix}-${String(i + 1).padStart(4, '0')}`,
      attributes: { site: i % 2 ? 'north' : 'south' },
    }))
    for (let at = 0; at < all.length; at += 1_000) {
      const some = all.slice(at, at + 1_000)
      if (at === 0) await fleet.provisionMany(type, some)
      else await store.insertMany!(some.map((each) => recordOf(type.name, each, now)))
      const told = some.flatMap(({ id }, i) =>
        i % 9 === 8 ? [] : [stateOf(type.name, id, i, now)],
      )
      await store.states!.write(told, now)
    }
  }
  if (count > 3) await fleet.revoke(pump, 'PUMP-0002')
}

/** A device that never logs in, which is quicker to make. */
function recordOf(
  type: string,
  { id, attributes }: Pick<DeviceRecord, 'id' | 'attributes'>,
  createdAt: number,
): DeviceRecord {
  const none = { credentials: [], rules: [], revoked: false }
  return { type, id, username: `${type}/${id}`, attributes, ...none, createdAt, revision: 1 }
}

function stateOf(type: string, id: string, i: number, now: number) {
  const isSilent = i % 7 === 3
  const isOffline = i % 11 === 5
  const lastHeard = now - (isOffline ? 7_200_000 : isSilent ? 5_400_000 : (i % 50) * 1_000)
  return {
    type,
    id,
    lastHeard,
    freshUntil: lastHeard + 150_000,
    status: STATES[i % STATES.length]!,
    battery: (i * 37) % 101,
    firmware: FIRMWARES[i % FIRMWARES.length]!,
    connectedAt: now - 86_400_000 + i * 60_000,
    ...(isOffline && { disconnectedAt: now - 7_200_000, endOf: now - 86_400_000 + i * 60_000 }),
  }
}
