/**
 * The packet identifiers of QoS 2 messages that came from a client and are not released (MQTT 5, section
 * 4.3.3).
 *
 * @module
 */
import type { ByteBudget } from './budget.ts'

/** What one takes in memory. */
const ID_BYTES = 50

/** The identifiers of one session. */
export class ReceivedIds {
  /** Most clients publish nothing with QoS 2. */
  #ids: Set<number> | undefined
  readonly #budget: ByteBudget

  /** @param budget Bytes of the session. */
  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /** How many there are. */
  get size(): number {
    return this.#ids?.size ?? 0
  }

  has(packetId: number): boolean {
    return this.#ids?.has(packetId) ?? false
  }

  /** Keeps one that is not there. Tells whether there was room for it. */
  add(packetId: number): boolean {
    if (!this.#budget.take(ID_BYTES)) return false
    this.#ids ??= new Set()
    this.#ids.add(packetId)
    return true
  }

  /** Forgets one. Tells whether it was there. */
  delete(packetId: number): boolean {
    if (!this.#ids?.delete(packetId)) return false
    this.#budget.give(ID_BYTES)
    return true
  }
}
