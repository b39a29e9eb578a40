/**
 * How the processes of a fleet tell each other of changes: short texts that all of them hear.
 *
 * @module
 */

/**
 * Sends texts to all processes that listen, as `NOTIFY` of PostgreSQL and `PUBLISH` of Redis do. One
 * that nobody heard is gone: a fleet makes up for that by itself. Texts of one process are heard in the
 * order they were sent in, whole, each by whoever listens at the time, the sender too.
 *
 * Whoever can send here can have sessions ended, which begin again, records read again, and the tokens of a
 * subject refused that are issued within the next minute. Nobody gets a right by it.
 */
export interface ChangeFeed {
  /**
   * Sends a text of 1 to 7,000 bytes of UTF-8. Settles when it is on its way, and rejects where it is
   * not, or nobody knows.
   */
  publish(text: string): Promise<void>
  /**
   * Listens, on a connection of its own. Settles when it listens, and rejects where it cannot. It is
   * for whoever calls to try again.
   *
   * @param onText Called with each text. Never throws.
   * @param onLost Called when it listens no more, once or more often: texts may have been missed. Not
   * to be relied upon, since a connection may be cut without a word. Never throws.
   */
  listen(onText: (text: string) => void, onLost: (error: Error) => void): Promise<FeedConnection>
}

/** A connection that listens. */
export interface FeedConnection {
  /** Ends it. Nothing is heard after this call. Settles when it is gone; never rejects. */
  close(): Promise<void>
}

const MAX_TEXT_BYTES = 7_000

/** @throws {TypeError} If a text is longer than a {@link ChangeFeed} has to take. */
export function checkFeedText(text: string): void {
  if (new TextEncoder().encode(text).length <= MAX_TEXT_BYTES) return
  throw new TypeError(`The text is longer than ${MAX_TEXT_BYTES} bytes`)
}

/**
 * A text of a process.
 *
 * @param origin Whose it is, without a space.
 */
export function feedText(origin: string, text: string): string {
  return `${origin} ${text}`
}
