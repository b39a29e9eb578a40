/**
 * A change as one process tells it to the others.
 *
 * @module
 */
import { CHANGE_PROBLEMS, type FleetChange } from './changes.ts'

/** What is told of a change. */
export interface Announcement {
  readonly change: FleetChange
  /** Tells this change apart from all others. */
  readonly id: string
  /** The names of the shared ways that whoever made the change has, and takes itself. */
  readonly ways: readonly string[]
}

/** Longest text that is read as a name. The longest that a store has is shorter. */
const MAX_TEXT_LENGTH = 1_024

/** An announcement as JSON. */
export function writeAnnouncement({ change, id, ways }: Announcement): string {
  const { kind, username } = change
  const about = kind === 'tokens-revoked' ? ['', `${change.issuedUntil}`] : [change.type, change.id]
  return JSON.stringify([id, kind, ...about, username, ...ways])
}

/** Several of them, as {@link writeAnnouncement} wrote them, as one text. */
export function joinAnnouncements(written: readonly string[]): string {
  return `[${written.join()}]`
}

/** A text as announcements. One that this version does not know is `undefined`. */
export function readAnnouncements(text: string): readonly (Announcement | undefined)[] {
  try {
    const found: unknown = JSON.parse(text)
    if (Array.isArray(found)) return found.map(announcementOf)
  } catch {
    // It is none of ours.
  }
  return [undefined]
}

function announcementOf(found: unknown): Announcement | undefined {
  if (!Array.isArray(found) || found.length < 5 || !found.every(isText)) return undefined
  const [id, kind, type, device, username, ...ways] = found as [
    ...[id: string, kind: string, type: string, device: string, username: string],
    ...ways: string[],
  ]
  if (!isKind(kind)) return undefined
  if (kind !== 'tokens-revoked') return { id, change: { kind, type, id: device, username }, ways }
  const issuedUntil = Number(device)
  return Number.isSafeInteger(issuedUntil)
    ? { id, change: { kind, username, issuedUntil }, ways }
    : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH
}

function isKind(kind: string): kind is FleetChange['kind'] {
  return Object.hasOwn(CHANGE_PROBLEMS, kind)
}
