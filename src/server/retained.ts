/**
 * Retained messages (MQTT 5, section 3.3.1.3), within bounds for each owner and for all.
 *
 * @module
 */
import { copyOf } from '../base/text.ts'
import { levelsCover } from '../topic/relation.ts'
import type { ApplicationMessage } from './message.ts'
import { RetainedMessage } from './retained-message.ts'
import type { ServerLimits } from './settings.ts'

/** The part of the bounds that is kept here. */
export type RetainedLimits = Pick<
  ServerLimits,
  'maxRetained' | 'maxRetainedBytes' | 'maxRetainedPerOwner' | 'maxRetainedBytesPerOwner'
>

/** Where topics part. */
class Level {
  below: Map<string, Level | RetainedMessage> | undefined = undefined
  /** That of the topic which ends here. */
  message: RetainedMessage | undefined = undefined

  /** Puts a message under the next level of its topic, or here if there is none. */
  put(name: string | undefined, message: RetainedMessage): void {
    if (name === undefined) this.message = message
    else {
      this.below ??= new Map()
      this.below.set(copyOf(name), message)
    }
  }
}

interface Share {
  count: number
  bytes: number
}

/** The retained messages of a server. */
export class RetainedMessages {
  readonly #limits: RetainedLimits
  readonly #root = new Level()
  readonly #all: Share = { count: 0, bytes: 0 }
  readonly #owners = new Map<string, Share>()
  /** None expires before. */
  #nextExpiry = Infinity

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
  set(owner: string, message: ApplicationMessage, now: number): boolean {
    const wanted = new RetainedMessage(owner, message)
    let before = this.#find(wanted.topic)
    if (!this.#hasRoom(wanted, before)) {
      if (!this.#dropExpired(now)) return false
      before = this.#find(wanted.topic)
      if (!this.#hasRoom(wanted, before)) return false
    }
    if (before) this.#count(before, -1)
    this.#put(wanted)
    this.#count(wanted, 1)
    this.#nextExpiry = Math.min(this.#nextExpiry, wanted.expiresAt)
    return true
  }

  /** Forgets the message of a topic name. */
  delete(topic: string): void {
    const path: [level: Level, name: string][] = []
    let branch: Level | RetainedMessage | undefined = this.#root
    for (const name of topic.split('/')) {
      if (!(branch instanceof Level)) break
      path.push([branch, name])
      branch = branch.below?.get(name)
    }
    const message = branch instanceof Level ? branch.message : branch
    if (message?.topic !== topic) return
    this.#count(message, -1)
    if (branch instanceof Level) branch.message = undefined
    for (const [above, name] of path.reverse()) {
      const left = above.below!.get(name)
      if (left instanceof Level && (left.message || (left.below && left.below.size > 0))) return
      above.below!.delete(name)
    }
  }

  /** Whether a message is the one of its topic now. */
  has(message: RetainedMessage): boolean {
    return this.#find(message.topic) === message
  }

  /**
   * The messages that a filter matches, in no order. Those that have expired are forgotten.
   *
   * @param levels The filter's, well formed and without a share prefix.
   */
  match(levels: readonly string[], now: number): readonly RetainedMessage[] {
    const found: RetainedMessage[] = []
    collect(this.#root, levels, 0, found)
    const expired = found.filter(({ expiresAt }) => expiresAt <= now)
    for (const { topic } of expired) this.delete(topic)
    return expired.length === 0 ? found : found.filter(({ expiresAt }) => expiresAt > now)
  }

  #find(topic: string): RetainedMessage | undefined {
    let branch: Level | RetainedMessage | undefined = this.#root
    for (const name of topic.split('/')) {
      if (!(branch instanceof Level)) break
      branch = branch.below?.get(name)
    }
    const message = branch instanceof Level ? branch.message : branch
    return message?.topic === topic ? message : undefined
  }

  /** Puts a message where its topic parts from all others, which is above its end for most. */
  #put(message: RetainedMessage): void {
    const levels = message.topic.split('/')
    let level = this.#root
    for (const [at, name] of levels.entries()) {
      const branch = level.below?.get(name)
      if (!branch) {
        level.put(name, message)
        return
      }
      if (branch instanceof Level) level = branch
      else if (branch.topic === message.topic) {
        level.below!.set(name, message)
        return
      } else {
        const parting = new Level()
        parting.put(branch.topic.split('/')[at + 1], branch)
        level.below!.set(copyOf(name), parting)
        level = parting
      }
    }
    level.put(undefined, message)
  }

  /** Forgets what has expired. Tells whether that may have been something. */
  #dropExpired(now: number): boolean {
    if (now < this.#nextExpiry) return false
    const all: RetainedMessage[] = []
    collectAll(this.#root, false, all)
    this.#nextExpiry = Infinity
    for (const { topic, expiresAt } of all) {
      if (expiresAt <= now) this.delete(topic)
      else this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt)
    }
    return true
  }

  #hasRoom({ owner, bytes }: RetainedMessage, before: RetainedMessage | undefined): boolean {
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

  #count({ owner, bytes }: RetainedMessage, sign: 1 | -1): void {
    const own = this.#owners.get(owner) ?? { count: 0, bytes: 0 }
    this.#owners.set(owner, own)
    for (const share of [this.#all, own]) {
      share.count += sign
      share.bytes += sign * bytes
    }
    if (own.count === 0) this.#owners.delete(owner)
  }
}

function collect(
  level: Level,
  filter: readonly string[],
  at: number,
  found: RetainedMessage[],
): void {
  const want = filter[at]
  if (want === undefined) {
    if (level.message) found.push(level.message)
  } else if (want === '#') {
    collectAll(level, at === 0, found)
  } else if (want !== '+') {
    collectFrom(level.below?.get(want), filter, at + 1, found)
  } else {
    for (const [name, next] of level.below ?? []) {
      // Wildcards at the first level do not reach names that begin with "$" (section 4.7.2).
      if (at > 0 || !name.startsWith('$')) collectFrom(next, filter, at + 1, found)
    }
  }
}

function collectFrom(
  branch: Level | RetainedMessage | undefined,
  filter: readonly string[],
  at: number,
  found: RetainedMessage[],
): void {
  if (branch instanceof Level) collect(branch, filter, at, found)
  else if (branch && levelsCover(filter, branch.topic.split('/'))) found.push(branch)
}

/** "#" matches its parent level, too (section 4.7.1.2). */
function collectAll(level: Level, isFirst: boolean, found: RetainedMessage[]): void {
  if (level.message) found.push(level.message)
  for (const [name, next] of level.below ?? []) {
    if (isFirst && name.startsWith('$')) continue
    if (next instanceof Level) collectAll(next, false, found)
    else found.push(next)
  }
}
