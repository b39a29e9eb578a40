/**
 * A value that changes, and who is told.
 *
 * @module
 */
import type { Store } from './watcher.ts'

/** See {@link value}. */
export interface Value<T> extends Store<T> {
  /** Takes another value, and tells. The same one again is no change. */
  set(next: T): void
}

/**
 * Makes one.
 *
 * @param failed Is told what a subscriber threw: the others are told all the same.
 */
export function value<T>(first: T, failed: (error: unknown) => void): Value<T> {
  let current = first
  // By an object of each: one function may subscribe twice.
  const subscribers = new Set<{ readonly run: (value: T) => void }>()

  function tell(run: (value: T) => void): void {
    try {
      run(current)
    } catch (error) {
      failed(error)
    }
  }

  return {
    getSnapshot: () => current,

    subscribe(run) {
      const subscriber = { run }
      subscribers.add(subscriber)
      tell(run)
      return () => {
        subscribers.delete(subscriber)
      }
    },

    set(next) {
      if (next === current) return
      current = next
      for (const subscriber of [...subscribers]) {
        // A subscriber may have set another one, which all have been told of since.
        if (current !== next) return
        if (subscribers.has(subscriber)) tell(subscriber.run)
      }
    },
  }
}
