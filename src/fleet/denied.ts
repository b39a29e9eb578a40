/**
 * What a fleet denies, told to whoever listens: with names and reasons, which an observer is not told.
 *
 * @module
 */
import { clock } from '../base/clock.ts'

/** Something that was not granted. */
export interface DeniedEvent {
  /** When, in milliseconds since the Unix epoch. */
  readonly at: number
  readonly action: 'connect' | 'publish' | 'subscribe'
  /** As the client gave it, where it did. */
  readonly username?: string
  /** The topic name, or the topic filter; left out for a `connect`. */
  readonly topic?: string
  /** Stable: a `LoginDenial`, a `DecisionCode`, or a word of the broker that decided. */
  readonly code: string
  /** Why, in a sentence or two for an operator. Made when it is asked for: of a flood few are read. */
  explain(): string
}

/** Is told of each denial, at once: it is to return soon. What it throws is dropped. */
export type DeniedListener = (denied: DeniedEvent) => void

/** Who listens to the denials of one fleet. */
export class DeniedListeners {
  readonly #listeners = new Set<DeniedListener>()

  /** Whether anybody listens: nothing is made of a denial otherwise. */
  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  /** See `Fleet.onDenied`. */
  add(listener: DeniedListener): () => void {
    // One of its own for each call, so that each is taken back by itself.
    const own: DeniedListener = (denied) => listener(denied)
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  /** See `Fleet.tellDenied`. */
  tell(denied: Omit<DeniedEvent, 'at'>): void {
    if (!this.isHeard) return
    const { action, username, topic, code } = denied
    const event: DeniedEvent = {
      ...{ at: clock().date(), action, code },
      ...(username !== undefined && { username }),
      ...(topic !== undefined && { topic }),
      explain: () => denied.explain(),
    }
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // Whoever listens must not decide.
      }
    }
  }
}
