/**
 * Retained messages (MQTT 5, section 3.3.1.3), within bounds for each owner and for all.
 *
 * @module
 */
import type { ApplicationMessage } from './message.ts'
import type { ServerLimits } from './settings.ts'

/** The part of the bounds that is kept here. */
export type RetainedLimits = Pick<
  ServerLimits,
  'maxRetained' | 'maxRetainedBytes' | 'maxRetainedPerOwner' | 'maxRetainedBytesPerOwner'
>

/** What a level of a topic takes. */
const LEVEL_BYTES = 250

interface Entry {
  readonly message: ApplicationMessage
  readonly owner: string
  readonly bytes: number
}

/** A level of the topics that have one. Most are the last of theirs, and have none below. */
interface Level {
  below: Map<string, Level> | undefined
  entry: Entry | undefined
}

interface Share {
  count: number
  bytes: number
}

/** The retained messages of a server. */
export class RetainedMessages {
  readonly #limits: RetainedLimits
  readonly #root: Level = newLevel()
  readonly #all: Share = { count: 0, bytes: 0 }
  readonly #owners = new Map<string, Share>()

  constructor(limits: RetainedLimits) {
    this.#limits = limits
  }

  /** How many there are. */
  get size(): number {
    return this.#all.count
  }

  /** Bytes they take. */
  get bytes(): number {
    return this.#all.bytes
  }

  /**
   * Keeps a message in the place of the one its topic had. Returns `false`, and leaves that one, if
   * there is no room for it.
   */
  set(owner: string, message: ApplicationMessage): boolean {
    const levels = message.topic.split('/')
    const before = this.#find(levels)?.entry
    const entry = { owner, message, bytes: message.bytes + LEVEL_BYTES * levels.length }
    if (!this.#hasRoom(entry, before)) return false
    let level = this.#root
    for (const name of levels) {
      level.below ??= new Map()
      let next = level.below.get(name)
      if (!next) {
        next = newLevel()
        level.below.set(name, next)
      }
      level = next
    }
    if (before) this.#count(before, -1)
    level.entry = entry
    this.#count(entry, 1)
    return true
  }

  /** Forgets the message of a topic name. */
  delete(topic: string): void {
    const path: [level: Level, name: string][] = []
    let level = this.#root
    for (const name of topic.split('/')) {
      const next = level.below?.get(name)
      if (!next) return
      path.push([level, name])
      level = next
    }
    if (!level.entry) return
    this.#count(level.entry, -1)
    level.entry = undefined
    for (const [above, name] of path.reverse()) {
      const { entry, below } = above.below!.get(name)!
      if (entry || (below && below.size > 0)) return
      above.below!.delete(name)
    }
  }

  /** Whether a message is the one of its topic now. */
  has(message: ApplicationMessage): boolean {
    return this.#find(message.topic.split('/'))?.entry?.message === message
  }

  /**
   * The messages that a filter matches, in no order. Those that have expired are forgotten.
   *
   * @param levels The filter's, well formed and without a share prefix.
   */
  match(levels: readonly string[], now: number): readonly ApplicationMessage[] {
    const found: ApplicationMessage[] = []
    collect(this.#root, levels, 0, found)
    const expired = found.filter(({ expiresAt }) => expiresAt <= now)
    for (const { topic } of expired) this.delete(topic)
    return expired.length === 0 ? found : found.filter(({ expiresAt }) => expiresAt > now)
  }

  #find(levels: readonly string[]): Level | undefined {
    let level: Level | undefined = this.#root
    for (const name of levels) level = level?.below?.get(name)
    return level
  }

  #hasRoom({ owner, bytes }: Entry, before: Entry | undefined): boolean {
    const own = this.#owners.get(owner) ?? { count: 0, bytes: 0 }
    const freed = before?.bytes ?? 0
    const ownFreed = before?.owner === owner ? freed : 0
    const more = before ? 0 : 1
    const ownMore = before?.owner === owner ? 0 : 1
    const { maxRetained, maxRetainedBytes } = this.#limits
    const { maxRetainedPerOwner, maxRetainedBytesPerOwner } = this.#limits
    return (
      this.#all.count + more <= maxRetained &&
      this.#all.bytes - freed + bytes <= maxRetainedBytes &&
      own.count + ownMore <= maxRetainedPerOwner &&
      own.bytes - ownFreed + bytes <= maxRetainedBytesPerOwner
    )
  }

  #count({ owner, bytes }: Entry, sign: 1 | -1): void {
    const own = this.#owners.get(owner) ?? { count: 0, bytes: 0 }
    this.#owners.set(owner, own)
    for (const share of [this.#all, own]) {
      share.count += sign
      share.bytes += sign * bytes
    }
    if (own.count === 0) this.#owners.delete(owner)
  }
}

function newLevel(): Level {
  return { below: undefined, entry: undefined }
}

function collect(
  level: Level,
  filter: readonly string[],
  at: number,
  found: ApplicationMessage[],
): void {
  const want = filter[at]
  if (want === undefined) {
    if (level.entry) found.push(level.entry.message)
    return
  }
  if (want === '#') {
    collectAll(level, at === 0, found)
    return
  }
  if (want !== '+') {
    const next = level.below?.get(want)
    if (next) collect(next, filter, at + 1, found)
    return
  }
  for (const [name, next] of level.below ?? []) {
    // Wildcards at the first level do not reach names that begin with "$" (section 4.7.2).
    if (at > 0 || !name.startsWith('$')) collect(next, filter, at + 1, found)
  }
}

/** "#" matches its parent level, too (section 4.7.1.2). */
function collectAll(level: Level, isFirst: boolean, found: ApplicationMessage[]): void {
  if (level.entry) found.push(level.entry.message)
  for (const [name, next] of level.below ?? []) {
    if (!isFirst || !name.startsWith('$')) collectAll(next, false, found)
  }
}
