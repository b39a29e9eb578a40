/**
 * Packet identifiers (MQTT 5, section 2.2.1), over all connections of a client: a session outlives
 * them, and in it each unfinished exchange of QoS 2 occupies its identifier and a place in the
 * broker's receive maximum.
 *
 * @module
 */

const HIGHEST = 65_535

/** Gives out identifiers one after the other, except those in use. */
export class PacketIds {
  /** Those in use, and whether they are kept when the connection is lost. */
  readonly #inUse = new Map<number, boolean>()
  #last = 0

  /** Those of QoS 2 messages that the broker may have taken and not been told to pass on. */
  get kept(): readonly number[] {
    return [...this.#inUse.keys()].filter((id) => this.keeps(id))
  }

  /** The next one that is free; `null` if none is. */
  allocate(): number | null {
    if (this.#inUse.size >= HIGHEST) return null
    // Not from 1 on: a session may have been another process's, which left exchanges half done.
    this.#last ||= Math.ceil(Math.random() * HIGHEST)
    do this.#last = (this.#last % HIGHEST) + 1
    while (this.#inUse.has(this.#last))
    this.#inUse.set(this.#last, false)
    return this.#last
  }

  /** The one that was given out last; 0 if none was. */
  get last(): number {
    return this.#last
  }

  /** Keeps one in use when the connection is lost. */
  keep(id: number): void {
    this.#inUse.set(id, true)
  }

  /** Whether it is kept. */
  keeps(id: number): boolean {
    return this.#inUse.get(id) ?? false
  }

  /** The exchange is over. */
  delete(id: number): void {
    this.#inUse.delete(id)
  }

  /** The connection is lost: what it awaited and does not keep is over. */
  lose(): void {
    for (const [id, isKept] of this.#inUse) if (!isKept) this.#inUse.delete(id)
  }

  /** The broker has begun a new session. */
  clear(): void {
    this.#inUse.clear()
  }
}
