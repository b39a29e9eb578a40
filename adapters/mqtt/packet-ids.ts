/**
 * Packet identifiers (MQTT 5, section 2.2.1), over all connections of a broker: a session outlives
 * them, and in it each unfinished exchange of QoS 2 occupies its identifier and a place in the
 * broker's receive maximum.
 *
 * @module
 */
import type { IClientOptions } from 'mqtt'

const HIGHEST = 65_535

/** Gives out identifiers one after the other, except those that are occupied. */
export class PacketIds implements NonNullable<IClientOptions['messageIdProvider']> {
  readonly #occupied = new Set<number>()
  #last = 0

  /** Those of QoS 2 messages that the broker may have taken and not been told to pass on. */
  get occupied(): readonly number[] {
    return [...this.#occupied]
  }

  allocate(): number | null {
    if (this.#occupied.size >= HIGHEST) return null
    // Not from 1 on: a session may have been another process's, which left exchanges half done.
    if (this.#last === 0) this.#last = Math.ceil(Math.random() * HIGHEST)
    do this.#last = (this.#last % HIGHEST) + 1
    while (this.#occupied.has(this.#last))
    return this.#last
  }

  getLastAllocated(): number {
    return this.#last
  }

  /** Occupies the identifier that was given out last. */
  occupyLast(): void {
    this.#occupied.add(this.#last)
  }

  /** The exchange is over. */
  free(id: number): void {
    this.#occupied.delete(id)
  }

  /** The broker has begun a new session. */
  freeAll(): void {
    this.#occupied.clear()
  }

  // The `mqtt` package asks for these: what it keeps ends with a connection, and has no say here.
  register(): boolean {
    return true
  }
  deallocate(): void {}
  clear(): void {}
}
