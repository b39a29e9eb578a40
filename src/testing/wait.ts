/**
 * Waiting for events with a deadline, so that a lost one is a failure and not a hang.
 *
 * @module
 */

/** A promise with its ends in reach. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Rejects, saying what was waited for, if a promise does not settle in time. */
export async function within<T>(promise: Promise<T>, what: string, ms = 5_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No ${what} within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Collects values, and tells when there are enough of them. */
export class Collector<T> {
  readonly items: T[] = []
  readonly #waiting: { count: number; reached: Deferred<T[]> }[] = []

  readonly push = (item: T): void => {
    this.items.push(item)
    for (const { count, reached } of this.#waiting) {
      if (this.items.length >= count) reached.resolve(this.items)
    }
  }

  /** Settles when `count` values are there. */
  reach(count: number, what: string, ms?: number): Promise<T[]> {
    if (this.items.length >= count) return Promise.resolve(this.items)
    const reached = deferred<T[]>()
    this.#waiting.push({ count, reached })
    return within(reached.promise, `${count} ${what} (there are ${this.items.length})`, ms)
  }
}
