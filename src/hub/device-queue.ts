/**
 * Runs the work of one device in order and that of different devices side by side, up to a bound.
 *
 * All devices share the window of messages that the broker sends before it is answered. One that
 * fails again and again would fill it with what waits behind its retries, and no other device would
 * be heard. So it may hold only a share of it while it waits.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'

/**
 * How many tasks of one key may be in hand while it waits: the one that waits, and those behind it.
 * Well below the smallest window in use, Mosquitto's of 20 messages.
 */
export const SHARE = 8

/** See {@link deviceQueue}. */
export interface DeviceQueue {
  /**
   * Runs a task when all earlier ones of the same key are done and there is room: now, if that is
   * so. The task must not throw, and its promise must not reject.
   */
  run(key: string, task: () => MaybePromise<void>): MaybePromise<void>
  /**
   * Waits so many milliseconds, for the task of this key that runs. Ends at once when more than
   * {@link SHARE} tasks of the key are in hand; where they are from the start, it waits only until
   * others that are due had their turn.
   */
  pause(key: string, milliseconds: number): Promise<void>
  /** Tasks that run or wait. It counts them, so it is for whoever asks now and then. */
  readonly size: number
}

interface Waiting {
  readonly key: string
  readonly task: () => MaybePromise<void>
  readonly done: () => void
}

/**
 * Makes a queue.
 *
 * @param concurrency Most tasks running at once.
 */
export function deviceQueue(concurrency: number): DeviceQueue {
  /** Every key whose task goes on after its return or waits for room, with what waits behind it, if anything does. */
  const lanes = new Map<string, Waiting[] | undefined>()
  /** The first tasks of their keys that wait for room, in the order they came. */
  const ready: Waiting[] = []
  /** How to end the pause of each key that waits. */
  const pauses = new Map<string, () => void>()
  let free = concurrency
  let isAdvancing = false
  /** The key of a task that has not returned yet. It has no lane: most are done when they return. */
  let current: string | undefined

  function occupy(key: string): void {
    if (!lanes.has(key)) lanes.set(key, undefined)
  }

  function start({ key, task, done }: Waiting): void {
    const running = task()
    if (isPromise(running)) void running.then(() => end(key, done))
    else end(key, done)
  }

  function end(key: string, done?: () => void): void {
    const next = lanes.get(key)?.shift()
    if (next) ready.push(next)
    else lanes.delete(key)
    free++
    done?.()
    advance()
  }

  /** Not called by itself: a long row of tasks that are done at once would be as deep a call. */
  function advance(): void {
    if (isAdvancing) return
    isAdvancing = true
    while (free > 0) {
      const waiting = ready.shift()
      if (!waiting) break
      free--
      start(waiting)
    }
    isAdvancing = false
  }

  function isOverShare(key: string): boolean {
    const behind = lanes.get(key)?.length ?? 0
    return behind + 1 > SHARE
  }

  function wait(key: string, task: () => MaybePromise<void>, row: Waiting[]): Promise<void> {
    return new Promise((done) => row.push({ key, task, done }))
  }

  return {
    get size() {
      let count = 0
      for (const behind of lanes.values()) count += 1 + (behind?.length ?? 0)
      return count
    },

    run(key, task) {
      if (key === current || (lanes.size > 0 && lanes.has(key))) {
        const lane = lanes.get(key) ?? []
        lanes.set(key, lane)
        const done = wait(key, task, lane)
        if (isOverShare(key)) pauses.get(key)?.()
        return done
      }
      // Whoever waits comes first.
      if (free === 0 || ready.length > 0) {
        lanes.set(key, undefined)
        return wait(key, task, ready)
      }
      free--
      const outer = current
      if (outer !== undefined) occupy(outer)
      current = key
      const running = task()
      current = outer
      if (isPromise(running)) {
        occupy(key)
        return running.then(() => end(key))
      }
      if (lanes.size > 0 && lanes.has(key)) end(key)
      else {
        free++
        if (ready.length > 0) advance()
      }
      return undefined
    },

    pause(key, milliseconds) {
      return new Promise((resolve) => {
        const end = () => {
          cancel()
          pauses.delete(key)
          resolve()
        }
        const cancel = clock().after(isOverShare(key) ? 0 : milliseconds, end)
        pauses.set(key, end)
      })
    },
  }
}
