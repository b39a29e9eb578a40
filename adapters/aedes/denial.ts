/**
 * What a client was not let do, and how it is logged without filling the log.
 *
 * @module
 */
import type { Logger } from '../../src/log.ts'

/** Something a client was not let do. */
export interface Denial {
  readonly action: 'connect' | 'publish' | 'subscribe'
  readonly username: string | undefined
  /** The client id, as the client gave it. */
  readonly clientId: string
  /** The topic name or filter; absent for a connect. */
  readonly topic?: string
  /** Stable code, from the login or the decision. */
  readonly reason: string
  /** One or two sentences for an operator. */
  readonly text: string
}

const QUIET_MS = 10_000
const MAX_REMEMBERED = 1_000

/**
 * Makes a log of denials that says each one once in 10 seconds, and how many more there were: a
 * device that tries in a loop must not fill the log.
 */
export function denialLog(logger: Logger): (denial: Denial) => void {
  const seen = new Map<string, { since: number; repeated: number }>()
  return (denial) => {
    const key = JSON.stringify([denial.username, denial.action, denial.topic])
    const now = Date.now()
    const before = seen.get(key)
    if (before && now - before.since < QUIET_MS) {
      before.repeated++
      return
    }
    const more = before?.repeated ? ` (and ${before.repeated} times more since the last line)` : ''
    logger.warn(`${denial.text}${more}`)
    seen.delete(key)
    seen.set(key, { since: now, repeated: 0 })
    if (seen.size > MAX_REMEMBERED) seen.delete(seen.keys().next().value!)
  }
}
