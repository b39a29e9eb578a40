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
  /** Runs a task as soon as there is room. Answers `'busy'` if too many are waiting already. */
  run<T>(task: () => Promise<T>): Promise<T | 'busy'> | 'busy'
}

/** What {@link gate} takes. */
export interface GateOptions {
  /** Most tasks that run at once. */
  readonly running: number
  /** Most tasks that wait. */
  readonly waiting: number
  /**
   * Milliseconds after which a task that has not settled is given up: it keeps no place any more,
   * and who waited for it is told `'busy'`. An edge worker drops all that a request waits for when
   * its client goes away or has its answer, and what is dropped never settles.
   */
  readonly lostAfter: number
  /** Milliseconds on any clock. */
  readonly now: () => number
}

/** A task that runs. */
interface Place {
  readonly until: number
}

/** Makes a gate. */
export function gate({ running, waiting, lostAfter, now }: GateOptions): Gate {
  const places = new Set<Place>()
  const queue: ((place: Place | 'busy') => void)[] = []

  function take(): Place {
    const place = { until: now() + lostAfter }
    places.add(place)
    return place
  }

  async function pass<T>(task: () => Promise<T>, place: Place): Promise<T> {
    try {
      return await task()
    } finally {
      // The place is handed on, so that nobody who comes now takes it from the one who waited.
      if (places.delete(place)) queue.shift()?.(take())
    }
  }

  function giveUpLost(): void {
    const lost = [...places].filter(({ until }) => until <= now())
    for (const place of lost) places.delete(place)
    // Requests that waited so long are most likely gone too, and would take the place with them.
    if (lost.length > 0) for (const tell of queue.splice(0)) tell('busy')
  }

  return {
    run(task) {
      giveUpLost()
      if (places.size < running) return pass(task, take())
      if (queue.length >= waiting) return 'busy'
      const turn = new Promise<Place | 'busy'>((resolve) => queue.push(resolve))
      return turn.then(async (place) => (place === 'busy' ? place : pass(task, place)))
    },
  }
}
