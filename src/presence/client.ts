/**
 * What is known of one client id at one broker, from events in any order and any number of times.
 *
 * A broker has at most one connection for a client id (MQTT 5, section 3.1.4), so its connections
 * follow one another, and two marks say all: the latest that began and the latest that ended. Each
 * only grows, so an event that comes late, or again, changes nothing.
 *
 * @module
 */

/**
 * How long a client id whose session was taken over counts as connected without a word of the
 * connection that took it, in milliseconds. EMQX tries to deliver an event for 45 seconds.
 */
export const TAKEOVER_HOLD_MS = 60_000

/**
 * How far ahead of our clock a time may be, in milliseconds. One that is further ahead is of a clock that
 * is wrong, or that was set back since: marks only grow, so nothing that is told later would count.
 */
export const MAX_AHEAD_MS = 60_000

/** The time an event tells, unless it lies too far ahead: then the order of arrival has to do. */
export function believed(time: number | undefined, now: number): number | undefined {
  return time !== undefined && time > now + MAX_AHEAD_MS ? undefined : time
}

/** Most connections of one client id that are told apart within one millisecond. */
const MAX_TAGS = 8

/** A point in the row of connections. */
interface Mark {
  /** When the connection began, in milliseconds since the epoch. */
  readonly at: number
  /**
   * What tells those that began then apart; `''` for one of which nothing is known. Of an end: which
   * of them are over, beside all that began before.
   */
  readonly tags: Set<string>
}

interface End extends Mark {
  /** When it ended. */
  readonly when: number
  /** Until when another connection is taken to stand in its place; 0 if none does. */
  readonly heldUntil: number
}

/** The end of a connection. */
export interface ClientEnd {
  /** When the connection began. `undefined`: it is the one that stands, if the tags agree. */
  readonly connectedAt: number | undefined
  readonly tag: string
  /** When it ended, by the broker's clock if that told, else by ours. */
  readonly when: number
  /** Whether {@link ClientEnd.when} is the broker's word. */
  readonly isDated: boolean
  readonly takenOver: boolean
}

/** One client id at one broker. */
export class ClientConnections {
  #began: Mark | undefined
  #ended: End | undefined

  /** When the latest connection began; `undefined` if only ends are known. */
  get beganAt(): number | undefined {
    return this.#began?.at
  }

  /** When the latest end came; 0 without one. */
  get endedAt(): number {
    return this.#ended?.when ?? 0
  }

  /** A time for a connection whose broker tells none: now, and after all that is known. */
  nextTime(now: number): number {
    const latest = Math.max(this.#began?.at ?? 0, this.#ended?.at ?? 0)
    return Math.max(now, latest + 1)
  }

  /**
   * Moves what lies too far ahead of our clock to before all that is told now. Whether it is connected
   * stays.
   */
  redate(now: number): void {
    const began = this.#began
    const ended = this.#ended
    if (Math.max(began?.at ?? 0, ended?.at ?? 0) <= now + MAX_AHEAD_MS) return
    const isOver = began !== undefined && this.#isOver(began)
    const dated = ({ at }: Mark) => (at > now + MAX_AHEAD_MS ? now - MAX_AHEAD_MS : at)
    // The latest of the two is to be the latest still.
    if (began) {
      const after = ended && !isOver ? dated(ended) + 1 : Number.NEGATIVE_INFINITY
      this.#began = { at: Math.max(dated(began), after), tags: began.tags }
    }
    if (ended) {
      const after = began && isOver ? dated(began) + 1 : Number.NEGATIVE_INFINITY
      const at = Math.max(dated(ended), after)
      this.#ended = { ...ended, at, when: Math.min(ended.when, now) }
    }
  }

  begin(at: number, tag: string): void {
    if (this.#began && at < this.#began.at) return
    if (this.#began?.at === at) addTag(this.#began.tags, tag)
    else this.#began = { at, tags: new Set([tag]) }
  }

  end(end: ClientEnd, now: number): void {
    const mark = this.#markOf(end)
    const known = this.#ended
    if (!mark || (known && mark.at < known.at)) return
    const heldUntil = end.takenOver ? now + TAKEOVER_HOLD_MS : 0
    if (known?.at !== mark.at) {
      this.#ended = { ...mark, when: end.when, heldUntil }
      return
    }
    for (const tag of mark.tags) addTag(known.tags, tag)
    this.#ended = {
      ...known,
      when: Math.max(known.when, end.when),
      // The same event again holds no longer.
      heldUntil: Math.min(known.heldUntil, heldUntil),
    }
  }

  /** Since when it is connected, or `undefined` if it is not. */
  liveSince(now: number): number | undefined {
    if (this.#began && !this.#isOver(this.#began)) return this.#began.at
    // Not for longer where our clock was set back.
    const hold = (this.#ended?.heldUntil ?? 0) - now
    return hold > 0 && hold <= TAKEOVER_HOLD_MS ? this.#ended?.when : undefined
  }

  /** Which connections an end is the end of: those up to a mark. */
  #markOf({ connectedAt, tag, when, isDated, takenOver }: ClientEnd): Mark | undefined {
    if (connectedAt !== undefined) {
      // Where the taker may have begun in the same millisecond, and cannot be told apart by its
      // tag, only what began before is over for certain.
      const isKnown = !takenOver || tag !== ''
      return { at: connectedAt, tags: new Set(isKnown ? [tag] : []) }
    }
    // A broker may date a taken-over end after the beginning of its taker.
    if (takenOver) return { at: Number.NEGATIVE_INFINITY, tags: new Set() }
    if (isDated) return { at: when, tags: new Set() }
    const began = this.#began
    if (!began) return { at: when, tags: new Set([tag]) }
    if (![...began.tags].some((own) => isSame(own, tag))) return undefined
    return { at: began.at, tags: new Set(tag === '' ? began.tags : [tag]) }
  }

  #isOver({ at, tags }: Mark): boolean {
    const ended = this.#ended
    if (!ended || ended.at < at) return false
    if (ended.at > at) return true
    return [...tags].every((tag) => [...ended.tags].some((other) => isSame(tag, other)))
  }
}

/** Whether two tags may be of one connection. */
function isSame(a: string, b: string): boolean {
  return a === b || a === '' || b === ''
}

function addTag(tags: Set<string>, tag: string): void {
  if (tags.has(tag)) return
  const [oldest] = tags
  if (tags.size === MAX_TAGS && oldest !== undefined) tags.delete(oldest)
  tags.add(tag)
}
