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
  /** The newest, in order, with their numbers. Readers hold no events but a number, so those that stop cost nothing. */
  #kept: (readonly [at: number, status: BrokerStatus])[] = []
  #count = 0
  #isClosed = false
  /** Wakes readers that have read all. */
  readonly #waiting: (() => void)[] = []

  /** Hands an event to every reader. After `closed` nothing is passed on. */
  emit(status: BrokerStatus): void {
    if (this.#isClosed) return
    this.#isClosed = status.kind === 'closed'
    this.#kept.push([this.#count++, status])
    const old = this.#kept.at(-KEPT - 1)
    if (old) {
      // One more is kept, that tells whether there was a connection: this one, or the one that was before it.
      const before = old[1].kind.endsWith('connected') ? [old] : this.#kept.slice(0, -KEPT - 1)
      this.#kept = [...before, ...this.#kept.slice(-KEPT)]
    }
    for (const wake of this.#waiting.splice(0)) wake()
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
    for (let next = from; ; ) {
      const found = this.#kept.find(([at]) => at >= next)
      if (!found) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
        continue
      }
      const [at, status] = found
      next = at + 1
      yield status
      if (status.kind === 'closed') return
    }
  }
}
