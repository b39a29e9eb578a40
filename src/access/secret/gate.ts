/**
 * How much slow work runs at once.
 *
 * @module
 */

/**
 * How many milliseconds a slow check holds the event loop before it lets others run. It then waits
 * for a timer, which takes a millisecond too: one check leaves half of the time to others. With
 * longer slices a login beside a check takes more than twice as long, measured at the median.
 */
export const LOOP_SLICE = 1

/** Lets a bounded number of tasks run at once, and a bounded number wait. */
export interface Gate {
  /** Runs a task as soon as there is room. Answers `undefined` if too many are waiting already. */
  run<T>(task: () => Promise<T>): Promise<T> | undefined
}

/** Makes a gate. */
export function gate({ running, waiting }: { running: number; waiting: number }): Gate {
  let active = 0
  const queue: (() => void)[] = []

  async function pass<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } finally {
      const next = queue.shift()
      // The place is handed on, so that nobody who comes now takes it from the one who waited.
      if (next) next()
      else active--
    }
  }

  return {
    run(task) {
      if (active < running) {
        active++
        return pass(task)
      }
      if (queue.length >= waiting) return undefined
      return new Promise<void>((resolve) => queue.push(resolve)).then(() => pass(task))
    },
  }
}
