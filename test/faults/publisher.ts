/**
 * Publishes numbered messages until the broker has acknowledged each, whatever becomes of it meanwhile.
 *
 * @module
 */
import { mqtt } from '../../adapters/mqtt/index.ts'
import { type Broker, BrokerError } from '../../src/index.ts'
import { topicOf } from './types.ts'

/** How many are on their way at once. */
const WINDOW = 200
const AGAIN: readonly string[] = [
  'ERR_BROKER_CONNECTION_LOST',
  'ERR_BROKER_NOT_CONNECTED',
  'ERR_BROKER_TIMEOUT',
]

/** Publishes. */
export class Publisher implements AsyncDisposable {
  readonly #broker: Broker
  #reconnected: (() => void)[] = []
  #marks: { count: number; resolve: () => void }[] = []
  #isConnected = false
  /** How many the broker has acknowledged. */
  acknowledged = 0
  /** How often one was sent again, since it was not known whether it had arrived. */
  repeated = 0

  constructor(url: string) {
    this.#broker = mqtt({ url, clientId: 'publisher', publishTimeout: 20 })
  }

  async connect(): Promise<void> {
    void this.#watch()
    await this.#broker.connect({ onMessage: () => {} })
    this.#isConnected = true
  }

  /** Publishes messages from 0 on. Settles when all are acknowledged. */
  async publish(count: number): Promise<void> {
    let next = 0
    const work = async () => {
      while (next < count) await this.#publishOne(next++)
    }
    await Promise.all(Array.from({ length: Math.min(WINDOW, count) }, work))
  }

  /** Settles when so many are acknowledged. */
  reach(count: number): Promise<void> {
    if (this.acknowledged >= count) return Promise.resolve()
    return new Promise((resolve) => this.#marks.push({ count, resolve }))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#broker.close()
  }

  async #publishOne(sequence: number): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify({ sequence }))
    for (;;) {
      try {
        await this.#broker.publish({ topic: topicOf(sequence), payload, qos: 1 })
        break
      } catch (error) {
        if (!(error instanceof BrokerError && AGAIN.includes(error.code))) throw error
        this.repeated++
        await this.#connected()
      }
    }
    this.acknowledged++
    this.#marks = this.#marks.filter(({ count, resolve }) => {
      if (this.acknowledged < count) return true
      resolve()
      return false
    })
  }

  #connected(): Promise<void> {
    if (this.#isConnected) return new Promise((resolve) => setImmediate(resolve))
    return new Promise((resolve) => this.#reconnected.push(resolve))
  }

  async #watch(): Promise<void> {
    for await (const { kind: type } of this.#broker.status()) {
      if (type === 'disconnected') this.#isConnected = false
      if (type === 'connected') {
        this.#isConnected = true
        for (const resolve of this.#reconnected.splice(0)) resolve()
      }
    }
  }
}
