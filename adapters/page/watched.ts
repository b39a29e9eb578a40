/**
 * The states of the devices that one stream tells of: as the store has them, and as they come in.
 *
 * @module
 */
import type { DeviceRef } from '../../src/device/reference.ts'
import type { DeviceState } from '../../src/device/states.ts'
import { FRESH_HEARTBEATS } from '../../src/device/type.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { lastWordsOf } from '../../src/hub/last-words.ts'
import type { LastWords } from '../../src/presence/stored.ts'
import { type Operator, sees } from '../admin/operator.ts'
import { keyOf } from './query.ts'
import type { HeardMessage } from './source.ts'
import type { LiveDevice } from './wire.ts'

/** How many are read from the store at once. */
const READ_AT_ONCE = 10

/** What is known of a device. */
interface Watched {
  readonly ref: DeviceRef
  /** Whether it is on record, and the operator sees it. */
  isSeen: boolean
  isRevoked: boolean
  /** As the store had it. */
  stored: DeviceState
  /** When it was heard from since, and until when it is fresh. */
  lastHeard: number
  freshUntil: number
  /** What it said since, and when. */
  words: LastWords
  wordsAt: number
  /** What was told of it last, as JSON. */
  told: string | undefined
}

/** See the module. */
export class WatchedDevices {
  readonly #fleet: Fleet
  readonly #operator: Operator
  readonly #devices: ReadonlyMap<string, Watched>

  constructor(fleet: Fleet, operator: Operator, refs: readonly DeviceRef[]) {
    this.#fleet = fleet
    this.#operator = operator
    this.#devices = new Map(
      refs.map((ref) => [
        keyOf(ref),
        {
          ...{ ref, isSeen: false, isRevoked: false, stored: {}, told: undefined },
          ...{ lastHeard: 0, freshUntil: 0, words: {}, wordsAt: 0 },
        },
      ]),
    )
  }

  /** Whether it is on record, and the operator sees it, as it was read last. */
  isSeen(ref: DeviceRef): boolean {
    return this.#devices.get(keyOf(ref))?.isSeen ?? false
  }

  /** Reads all of them from the store. Rejects as it does, where there are none too. */
  async read(): Promise<void> {
    const all = [...this.#devices.values()]
    // Whoever looks at brokers or at the log has to know as well that the store does not answer.
    if (all.length === 0) await this.#fleet.store.list({ limit: 1 })
    for (let i = 0; i < all.length; i += READ_AT_ONCE) {
      await Promise.all(all.slice(i, i + READ_AT_ONCE).map((watched) => this.#readOne(watched)))
    }
  }

  /** A message came. */
  heard({ device, type, channel, value, at, isRetained }: HeardMessage): void {
    const watched = this.#devices.get(keyOf(device))
    // What the broker had stored says nothing of now, as to a hub.
    if (!watched || isRetained) return
    watched.lastHeard = Math.max(watched.lastHeard, at)
    watched.freshUntil = Math.max(
      watched.freshUntil,
      at + type.heartbeat * FRESH_HEARTBEATS * 1_000,
    )
    const words = lastWordsOf(type, channel, value, () => {})
    if (!words) return
    const fields = { ...watched.words.fields, ...words.fields }
    const hasFields = Object.keys(fields).length > 0
    watched.words = { ...watched.words, ...words, ...(hasFields && { fields }) }
    watched.wordsAt = at
  }

  /** Those of which something is new since it was asked last. */
  news(now: number): readonly LiveDevice[] {
    return [...this.#devices.values()].flatMap((watched) => {
      const { told, isSeen } = watched
      if (!isSeen && told === undefined) return []
      const device = isSeen ? liveOf(watched, now) : goneOf(watched)
      const text = JSON.stringify(device)
      if (text === told) return []
      watched.told = text
      return [device]
    })
  }

  async #readOne(watched: Watched): Promise<void> {
    const { type, id } = watched.ref
    const { store, types } = this.#fleet
    if (!types.some(({ name }) => name === type)) return
    const [record, state = {}] = await Promise.all([
      store.get(type, id),
      store.states?.read(type, id),
    ])
    watched.isSeen = record !== undefined && sees(this.#operator, record)
    watched.isRevoked = record?.revoked ?? false
    watched.stored = state
  }
}

function liveOf(watched: Watched, now: number): LiveDevice {
  const { ref, stored, words, wordsAt, isRevoked } = watched
  // The store has it about a second later, and what others heard as well.
  const isNewer = wordsAt >= (stored.lastHeard ?? 0)
  const lastHeard = Math.max(watched.lastHeard, stored.lastHeard ?? 0)
  const freshUntil = Math.max(watched.freshUntil, stored.freshUntil ?? 0)
  const state: DeviceState = {
    ...stored,
    ...(isNewer && {
      ...words,
      ...(words.fields && { fields: { ...stored.fields, ...words.fields } }),
    }),
    ...(lastHeard > 0 && { lastHeard, freshUntil }),
  }
  return { ...ref, gone: false, revoked: isRevoked, fresh: now < freshUntil, state }
}

function goneOf({ ref }: Watched): LiveDevice {
  return { ...ref, gone: true, revoked: false, fresh: false, state: {} }
}
