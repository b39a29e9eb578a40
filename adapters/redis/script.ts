/**
 * The writes that Redis has no command for, as scripts that it runs undisturbed.
 *
 * @module
 */

/** A script. */
export interface RedisScript {
  readonly text: string
  /**
   * What Redis finds it by: its SHA-1. Written down, since no runtime is sure to compute it at once; a
   * test compares.
   */
  readonly sha1: string
}

/** Sets a key (`KEYS[1]`) that has the first text to the second one, for so many seconds. */
export const COMPARE_AND_SET: RedisScript = {
  text: `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
return redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])`,
  sha1: 'e8e4ed7000bb9b861a89b4b21f27b53e9415a00a',
}
