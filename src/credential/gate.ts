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
  /**
   * Runs a task as soon as there is room. Answers `'busy'` if too many are waiting already.
   *
   * @param peer Whose it is. Peers take turns; where no more may wait, the newest one of the peer that
   * has most waiting gives way to that of a peer that would still have no more than it.
   */
  run<T>(task: () => Promise<T>, peer?: string): Promise<T | 'busy'> | 'busy'
  /**
   * Waits for as long as a task that comes now would wait for its turn, and takes neither a place nor
   * room. Answers `'busy'` where that task would be told so.
   */
  pretend(peer?: string): Promise<'turn' | 'busy'> | 'turn' | 'busy'
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

/** What waits: a task, or one who only pretends to have one. */
type Waiter =
  | { readonly kind: 'task'; readonly tell: (turn: Place | 'busy') => void }
  | { readonly kind: 'pretence'; readonly tell: (turn: 'turn' | 'busy') => void }

/** What waits of one peer, in order. */
interface Line {
  readonly waiters: Waiter[]
  tasks: number
}

/** Makes a gate. */
export function gate({ running, waiting, lostAfter, now }: GateOptions): Gate {
  const places = new Set<Place>()
  /** By peer. The one whose turn is next comes first. */
  const lines = new Map<string, Line>()
  let tasks = 0

  function take(): Place {
    const place = { until: now() + lostAfter }
    places.add(place)
    return place
  }

  /** Hands a place on. Who pretends goes with the task whose turn it would have taken. */
  function handOn(): void {
    for (const [peer, line] of lines) {
      lines.delete(peer)
      let next = line.waiters.shift()
      for (; next?.kind === 'pretence'; next = line.waiters.shift()) next.tell('turn')
      // Behind those of the others.
      if (line.waiters.length > 0) lines.set(peer, line)
      if (!next) continue
      line.tasks--
      tasks--
      next.tell(take())
      return
    }
  }

  async function pass<T>(task: () => Promise<T>, place: Place): Promise<T> {
    try {
      return await task()
    } finally {
      // The place is handed on, so that nobody who comes now takes it from the one who waited.
      if (places.delete(place)) handOn()
    }
  }

  function giveUpLost(): void {
    const lost = [...places].filter(({ until }) => until <= now())
    for (const place of lost) places.delete(place)
    if (lost.length === 0) return
    // Requests that waited so long are most likely gone too, and would take the place with them.
    const waiters = [...lines.values()].flatMap((line) => line.waiters)
    lines.clear()
    tasks = 0
    for (const { tell } of waiters) tell('busy')
  }

  /** The line that has to give way to a task of a peer, or `full` if none has. */
  function findRoom(peer: string): Line | 'free' | 'full' {
    if (tasks < waiting) return 'free'
    let longest: Line | undefined
    for (const line of lines.values()) {
      if (!longest || line.tasks > longest.tasks) longest = line
    }
    const own = lines.get(peer)?.tasks ?? 0
    return longest && own + 1 < longest.tasks ? longest : 'full'
  }

  function giveWay(line: Line): void {
    let last = line.waiters.pop()
    // Who pretends and came after that task would have been the one to give way.
    for (; last?.kind === 'pretence'; last = line.waiters.pop()) last.tell('busy')
    if (!last) return
    line.tasks--
    tasks--
    last.tell('busy')
  }

  function queue(peer: string, waiter: Waiter): void {
    let line = lines.get(peer)
    if (!line) {
      line = { waiters: [], tasks: 0 }
      lines.set(peer, line)
    }
    line.waiters.push(waiter)
    if (waiter.kind === 'pretence') return
    line.tasks++
    tasks++
  }

  return {
    run(task, peer = '') {
      giveUpLost()
      if (places.size < running) return pass(task, take())
      const room = findRoom(peer)
      if (room === 'full') return 'busy'
      if (room !== 'free') giveWay(room)
      const turn = new Promise<Place | 'busy'>((tell) => queue(peer, { kind: 'task', tell }))
      return turn.then(async (place) => (place === 'busy' ? place : pass(task, place)))
    },

    pretend(peer = '') {
      giveUpLost()
      if (places.size < running) return 'turn'
      if (findRoom(peer) === 'full') return 'busy'
      return new Promise((tell) => queue(peer, { kind: 'pretence', tell }))
    },
  }
}
