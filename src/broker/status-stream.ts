/**
 * Status events for any number of readers.
 *
 * @module
 */
import type { BrokerStatus } from './broker.ts'

/** How many events are kept for readers that have not come to them yet. */
const KEPT = 64

/**
 * The source of {@link Broker.status}, for brokers of your own: events go in, and every reader sees those
 * from then on. At most 64 are kept for readers that lag behind, whether anybody reads or not, and the
 * last `connected` or `disconnected` before them.
 */
export class StatusStream {
  /** The newest, in order. Readers hold no events but a number, so those that stop cost nothing. */
  readonly #kept: BrokerStatus[] = []
  /** The newest before those that tells whether there is a connection. */
  #before: { readonly at: number; readonly status: BrokerStatus } | undefined
  #count = 0
  #isClosed = false
  #next: Promise<void>
  #wake!: () => void

  constructor() {
    this.#next = this.#waiting()
  }

  /** Hands an event to every reader. After `closed` nothing is passed on. */
  emit(status: BrokerStatus): void {
    if (this.#isClosed) return
    this.#isClosed = status.kind === 'closed'
    if (this.#kept.push(status) > KEPT) {
      const old = this.#kept.shift()!
      const isChange = old.kind === 'connected' || old.kind === 'disconnected'
      if (isChange) this.#before = { at: this.#count - KEPT, status: old }
    }
    this.#count++
    this.#wake()
    this.#next = this.#waiting()
  }

  /**
   * Events from this call on; ends after `closed`, which a late reader gets at once. A reader that is
   * more than 64 events behind goes on with the newest 64, after the last `connected` or `disconnected`
   * that it missed: whether there is a connection is never lost among other events.
   */
  watch(): AsyncIterable<BrokerStatus> {
    const from = this.#isClosed ? this.#count - 1 : this.#count
    return { [Symbol.asyncIterator]: () => this.#read(from) }
  }

  async *#read(from: number): AsyncGenerator<BrokerStatus, void, void> {
    for (let at = from; ; ) {
      if (at === this.#count) {
        await this.#next
        continue
      }
      const oldest = this.#count - this.#kept.length
      if (at < oldest) {
        const missed = this.#before
        const isMissed = missed !== undefined && missed.at >= at
        at = oldest
        if (isMissed) yield missed.status
        continue
      }
      const status = this.#kept[at - oldest]!
      at++
      yield status
      if (status.kind === 'closed') return
    }
  }

  #waiting(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
