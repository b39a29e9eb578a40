/**
 * Ending what a user name has at a broker.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { BrokerError } from '../base/errors.ts'
import { type FleetChange, isRevocation } from './changes.ts'

/**
 * Ends every connection and, where the broker lets it, every kept session of a user name. Settles when
 * that is done, at once if there was none; which of them it reaches, and what it rejects with, the
 * function says that makes it. It changes no rights: who may log in can do so again.
 *
 * As a listener of `Fleet.onChange` it does so for each device that is revoked, and for those whose tokens
 * are, and nothing for any other change.
 */
export type Kick = (who: {
  readonly username: string
  /** What became of it, if it was changed. Default: it is to be kicked. */
  readonly kind?: FleetChange['kind']
}) => Promise<void>

/** A connection or a kept session, as a broker lists it. */
export interface ListedSession {
  /** Tells it from others, and from one that takes its place. */
  readonly key: string
  /** Ends it. Settles if it has gone meanwhile. */
  end(): Promise<void>
  /** Whether it is gone once {@link end} settles. Default: the broker may list it for a while. */
  readonly endsAtOnce?: boolean
}

/** How the sessions of a user name are found at a broker. */
export interface KickWay {
  /** What the broker is called in errors. */
  readonly product: string
  /** What is ended there, such as `clients`. */
  readonly things: string
  /** Lists them. `more` says what there is beyond what could be read, if anything. */
  list(
    username: string,
  ): Promise<{ readonly sessions: readonly ListedSession[]; readonly more?: string | undefined }>
}

/** Most calls under way at a time. */
const MAX_CALLS = 10
/** How often the sessions are listed and ended before it is given up. */
const MAX_ROUNDS = 6
/** What the broker is left to take one off its list, doubled with each round. */
const PAUSE_MS = 50
const TOTAL_LIMIT_MS = 30_000

/**
 * A kick that lists, ends what it found, and looks again, until none is left. Where the rights stay, one
 * that connects anew meanwhile is left alone.
 */
export function kickBy(way: KickWay): Kick {
  const { product, things } = way
  return async ({ username, kind }) => {
    if (kind !== undefined && !isRevocation(kind)) return
    const until = monotonicNow() + TOTAL_LIMIT_MS
    /** What there was at first, where others may come. */
    let due: Set<string> | undefined
    let failure: unknown
    for (let round = 0; ; round++) {
      const { sessions, more } = await way.list(username)
      if (kind === undefined) due ??= new Set(sessions.map(({ key }) => key))
      const left = due ? sessions.filter(({ key }) => due!.has(key)) : sessions
      if (left.length === 0 && more === undefined) return
      if (left.length === 0) {
        throw new BrokerError('ERR_BROKER_REFUSED', `${product} ${more}: those found are ended`)
      }
      if (monotonicNow() > until) {
        const problem = `${product}: ${left.length} ${things} are left after ${TOTAL_LIMIT_MS} ms`
        throw new BrokerError('ERR_BROKER_TIMEOUT', problem, { cause: failure })
      }
      if (round === MAX_ROUNDS) {
        const problem = `${product} still lists ${left.length} ${things} that were to be ended`
        throw failure ?? new BrokerError('ERR_BROKER_REFUSED', problem)
      }
      failure = await endAll(left, until, ({ key }) => due?.delete(key))
      // The login will not do better next time.
      if ((failure as BrokerError | undefined)?.code === 'ERR_BROKER_LOGIN_REFUSED') throw failure
      if (due?.size === 0 && more === undefined) return
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** round))
    }
  }
}

/** Ends sessions, all that can be. Returns the last failure. */
async function endAll(
  sessions: readonly ListedSession[],
  until: number,
  onGone: (session: ListedSession) => void,
): Promise<unknown> {
  let failure: unknown
  for (let i = 0; i < sessions.length; i += MAX_CALLS) {
    if (monotonicNow() > until) return failure
    const some = sessions.slice(i, i + MAX_CALLS)
    const outcomes = await Promise.allSettled(some.map((session) => session.end()))
    for (const [j, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') failure = outcome.reason
      else if (some[j]!.endsAtOnce) onGone(some[j]!)
    }
  }
  return failure
}
