/**
 * When a token is to be renewed, and the connection that was made with it.
 *
 * @module
 */
import { readTokenTimes, type TokenTimes } from './token-expiry.ts'

/** After which parts of its time a token is renewed, drawn between the two: many pages may have come at once. */
const EARLIEST = 0.7
const LATEST = 0.8

/**
 * After how many milliseconds a login is to be renewed; `undefined` for one that has no end, or no
 * beginning.
 *
 * @param now Milliseconds since the epoch, by a clock that may be wrong: then all its time is taken to be
 * left, as it is of a token that was just issued.
 */
export function renewalDelay(username: string, password: string, now: number): number | undefined {
  const times = readTokenTimes(username, password)
  // One that does not say when it was issued could not be told from one that is over.
  if (!times || times.issuedAt >= times.expiresAt) return undefined
  const part = EARLIEST + Math.random() * (LATEST - EARLIEST)
  return Math.max(0, timeLeft(times, now)) * part
}

function timeLeft({ issuedAt, expiresAt }: TokenTimes, now: number): number {
  // Both are whole seconds: it lasts up to one less.
  const whole = expiresAt - issuedAt - 1_000
  const left = expiresAt - now
  return left > 0 && left < whole ? left : whole
}
