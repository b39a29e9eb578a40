/**
 * Presence and last states in the store of a fleet, which its processes share: each writes what it hears
 * in batches, and a device that falls silent is told of once, by whichever process notices.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { withinDeadline } from '../base/deadline.ts'
import { ConfigError } from '../base/errors.ts'
import { describeError, type Logger } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import { quietLog } from '../base/quiet-log.ts'
import type { DeviceRef } from '../device/reference.ts'
import { type DeviceState, MAX_TURNS, type PresenceTurn } from '../device/states.ts'
import { type DeviceType, FRESH_HEARTBEATS } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { Connections } from './connections.ts'
import type { Presence, PresenceChange, PresenceTracker } from './presence.ts'
import { StateNews } from './state-news.ts'

/** What a device said of itself, to be kept. */
export type LastWords = Pick<DeviceState, 'status' | 'battery' | 'firmware' | 'fields'>

/** What {@link storedPresence} takes beside the fleet. */
export interface StoredPresenceOptions {
  /** Told of a write that fails, and of a listener that does. Default: `console`. */
  readonly logger?: Logger
}

/**
 * Keeps presence and last states in a store. Make one with `storedPresence`. What it is told is written
 * about a second later; while the store fails it is kept, of the 100,000 devices that were told of last,
 * and written as soon as the store is well again. Times called `now` are milliseconds since the epoch, and
 * default to the clock.
 */
export interface StoredPresence
  extends Pick<PresenceTracker, 'heard' | 'connected' | 'disconnected' | 'onChange'>,
    AsyncDisposable {
  /** A device said something of itself. A hub tells it beside each `heard`. */
  told(device: DeviceRef, words: LastWords): void
  /** What is on record of a device. @throws {ConfigError} If the type is not of the fleet. */
  of(type: DeviceType, id: string, now?: number): Promise<Presence>
  /**
   * Tells the listeners of the devices that fell silent, each to one of all processes that share the
   * store. Call it every few seconds, as precise as it has to be. Rejects as the store does.
   */
  sweep(now?: number): Promise<void>
  /** Writes what waits, now. Rejects as the store does; what was not written waits on. */
  flush(): Promise<void>
  /**
   * Writes what waits, and nothing more by itself. Settles when that is done; a store that fails is only
   * logged. A second call settles with the first.
   */
  close(): Promise<void>
}

/** Milliseconds from the first news to the write, and the longest pause after one that failed. */
const WRITE_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000
/** Milliseconds for a write, after which it is tried again. */
const WRITE_LIMIT_MS = 5_000

/**
 * Keeps the presence of a fleet in its store. `connected` goes by the connection of a device that began
 * last: one that has several at once is not connected once that one ends.
 *
 * @throws {ConfigError} If the store keeps no states, or an option is unknown.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore, storedPresence } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const presence = storedPresence(fleet)
 * presence.onChange(({ device, presence }) => console.log(device.id, presence.fresh))
 * await presence.sweep()
 * await presence.close()
 * ```
 */
export function storedPresence(
  fleet: Pick<Fleet, 'types' | 'store'>,
  options: StoredPresenceOptions = {},
): StoredPresence {
  checkOptions(options, { logger: true })
  const { states } = fleet.store
  if (!states) throw new ConfigError('store.states', 'is missing: this store keeps no states')
  const log = quietLog(options.logger ?? console)
  const types = new Map(fleet.types.map((type) => [type.name, type]))
  const listeners = new Set<(change: PresenceChange) => void>()
  const connections = new Connections()
  const news = new StateNews()
  let cancel: (() => void) | undefined
  let pause = WRITE_PAUSE_MS
  let writing: Promise<void> | undefined
  let closing: Promise<void> | undefined

  /** Has what is new written in a while. */
  function schedule(): void {
    if (cancel || closing) return
    const run = async () => {
      try {
        await write()
      } catch {
        // It was logged, and is tried again.
      }
      cancel = undefined
      if (news.size > 0) schedule()
    }
    cancel = clock().after(pause, run, true)
  }

  /** Writes all there is. One call at a time: each device is in one batch at most. */
  async function write(): Promise<void> {
    while (writing) await writing.catch(() => {})
    writing = writeBatches()
    try {
      await writing
      pause = WRITE_PAUSE_MS
    } catch (error) {
      pause = Math.min(pause * 2, MAX_PAUSE_MS)
      log.write('error', 'store', `Writing the states of devices failed: ${describeError(error)}`)
      throw error
    } finally {
      writing = undefined
    }
  }

  async function writeBatches(): Promise<void> {
    const dropped = news.takeDropped()
    if (dropped > 0) log.write('error', 'dropped', `What ${dropped} devices told is not kept`)
    for (let batches = news.batches; batches > 0; batches--) {
      const batch = news.take()
      try {
        const work = () => states!.write(batch, clock().date())
        tell(await withinDeadline(WRITE_LIMIT_MS, work, undefined, 'answer of the store'))
      } catch (error) {
        news.putBack(batch)
        throw error
      }
    }
  }

  function tell(turns: readonly PresenceTurn[]): void {
    for (const turn of turns) {
      const change = changeOf(turn)
      for (const listener of listeners) {
        try {
          listener(change)
        } catch (error) {
          log.write('error', 'listener', `A listener of presence failed: ${describeError(error)}`)
        }
      }
    }
  }

  async function close(): Promise<void> {
    cancel?.()
    cancel = undefined
    // It was logged.
    await write().catch(() => {})
    log.close()
  }

  return {
    heard(device, at, now = clock().date()) {
      const type = types.get(device.type)
      if (!type) return
      const lastHeard = Math.min(at ?? now, now)
      const freshUntil = lastHeard + type.heartbeat * FRESH_HEARTBEATS * 1_000
      news.add(device, { lastHeard, freshUntil })
      schedule()
    },

    told(device, words) {
      if (!types.has(device.type)) return
      news.add(device, words)
      schedule()
    },

    connected(event, now = clock().date()) {
      const begun = connections.begin(event, now)
      if (!begun || !types.has(begun.device.type)) return false
      news.add(begun.device, { connectedAt: begun.at })
      schedule()
      return true
    },

    disconnected(event, now = clock().date()) {
      const ended = connections.end(event, now)
      if (!ended || !types.has(ended.device.type)) return false
      if (ended.endOf === undefined) return true
      news.add(ended.device, { disconnectedAt: ended.at, endOf: ended.endOf })
      schedule()
      return true
    },

    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },

    async of(type, id, now = clock().date()) {
      if (types.get(type.name) !== type) {
        throw new ConfigError('types', `the device type "${type.name}" is not one of this fleet`)
      }
      const state: DeviceState = (await states.read(type.name, id)) ?? {}
      const { connected = 'unknown', since, lastHeard, freshUntil = 0 } = state
      return { connected, since, fresh: freshUntil > now, lastHeard }
    },

    async sweep(now = clock().date()) {
      for (;;) {
        const turns = await states.sweep(now)
        tell(turns)
        if (turns.length < MAX_TURNS) return
      }
    },

    flush: write,

    close() {
      closing ??= close()
      return closing
    },

    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function changeOf({ type, id, before, after, since, lastHeard }: PresenceTurn): PresenceChange {
  const { connected = 'unknown', fresh } = after
  return {
    device: { type, id },
    before: { connected: before.connected ?? 'unknown', fresh: before.fresh },
    presence: { connected, since, fresh, lastHeard },
  }
}
