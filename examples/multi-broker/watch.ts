/**
 * Looking at all that a broker carries.
 *
 * @module
 */
import type { Broker } from 'devicehub'

const LIMIT_MS = 10_000

/** Things that happened, and a way to wait for a number of them. */
export class Happenings<T> {
  readonly list: T[] = []
  readonly #waiting: (() => void)[] = []

  add(item: T): void {
    this.list.push(item)
    for (const look of this.#waiting) look()
  }

  /** Settles when `count` things have happened; rejects after 10 seconds. */
  reach(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`${this.list.length} of ${count} messages arrived`))
      const timer = setTimeout(fail, LIMIT_MS)
      const look = () => {
        if (this.list.length < count) return
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.push(look)
      look()
    })
  }
}

/** Connects an observer that notes the topic of each message. */
export async function watch(broker: Broker): Promise<Happenings<string>> {
  const topics = new Happenings<string>()
  await broker.connect({ onMessage: async ({ topic }) => topics.add(topic) })
  await broker.subscribe([{ filter: 'things/#' }])
  return topics
}
