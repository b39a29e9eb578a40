/**
 * Status events for any number of readers, each with a queue of its own.
 *
 * @module
 */
import type { BrokerStatus } from './broker.ts'

interface Reader {
  readonly queue: BrokerStatus[]
  wake: (() => void) | undefined
}

/** The source of {@link Broker.status}: events go in, every reader sees those from then on. */
export class StatusStream {
  readonly #readers = new Set<Reader>()
  #closed: BrokerStatus | undefined

  /** Hands an event to every reader. After `closed` nothing is passed on. */
  emit(status: BrokerStatus): void {
    if (this.#closed) return
    if (status.type === 'closed') this.#closed = status
    for (const reader of this.#readers) {
      reader.queue.push(status)
      reader.wake?.()
    }
  }

  /** Events from this call on; ends after `closed`, which a late reader gets at once. */
  watch(): AsyncIterable<BrokerStatus> {
    const reader: Reader = { queue: this.#closed ? [this.#closed] : [], wake: undefined }
    this.#readers.add(reader)
    return { [Symbol.asyncIterator]: () => this.#read(reader) }
  }

  async *#read(reader: Reader): AsyncGenerator<BrokerStatus, void, void> {
    try {
      while (true) {
        const status = reader.queue.shift()
        if (status) {
          yield status
          if (status.type === 'closed') return
        } else {
          await new Promise<void>((resolve) => {
            reader.wake = resolve
          })
          reader.wake = undefined
        }
      }
    } finally {
      this.#readers.delete(reader)
    }
  }
}
