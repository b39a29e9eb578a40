/**
 * Runs the work of one device in order and that of different devices side by side, up to a bound.
 *
 * @module
 */

/** See {@link deviceQueue}. */
export interface DeviceQueue {
  /** Runs a task when all earlier ones of the same key are done and there is room. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>
}

/**
 * Makes a queue.
 *
 * @param concurrency Most tasks running at once.
 */
export function deviceQueue(concurrency: number): DeviceQueue {
  const last = new Map<string, Promise<unknown>>()
  const waiting: (() => void)[] = []
  let free = concurrency

  async function withRoom<T>(task: () => Promise<T>): Promise<T> {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // Handed on without being freed, so that nobody who comes now overtakes.
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }

  return {
    run(key, task) {
      const before = last.get(key)
      const run = before
        ? before.then(
            () => withRoom(task),
            () => withRoom(task),
          )
        : withRoom(task)
      last.set(key, run)
      const forget = () => {
        if (last.get(key) === run) last.delete(key)
      }
      run.then(forget, forget)
      return run
    },
  }
}
