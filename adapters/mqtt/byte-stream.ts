/**
 * What a connection needs of the stream under it: less than a stream of Node has, so that one over a
 * WebSocket needs nothing of Node.
 *
 * @module
 */

/** A connection's bytes, both ways. */
export interface ByteStream {
  /** Whether so much waits to be sent that a `drain` will tell when there is less. */
  readonly writableNeedDrain: boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'drain', listener: () => void): unknown
  /** Closes when what was written has been handed over. */
  end(): unknown
  /** Closes at once. */
  destroy(): unknown
}

/** Starts a stream. What goes wrong is its `error`, then `close`. */
export type OpenStream = () => ByteStream
