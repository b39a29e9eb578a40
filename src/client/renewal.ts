/**
 * Connections that are left before their login ends, for those who have one that does.
 *
 * @module
 */
import type { AbortSignalLike } from '../base/abort-signal.ts'
import { pause } from './pauses.ts'

/** Milliseconds for handlers and answers to come to their end before a connection is left for another one. */
const LEAVE_LIMIT_MS = 5_000

/** A connection, as it is left. */
export interface Left {
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>
  /** Milliseconds after which it is to be left. Default: never. */
  readonly renewAfter: number | undefined
  /** Settles when no answer is awaited. */
  idle(): Promise<void>
  /** Sends DISCONNECT and closes. */
  close(): Promise<void>
}

/** Leaves one connection after the other for one with another login. */
export interface Renewal {
  /** Settles when there is the other connection, or none. `undefined` while none is being left. */
  readonly over: Promise<void> | undefined
  /** Settles when the connection that was left last has ended. */
  readonly left: Promise<unknown> | undefined
  /**
   * Leaves a connection before its login ends, so that the session goes on. Returns how to prevent it.
   * What was handled is acknowledged before, and what was asked is answered, if that takes no longer than
   * it may; what comes meanwhile is the session's.
   */
  watch(connection: Left): () => void
  /** What waits for another connection goes on, or learns that there is none. */
  end(): void
}

/**
 * Makes one.
 *
 * @param hold Has nothing more begin on the connection. Settles when no handler is running.
 * @param closed Aborts when the client is closed.
 */
export type MakeRenewal = (hold: () => Promise<void>, closed: AbortSignalLike) => Renewal

/** See {@link Renewal}. */
export const makeRenewal: MakeRenewal = (hold, closed) => {
  let end = () => {}
  let over: Promise<void> | undefined
  let left: Promise<unknown> | undefined
  return {
    get over() {
      return over
    },

    get left() {
      return left
    },

    watch(connection) {
      const { renewAfter, ended } = connection
      if (renewAfter === undefined) return () => {}
      const timer = setTimeout(async () => {
        left = ended
        over = new Promise((resolve) => {
          end = resolve
        })
        const quiet = Promise.all([hold(), connection.idle()])
        const limit = Math.min(LEAVE_LIMIT_MS, renewAfter / 8)
        await Promise.race([quiet, ended, pause(limit, closed)])
        await connection.close()
      }, renewAfter)
      return () => clearTimeout(timer)
    },

    end() {
      end()
      over = undefined
    },
  }
}
