/**
 * Keeps a connection alive, and notices that it is not. Browsers run the timers of a hidden page once a
 * minute, and none while the machine sleeps.
 *
 * @module
 */
import { clock } from '../../src/base/clock.ts'
import { onAwake } from './awake.ts'

/** Milliseconds between two looks at the clock, at most. */
const LOOK = 10_000
/** Milliseconds by which a look is late where the page slept: a hidden page looks once a minute. */
const SLEPT = 90_000
/** Milliseconds the broker has to answer whoever doubts that it is there. */
const PATIENCE = 5_000

/**
 * Pings after each half of the keepalive. After a sleep, and when the page is looked at or online again,
 * it asks at once whether the broker is there.
 *
 * @param keepalive Milliseconds of silence after which the broker gives a client up, but for half of it. With
 * 0 it never does, and nothing is asked.
 * @param heardAt By the clock for points in time: when something came of the broker last.
 * @param lost Called when the connection is dead.
 * @returns How to stop it.
 */
export function startHeartbeat(
  keepalive: number,
  heardAt: () => number,
  ping: () => void,
  lost: (text: string) => void,
): () => void {
  if (keepalive === 0) return () => {}
  const now = () => clock().date()
  const look = Math.min(LOOK, keepalive / 4)
  let lookAt = 0
  let pingAt = now() + keepalive / 2
  /** When an answer is due that was asked for. */
  let due = Infinity
  let askedAt = 0
  let cancel = () => {}
  const over = new AbortController()

  const ask = (patience: number) => {
    askedAt = now()
    due = askedAt + patience
    pingAt = askedAt + keepalive / 2
    ping()
    wait()
  }
  const doubt = () => {
    if (now() - heardAt() > 1.5 * keepalive) lost('the page slept, and the broker did not wait')
    else if (now() + PATIENCE < due) ask(PATIENCE)
  }
  const wait = () => {
    cancel()
    if (over.signal.aborted) return
    const delay = Math.min(look, due - now())
    lookAt = now() + delay
    cancel = clock().after(delay, beat, true)
  }
  const beat = () => {
    const slept = now() - lookAt > SLEPT
    if (heardAt() >= askedAt) due = Infinity
    if (slept) {
      due = Infinity
      doubt()
    } else if (now() >= due) {
      lost('the broker does not answer')
    } else if (now() >= pingAt) ask(keepalive / 2)
    wait()
  }
  wait()
  onAwake(doubt, over.signal)
  return () => {
    over.abort()
    cancel()
  }
}
