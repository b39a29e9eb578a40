/**
 * Failed logins counted for a while, so that guessing becomes slow. What cannot be guessed is not
 * slowed down: a device with a generated password is let in whoever fails under its name.
 *
 * @module
 */
import { keyedHash } from '../credential/keyed-hash.ts'

/** What failed logins are counted by. */
export interface LoginSource {
  readonly username: string
  /** Where the client connects from, as `peerName` tells it, if the broker does. */
  readonly peer?: string | undefined
}

/** Counts failed logins. Make one with {@link loginThrottle}. */
export interface LoginThrottle {
  /**
   * Counts an attempt before it is made: of many at once no more are made than may fail. Returns how
   * to take it back, or `undefined` if there were too many; then it is not counted.
   *
   * @param now Milliseconds, of any clock.
   */
  begin(source: LoginSource, now: number): (() => void) | undefined
  /** Counts a failure. */
  addFailure(source: LoginSource, now: number): void
}

/** Failures of one user name that are let pass within {@link THROTTLE_WINDOW_MS}. */
export const MAX_USER_FAILURES = 10

/** Failures of one peer: many devices may stand behind one address. */
export const MAX_PEER_FAILURES = 100

/** For how long a failure counts at least, in milliseconds; a third of it more at most. */
export const THROTTLE_WINDOW_MS = 60_000

/** Into how many parts a window is cut. One more is kept, so that a failure counts for all of it. */
const PARTS = 3
const PART_MS = THROTTLE_WINDOW_MS / PARTS
/** Each name is counted in so many cells, and the least of them counts. */
const ROWS = 4
const MAX_COUNT = 255
/** Longest name that is told from others, in characters: no name on record is as long. */
const MAX_NAME = 256

/** The counts of one part of a window. */
interface Part {
  readonly number: number
  readonly cells: Uint8Array
}

/**
 * Counts by name in a fixed number of cells (a count-min sketch), under a key of its own: a name is
 * never counted less than it failed. More, only if each of its cells is one of other names too. So
 * failures of others make nobody's forgotten, and too many of them throttle whom they meet there.
 */
class FailureCounter {
  readonly #limit: number
  readonly #width: number
  #parts: readonly Part[] = []

  /** @param width Cells of a row, a power of 2. */
  constructor(limit: number, width: number) {
    this.#limit = limit
    this.#width = width
  }

  /** The cells of a name. @param mac Makes hexadecimal digits of a text that nobody can foresee. */
  find(mac: (text: string) => string, name: string): readonly number[] {
    const digits = mac(name.slice(0, MAX_NAME))
    return Array.from({ length: ROWS }, (_, row) => {
      const number = Number.parseInt(digits.slice(row * 8, row * 8 + 8), 16)
      return row * this.#width + (number & (this.#width - 1))
    })
  }

  isOver(cells: readonly number[], now: number): boolean {
    const parts = this.#partsAt(now)
    return cells.every((cell) => {
      let count = 0
      for (const part of parts) count += part.cells[cell]!
      return count >= this.#limit
    })
  }

  /** Counts one. Returns how to take it back. */
  add(cells: readonly number[], now: number): () => void {
    const part = this.#partsAt(now)[0]!
    for (const cell of cells) if (part.cells[cell]! < MAX_COUNT) part.cells[cell]!++
    return () => {
      // What was counted no further is not known any more: rather too much than too little.
      for (const cell of cells) if (part.cells[cell]! < MAX_COUNT) part.cells[cell]!--
    }
  }

  /** The parts that count, the one of now first. */
  #partsAt(now: number): readonly Part[] {
    // A clock that is set back makes nothing forgotten.
    const number = Math.max(Math.floor(now / PART_MS), this.#parts[0]?.number ?? -Infinity)
    if (this.#parts[0]?.number !== number) {
      const kept = this.#parts.filter((part) => part.number >= number - PARTS)
      this.#parts = [{ number, cells: new Uint8Array(ROWS * this.#width) }, ...kept]
    }
    return this.#parts
  }
}

// With 2,000 other names a second that fail, one of a million is throttled for nothing.
const USER_WIDTH = 2 ** 15
const PEER_WIDTH = 2 ** 13

/**
 * Makes a throttle: a source is throttled from its tenth failure under one user name, or its hundredth
 * from one peer, until those are a minute old. It takes 640 KiB at most.
 */
export function loginThrottle(): LoginThrottle {
  const users = new FailureCounter(MAX_USER_FAILURES, USER_WIDTH)
  const peers = new FailureCounter(MAX_PEER_FAILURES, PEER_WIDTH)
  let mac: ((text: string) => string) | undefined

  function find({ username, peer }: LoginSource) {
    // Not made before it is needed: edge workers have no random bytes while they start.
    mac ??= keyedHash(crypto.getRandomValues(new Uint8Array(32)))
    const user = { counter: users, cells: users.find(mac, username) }
    return peer === undefined ? [user] : [user, { counter: peers, cells: peers.find(mac, peer) }]
  }

  return {
    begin(source, now) {
      const counts = find(source)
      if (counts.some(({ counter, cells }) => counter.isOver(cells, now))) return undefined
      const takeBacks = counts.map(({ counter, cells }) => counter.add(cells, now))
      return () => {
        for (const takeBack of takeBacks) takeBack()
      }
    },

    addFailure(source, now) {
      for (const { counter, cells } of find(source)) {
        // More would not throttle it more, but others with a cell in common.
        if (!counter.isOver(cells, now)) counter.add(cells, now)
      }
    },
  }
}
