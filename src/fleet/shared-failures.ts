/**
 * Failed logins counted by all processes of a fleet: who guesses at each of them in turn is throttled
 * as if there were one. It is asked only where a chosen password would be tried.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import {
  type LoginSource,
  MAX_PEER_FAILURES,
  MAX_USER_FAILURES,
  THROTTLE_WINDOW_MS,
} from './throttle.ts'

/**
 * How often a count is tried that another attempt was written in between: of four processes with as
 * many attempts under one name as each lets begin, the last one sees that they are too many.
 */
const MAX_TRIES = 4 * MAX_USER_FAILURES

/**
 * How far the clock of the process that began a window may be ahead. Of attempts at once, one that began
 * a moment before the window finds it ahead even by the same clock.
 */
const MAX_AHEAD_MS = 60_000

interface Window {
  readonly failures: number
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * The failures that keys know of. Where the keys fail none are known: what a process has counted by
 * itself holds all the same, and nobody is kept out because a cache is away.
 */
export class SharedFailures {
  readonly #keys: ExpiringKeys
  readonly #prefix: string

  constructor(keys: ExpiringKeys, prefix: string) {
    this.#keys = keys
    this.#prefix = prefix
  }

  /**
   * Counts an attempt before it is made. Returns how to take it back, or `undefined` if there were too
   * many; then it is not counted.
   *
   * @param now Milliseconds since the epoch.
   */
  async begin(source: LoginSource, now: number): Promise<(() => Promise<void>) | undefined> {
    const outcomes = await Promise.all(
      this.#keysOf(source).map((counted) => this.#count(counted, now)),
    )
    const takeBack = async () => {
      await Promise.all(outcomes.map((outcome) => typeof outcome === 'function' && outcome()))
    }
    if (!outcomes.includes('over')) return takeBack
    await takeBack()
    return undefined
  }

  /** Counts one under a key. Returns how to take it back, if it was counted. */
  async #count(
    { key, limit }: CountedKey,
    now: number,
  ): Promise<(() => Promise<void>) | 'over' | undefined> {
    try {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const value = await this.#keys.get(key)
        const window = readWindow(value, now) ?? { failures: 0, until: now + THROTTLE_WINDOW_MS }
        if (window.failures >= limit) return 'over'
        const { failures, until } = window
        if (await this.#write(key, value, { failures: failures + 1, until }, now)) {
          return () => this.#takeBack(key, until, now)
        }
      }
    } catch {
      // What this process counts by itself holds.
    }
    return undefined
  }

  async #takeBack(key: string, until: number, now: number): Promise<void> {
    try {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const value = await this.#keys.get(key)
        const window = readWindow(value, now)
        // Of another window there is nothing to take back.
        if (window?.until !== until || window.failures === 0) return
        if (await this.#write(key, value, { failures: window.failures - 1, until }, now)) return
      }
    } catch {
      // It ends by itself.
    }
  }

  /** Writes a window, unless another process did so since the value was read. */
  async #write(
    key: string,
    value: string | undefined,
    { failures, until }: Window,
    now: number,
  ): Promise<boolean> {
    const lifetime = Math.ceil((until - now) / 1_000)
    const next = `${failures} ${until}`
    return value === undefined
      ? this.#keys.setIfAbsent(key, next, lifetime)
      : this.#keys.compareAndSet(key, value, next, lifetime)
  }

  #keysOf({ username, peer }: LoginSource): readonly [CountedKey, ...CountedKey[]] {
    const user = { key: this.#key('user', username), limit: MAX_USER_FAILURES }
    if (peer === undefined) return [user]
    return [user, { key: this.#key('peer', peer), limit: MAX_PEER_FAILURES }]
  }

  /** Hashed, since a client may send a name of any length. */
  #key(kind: 'user' | 'peer', name: string): string {
    return `failures/${this.#prefix}/${kind}/${bytesToHex(sha256(utf8ToBytes(name)))}`
  }
}

interface CountedKey {
  readonly key: string
  readonly limit: number
}

/** A window that is not over; `undefined` if there is none, or what is there is no window. */
function readWindow(value: string | undefined, now: number): Window | undefined {
  const [, failures, until] = /^([0-9]{1,9}) ([0-9]{1,15})$/.exec(value ?? '') ?? []
  const end = Number(until)
  const isNow = now < end && end <= now + THROTTLE_WINDOW_MS + MAX_AHEAD_MS
  if (failures === undefined || !isNow) return undefined
  return { failures: Number(failures), until: end }
}
