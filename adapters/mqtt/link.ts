/**
 * The bytes of a connection, as each transport carries them.
 *
 * @module
 */

/** One connection of a transport. */
export interface Link {
  /**
   * Sends bytes, and keeps them until they are sent: they must not change any more.
   *
   * @returns Whether more may follow at once. If not, {@link LinkEvents.drained} tells.
   */
  send(bytes: Uint8Array): boolean
  /** Receives nothing more until {@link resume}, as far as the transport can. */
  pause(): void
  resume(): void
  /** Closes when what was sent has been handed over. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** What a link tells. */
export interface LinkEvents {
  /** It stands: from now on bytes can be sent. */
  opened(): void
  received(bytes: Uint8Array): void
  /** There is room again. */
  drained(): void
  /** What went wrong. Whoever is told destroys the link. */
  failed(error: Error): void
  closed(): void
}

/** Starts a link. It tells nothing before it is returned. */
export type OpenLink = (events: LinkEvents) => Link
