/**
 * Times operations against each other, and counts what they allocate.
 *
 * Contenders run in turns, round by round, so that what slows the machine down slows all of them.
 * What is compared is their times of the same round.
 *
 * @module
 */
import { GCProfiler, getHeapStatistics } from 'node:v8'

/** One way to do an operation. */
export interface Contender {
  readonly name: string
  /**
   * Does it once, on the input that an ever growing count selects, and answers with a number that
   * depends on the result, so that no part of the work can be left out.
   */
  op(count: number): number
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number
  /** Milliseconds that one round of one contender takes, unless a single operation takes longer. */
  readonly roundTime: number
  /** Milliseconds each contender runs before the first round. */
  readonly warmUpTime: number
  /** Most operations over which allocations are counted, and most milliseconds they may take. */
  readonly heapOps: number
  readonly heapTime: number
}

/** The effort for numbers to be published. */
export const FULL: Effort = {
  rounds: 21,
  roundTime: 40,
  warmUpTime: 300,
  heapOps: 5_000_000,
  heapTime: 1000,
}

/** The effort for a look at whether everything runs. Its numbers mean little. */
export const QUICK: Effort = {
  rounds: 3,
  roundTime: 3,
  warmUpTime: 20,
  heapOps: 50_000,
  heapTime: 10,
}

/** What was measured of one contender. */
export interface Measurement {
  readonly name: string
  /** Median time of an operation, in nanoseconds. */
  readonly time: number
  /** Half the distance between the quartiles of the rounds, as a share of the median. */
  readonly spread: number
  /** Its time in multiples of the first contender's: the median of the rounds' ratios. */
  readonly ratio: number
  /** Bytes that an operation allocates on the JavaScript heap. */
  readonly bytes: number
  /** Operations over which {@link bytes} and {@link collections} were counted. */
  readonly heapOps: number
  /** Garbage collections during these operations. */
  readonly collections: number
}

/** Takes in every result. */
let sink = 0

/**
 * Measures contenders against the first one.
 *
 * Each is called through the same loop, so a call costs all of them the same.
 */
export function measure(contenders: readonly Contender[], effort: Effort): readonly Measurement[] {
  globalThis.gc?.()
  const sizes = contenders.map((contender) => warmUp(contender, effort))
  const times: number[][] = contenders.map(() => [])
  const done = contenders.map(() => 0)
  for (let round = 0; round < effort.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Another one begins in each round.
      const at = (turn + round) % contenders.length
      const size = sizes[at]!
      // Nobody collects what another one left behind.
      globalThis.gc?.({ type: 'minor' })
      times[at]!.push((runTimed(contenders[at]!, done[at]!, size) * 1e6) / size)
      done[at]! += size
    }
  }
  const first = times[0]!
  return contenders.map((contender, at) => {
    const own = times[at]!
    const time = quantile(own, 0.5)
    return {
      name: contender.name,
      time,
      spread: (quantile(own, 0.75) - quantile(own, 0.25)) / 2 / time,
      ratio: quantile(
        own.map((value, round) => value / first[round]!),
        0.5,
      ),
      ...countAllocations(contender, time, effort),
    }
  })
}

/** Runs a contender until it is warm. Returns how many operations fill a round. */
function warmUp(contender: Contender, { warmUpTime, roundTime }: Effort): number {
  const end = performance.now() + warmUpTime
  let done = 0
  let size = 1
  let time = runTimed(contender, done, size)
  while (performance.now() < end) {
    done += size
    if (time < roundTime / 4) size *= 2
    time = runTimed(contender, done, size)
  }
  return Math.max(1, Math.round((size * roundTime) / Math.max(time, 0.001)))
}

/** Milliseconds that some operations take. */
function runTimed(contender: Contender, from: number, size: number): number {
  let sum = 0
  const start = performance.now()
  for (let i = from; i < from + size; i++) sum += contender.op(i)
  const time = performance.now() - start
  sink = (sink + sum) % 1_000_003
  return time
}

/**
 * Counts allocated bytes: what the heap has grown by, and what each collection on the way took away
 * from it.
 */
function countAllocations(
  contender: Contender,
  time: number,
  { heapOps: most, heapTime }: Effort,
): Pick<Measurement, 'bytes' | 'heapOps' | 'collections'> {
  const heapOps = Math.max(1, Math.min(most, Math.floor((heapTime * 1e6) / time)))
  const profiler = new GCProfiler()
  profiler.start()
  const before = getHeapStatistics().used_heap_size
  runTimed(contender, 0, heapOps)
  let bytes = getHeapStatistics().used_heap_size - before
  const collected = profiler.stop().statistics
  for (const { beforeGC, afterGC } of collected) {
    bytes += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize
  }
  return { bytes: Math.max(0, bytes) / heapOps, heapOps, collections: collected.length }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1)
}

/** The sum of all results so far, to print. */
export function resultsSum(): number {
  return sink
}
