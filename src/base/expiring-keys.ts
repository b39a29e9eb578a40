/**
 * What processes share for a while and may lose: texts under keys, each with its end.
 *
 * @module
 */
import type { MaybePromise } from './maybe-promise.ts'

/**
 * Texts under keys that end by themselves, as Redis has them. One may be lost before its end, and is
 * never there after it. Each method settles when the answer is certain; of several writes of one key
 * at once, one comes after the other. Keys and values are compared exactly. A key has at most 1,024
 * characters of well-formed Unicode, and a value at most 8,192 of ASCII.
 *
 * Whoever can write here can have messages taken for handled, logins for throttled or for not throttled,
 * and tokens for revoked or for not revoked. No password and no rule is taken from here without a proof
 * that only a fleet can make.
 */
export interface ExpiringKeys {
  /** The value of a key, or `undefined`. */
  get(key: string): MaybePromise<string | undefined>
  /**
   * Sets a key, whatever it was.
   *
   * @param lifetime Seconds after which it ends: a whole number, 1 to 86,400 (a day).
   */
  set(key: string, value: string, lifetime: number): MaybePromise<void>
  /** Sets a key that has no value. Returns whether it had none. */
  setIfAbsent(key: string, value: string, lifetime: number): MaybePromise<boolean>
  /** Sets a key that has the expected value. Returns whether it had that. */
  compareAndSet(
    key: string,
    expected: string,
    value: string,
    lifetime: number,
  ): MaybePromise<boolean>
}
