/**
 * Keeps the presence of many devices in memory.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import { quietLog } from '../base/quiet-log.ts'
import type { DeviceRef } from '../device/reference.ts'
import { type DeviceType, FRESH_HEARTBEATS } from '../device/type.ts'
import { believed, ClientConnections, MAX_AHEAD_MS } from './client.ts'
import type {
  ConnectionRef,
  DevicePresence,
  Presence,
  PresenceChange,
  PresenceOptions,
  PresenceQuery,
  PresenceTracker,
} from './presence.ts'

/** Most client ids of one device that are kept. */
const MAX_CLIENTS_PER_DEVICE = 8

const DEFAULT_MAX_DEVICES = 100_000

/** A client id at one broker, and the device that has it. */
interface Client {
  readonly key: string
  readonly connections: ClientConnections
  device: DeviceState
}

interface DeviceState {
  readonly ref: DeviceRef
  readonly type: DeviceType
  readonly clients: Set<Client>
  lastHeard: number | undefined
  /** The same, by the clock for durations. */
  heardOn: number
  /** When a connection ended that is not among the clients any more. */
  lastEnded: number | undefined
  /** What the listeners know. */
  told: Pick<Presence, 'connected' | 'fresh'>
}

const OPTIONS: Record<keyof PresenceOptions, true> = {
  types: true,
  maxDevices: true,
  logger: true,
}

const QUERY: Record<keyof PresenceQuery, true> = { type: true, connected: true, fresh: true }

/**
 * Makes a tracker. It keeps what it knows in memory, for one process, and forgets it with that:
 * until the broker tells something again, `connected` is `unknown`.
 *
 * For each device it keeps 8 client ids; beyond that the one whose connection began first is
 * forgotten, those that are not connected before those that are.
 *
 * @throws {ConfigError} If `maxDevices` is out of range, or two types have one name.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore, presenceTracker } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const presence = presenceTracker({ types: fleet.types })
 * presence.onChange(({ device, presence }) => console.log(device.id, presence.connected))
 * presence.of(pump, 'P-1').connected // 'unknown'
 * presence.list({ type: pump, connected: true }) // []
 * ```
 */
export function presenceTracker(options: PresenceOptions): PresenceTracker {
  checkOptions(options, OPTIONS)
  const { types, maxDevices = DEFAULT_MAX_DEVICES, logger = console } = options
  const log = quietLog(logger)
  if (!Number.isSafeInteger(maxDevices) || maxDevices < 1) {
    throw new ConfigError('maxDevices', 'must be a whole number of at least 1')
  }
  if (!Array.isArray(types)) throw new ConfigError('types', 'must be a list of device types')
  const byName = new Map(types.map((type) => [type.name, type]))
  if (byName.size < types.length) throw new ConfigError('types', 'two of them have one name')
  // By least recent event or message first.
  const devices = new Map<string, DeviceState>()
  const clients = new Map<string, Client>()
  const listeners = new Set<(change: PresenceChange) => void>()

  /** The state of a device, as the most recent one. `undefined` if its type is unknown. */
  function touch(ref: DeviceRef): DeviceState | undefined {
    const type = byName.get(ref.type)
    if (!type) return undefined
    const key = keyOf(ref)
    const state = devices.get(key) ?? {
      ref: { type: ref.type, id: ref.id },
      type,
      clients: new Set(),
      lastHeard: undefined,
      heardOn: Number.NEGATIVE_INFINITY,
      lastEnded: undefined,
      told: { connected: 'unknown', fresh: false },
    }
    devices.delete(key)
    devices.set(key, state)
    if (devices.size > maxDevices) forgetOldest()
    return state
  }

  function forgetOldest(): void {
    for (const [key, state] of devices) {
      devices.delete(key)
      for (const client of state.clients) clients.delete(client.key)
      return
    }
  }

  /** The client an event is about, made if the event says whose it is. */
  function findClient(
    event: ConnectionRef & { readonly device?: DeviceRef | undefined },
    now: number,
  ): Client | undefined {
    const key = JSON.stringify([event.broker, event.clientId])
    const known = clients.get(key)
    if (known) {
      known.connections.redate(now)
      touch(known.device.ref)
      return known
    }
    const device = event.device && touch(event.device)
    if (!device) return undefined
    const client: Client = { key, connections: new ClientConnections(), device }
    clients.set(key, client)
    if (device.clients.size === MAX_CLIENTS_PER_DEVICE) drop(device, now)
    device.clients.add(client)
    return client
  }

  /** Forgets one client id of a device. */
  function drop(device: DeviceState, now: number): void {
    const isLive = ({ connections }: Client) => connections.liveSince(now) !== undefined
    const began = ({ connections }: Client) => connections.beganAt ?? 0
    const [first] = [...device.clients].sort(
      (a, b) => Number(isLive(a)) - Number(isLive(b)) || began(a) - began(b),
    )
    if (!first) return
    leave(device, first, first.connections.endedAt)
    clients.delete(first.key)
  }

  /** Takes a client id from a device. */
  function leave(device: DeviceState, client: Client, endedAt: number): void {
    device.clients.delete(client)
    device.lastEnded = Math.max(device.lastEnded ?? 0, endedAt)
  }

  /** Gives a client id to the device that connected under it last. */
  function own(client: Client, ref: DeviceRef, at: number, now: number): void {
    const before = client.device
    if (isSameDevice(before.ref, ref)) return
    const next = touch(ref)
    if (!next) return
    const { beganAt, endedAt } = client.connections
    if (beganAt !== undefined && beganAt > at) {
      next.lastEnded = Math.max(next.lastEnded ?? 0, beganAt)
      tell(next, now)
      return
    }
    leave(before, client, client.connections.liveSince(now) === undefined ? endedAt : at)
    if (next.clients.size === MAX_CLIENTS_PER_DEVICE) drop(next, now)
    next.clients.add(client)
    client.device = next
    tell(before, now)
  }

  function presenceOf(state: DeviceState, now: number | undefined): Presence {
    const { lastHeard, type } = state
    const fresh = silenceOf(state, now) <= type.heartbeat * FRESH_HEARTBEATS * 1_000
    return { ...connectionOf(state, now ?? clock().date()), fresh, lastHeard }
  }

  function tell(state: DeviceState, now: number | undefined): void {
    const { told: before, ref: device } = state
    const presence = presenceOf(state, now)
    if (presence.connected === before.connected && presence.fresh === before.fresh) return
    state.told = { connected: presence.connected, fresh: presence.fresh }
    for (const listener of listeners) {
      try {
        listener({ device, before, presence })
      } catch (error) {
        log.write('error', 'listener', `A listener of presence failed: ${describeError(error)}`)
      }
    }
  }

  function checkType(type: DeviceType): void {
    if (byName.get(type.name) === type) return
    throw new ConfigError('types', `the device type "${type.name}" is not one of this tracker`)
  }

  return {
    heard(ref, at, told) {
      const device = touch(ref)
      if (!device) return
      const now = told ?? clock().date()
      const time = Math.min(at ?? now, now)
      const known = device.lastHeard
      if (known === undefined || time >= known || known > now + MAX_AHEAD_MS) {
        device.lastHeard = time
        device.heardOn = clock().now() - (now - time)
      }
      tell(device, told)
    },

    connected(event, told) {
      const now = told ?? clock().date()
      const client = findClient(event, now)
      if (!client) return false
      const { connections } = client
      const at = believed(event.connectedAt, now) ?? connections.nextTime(now)
      if (event.device) own(client, event.device, at, now)
      connections.begin(at, event.connection ?? '')
      tell(client.device, told)
      return true
    },

    disconnected(event, told) {
      const now = told ?? clock().date()
      const client = findClient(event, now)
      if (!client) return false
      const { connection = '', takenOver = false } = event
      const connectedAt = believed(event.connectedAt, now)
      const disconnectedAt = believed(event.disconnectedAt, now)
      const when = disconnectedAt ?? now
      const isDated = disconnectedAt !== undefined
      client.connections.end({ connectedAt, tag: connection, when, isDated, takenOver }, now)
      tell(client.device, told)
      return true
    },

    of(type, id, now) {
      checkType(type)
      const state = devices.get(keyOf({ type: type.name, id }))
      if (state) return presenceOf(state, now)
      return { connected: 'unknown', since: undefined, fresh: false, lastHeard: undefined }
    },

    list(query = {}, now) {
      checkQuery(query)
      const { type, connected, fresh } = query
      if (type !== undefined) checkType(type)
      const found: DevicePresence[] = []
      for (const state of devices.values()) {
        if (type !== undefined && state.type !== type) continue
        const presence = presenceOf(state, now)
        if (connected !== undefined && presence.connected !== connected) continue
        if (fresh !== undefined && presence.fresh !== fresh) continue
        found.push({ ...state.ref, ...presence })
      }
      return found.reverse()
    },

    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },

    sweep(now) {
      for (const state of devices.values()) tell(state, now)
    },
  }
}

function checkQuery(query: PresenceQuery): void {
  checkOptions(query, QUERY, 'query')
  const { connected = true, fresh = true } = query
  if (connected !== 'unknown' && typeof connected !== 'boolean') {
    throw new ConfigError('query.connected', 'must be true, false or "unknown"')
  }
  if (typeof fresh !== 'boolean') throw new ConfigError('query.fresh', 'must be true or false')
}

/** For how long nothing was heard of a device: by the clock for durations, unless a time is given. */
function silenceOf({ lastHeard, heardOn }: DeviceState, now: number | undefined): number {
  if (lastHeard === undefined) return Number.POSITIVE_INFINITY
  return now === undefined || now < lastHeard ? clock().now() - heardOn : now - lastHeard
}

function connectionOf(
  { clients, lastEnded }: DeviceState,
  now: number,
): Pick<Presence, 'connected' | 'since'> {
  let begin: number | undefined
  let end = lastEnded
  for (const { connections } of clients) {
    const since = connections.liveSince(now)
    if (since === undefined) end = Math.max(end ?? 0, connections.endedAt)
    else begin = Math.min(begin ?? since, since)
  }
  if (begin !== undefined) return { connected: true, since: begin }
  if (end !== undefined) return { connected: false, since: end }
  return { connected: 'unknown', since: undefined }
}

function isSameDevice(a: DeviceRef, b: DeviceRef): boolean {
  return a.type === b.type && a.id === b.id
}

function keyOf({ type, id }: DeviceRef): string {
  return `${type}/${id}`
}
