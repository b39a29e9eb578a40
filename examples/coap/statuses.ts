/**
 * What `Broker.status` gives: any number of streams of what becomes of a connection.
 *
 * @module
 */
import type { BrokerStatus } from 'devicehub'

interface Link {
  readonly status: BrokerStatus
  readonly next: Promise<Link>
}

/** A chain of events, each with a promise of the one after it. The last one is `closed`. */
export class Statuses {
  #next: Promise<Link>
  #resolve!: (link: Link) => void

  constructor() {
    this.#next = this.#promise()
  }

  emit(status: BrokerStatus): void {
    const resolve = this.#resolve
    const next = this.#promise()
    resolve({ status, next })
    if (status.type !== 'closed') this.#next = next
  }

  watch(): AsyncIterable<BrokerStatus> {
    return read(this.#next)
  }

  #promise(): Promise<Link> {
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }
}

async function* read(next: Promise<Link>): AsyncGenerator<BrokerStatus, void, void> {
  for (let link = await next; ; link = await link.next) {
    yield link.status
    if (link.status.type === 'closed') return
  }
}
