/**
 * Readings as a list: `{"readings":[{"type":"temperature","value":21.5}]}`.
 *
 * @module
 */
import { PayloadError, type PayloadIssue } from '../base/errors.ts'
import { printable, quote } from '../base/quote.ts'

/** A list of readings as the object that a type declares, and where each of its keys came from. */
export interface FlatReadings {
  readonly value: Readonly<Record<string, unknown>>
  /** The place of each reading in the list, by its name. */
  readonly places: ReadonlyMap<string, number>
}

/**
 * Makes a flat object of the readings and of what stands beside the list. Keys of a reading beside
 * `type` and `value` are left alone.
 *
 * @throws {PayloadError} If it is no such list, or a name is given twice: one of the two would be lost.
 */
export function flattenReadings(
  { readings, ...beside }: Readonly<Record<string, unknown>>,
  what: string,
): FlatReadings {
  if (!Array.isArray(readings)) {
    const message = 'must be a list of objects with "type" and "value"'
    throw new PayloadError(what, [{ path: 'readings', message }])
  }
  // A map first: a reading named `__proto__` then becomes a key like any other.
  const entries = new Map(Object.entries(beside))
  const places = new Map<string, number>()
  const issues: PayloadIssue[] = []
  for (const [i, reading] of readings.entries()) {
    const issue = findProblem(reading, entries)
    if (issue) {
      issues.push({ ...issue, path: `readings.${i}${issue.path}` })
    } else {
      entries.set(reading.type, reading.value)
      places.set(reading.type, i)
    }
  }
  if (issues.length > 0) throw new PayloadError(what, issues)
  return { value: Object.fromEntries(entries), places }
}

function findProblem(
  reading: unknown,
  taken: ReadonlyMap<string, unknown>,
): PayloadIssue | undefined {
  if (typeof reading !== 'object' || reading === null || Array.isArray(reading)) {
    return { path: '', message: 'must be an object with "type" and "value"' }
  }
  const { type } = reading as { readonly type?: unknown }
  if (typeof type !== 'string') return { path: '.type', message: 'must be a text' }
  if (!Object.hasOwn(reading, 'value')) return { path: '.value', message: 'is missing' }
  if (!taken.has(type)) return undefined
  return { path: '.type', message: `is there twice: ${quote(type)}` }
}

const MAX_NAME_LENGTH = 50

/** What a schema found in the flat object, with paths into the list as it was sent. */
export function inList(
  { issues }: PayloadError,
  { places }: FlatReadings,
  what: string,
): PayloadError {
  const moved = issues.map((issue) => {
    for (const [name, place] of places) {
      if (issue.path !== name && !issue.path.startsWith(`${name}.`)) continue
      const path = `readings.${place}.value${issue.path.slice(name.length)}`
      return { path, message: `${printable(name, MAX_NAME_LENGTH)}: ${issue.message}` }
    }
    return issue
  })
  return new PayloadError(what, moved)
}
