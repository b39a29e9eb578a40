/**
 * Failed logins counted by all processes of a fleet: who guesses at each of them in turn is throttled
 * as if there were one. It is asked only where a slow check would be run.
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

/** How often a count is tried again that another process wrote in between. */
const MAX_TRIES = 5

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

  /** Whether a source has failed too often of late. @param now Milliseconds since the epoch. */
  async isOver(source: LoginSource, now: number): Promise<boolean> {
    try {
      const counts = this.#keysOf(source).map(async ({ key, limit }) => {
        const window = readWindow(await this.#keys.get(key), now)
        return window !== undefined && window.failures >= limit
      })
      return (await Promise.all(counts)).includes(true)
    } catch {
      return false
    }
  }

  /** Counts a failure. */
  async add(source: LoginSource, now: number): Promise<void> {
    await Promise.allSettled(this.#keysOf(source).map(({ key }) => this.#count(key, now)))
  }

  /** Forgets the failures of a user name, since it got in. Those of the peer stay. */
  async forget(username: string, now: number): Promise<void> {
    const [{ key }] = this.#keysOf({ username })
    try {
      const value = await this.#keys.get(key)
      if (value === undefined) return
      await this.#keys.compareAndSet(key, value, `0 ${now}`, 1)
    } catch {
      // They end by themselves.
    }
  }

  async #count(key: string, now: number): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const value = await this.#keys.get(key)
      const { failures, until } = readWindow(value, now) ?? {
        failures: 0,
        until: now + THROTTLE_WINDOW_MS,
      }
      const next = `${failures + 1} ${until}`
      const lifetime = Math.ceil((until - now) / 1_000)
      const isCounted =
        value === undefined
          ? await this.#keys.setIfAbsent(key, next, lifetime)
          : await this.#keys.compareAndSet(key, value, next, lifetime)
      if (isCounted) return
    }
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
  if (failures === undefined || !(now < end && end <= now + THROTTLE_WINDOW_MS)) return undefined
  return { failures: Number(failures), until: end }
}
