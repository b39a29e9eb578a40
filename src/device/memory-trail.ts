/**
 * A {@link DeviceTrail} in memory: the reference for the contract.
 *
 * @module
 */
import { checkEntries, type DeviceTrail, readTrailQuery, type TrailEntry } from './trail.ts'

/** Most entries that are kept. */
const MAX_KEPT = 10_000

interface Kept {
  /** Counts the entries before it, from 1. */
  readonly place: number
  entry: TrailEntry
}

/** Makes an empty one. */
export function memoryTrail(): DeviceTrail {
  // By id, in the order in which they came.
  const kept = new Map<string, Kept>()
  let written = 0

  return {
    async write(entries) {
      checkEntries(entries)
      for (const entry of entries) {
        const known = kept.get(entry.id)
        if (!known) kept.set(entry.id, { place: ++written, entry: structuredClone(entry) })
        else if (known.entry.result === 'begun') {
          known.entry = { ...known.entry, result: entry.result }
        }
      }
      for (const id of kept.keys()) {
        if (kept.size <= MAX_KEPT) break
        kept.delete(id)
      }
    },

    async list(query) {
      const { before = Number.POSITIVE_INFINITY, limit, ...filter } = readTrailQuery(query)
      const { type, id, operator, action, from, until } = filter
      const is = (wanted: unknown, found: unknown) => wanted === undefined || wanted === found
      const isWanted = ({ at, device, ...entry }: TrailEntry) =>
        is(type, device?.type) &&
        is(id, device?.id) &&
        is(operator, entry.operator) &&
        is(action, entry.action) &&
        (from === undefined || at >= from) &&
        (until === undefined || at < until)
      const found = [...kept.values()]
        .reverse()
        .filter(({ place, entry }) => place < before && isWanted(entry))
      const page = found.slice(0, limit)
      const entries = page.map(({ entry }) => structuredClone(entry))
      return found.length > limit ? { entries, cursor: `${page.at(-1)!.place}` } : { entries }
    },
  }
}
