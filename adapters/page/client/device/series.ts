/**
 * The numbers that a device sent, by their paths: bounded, the newest. Each has all its room from the
 * beginning, so that nothing grows while somebody looks.
 *
 * @module
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { LiveMessage } from '../../wire.ts'

/** Points of one number: 10 minutes at one a second. */
const MAX_POINTS = 600
/** Numbers that are kept. */
const MAX_SERIES = 32

/** The newest points of one number. */
export class Points {
  readonly #times = new Float64Array(MAX_POINTS)
  readonly #values = new Float64Array(MAX_POINTS)
  readonly #added = signal(0)
  #length = 0

  /** How many were ever added: read it to be told of the next. */
  get added(): ReadonlySignal<number> {
    return this.#added
  }

  /** Seconds since the Unix epoch, as uPlot takes them, the oldest first; good until the next is added. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#length)
  }

  /** A value for each of them. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length)
  }

  /** Adds one, in the place of the oldest where there is no more room. */
  add(time: number, value: number): void {
    if (this.#length === MAX_POINTS) {
      this.#times.copyWithin(0, 1)
      this.#values.copyWithin(0, 1)
    } else this.#length++
    this.#times[this.#length - 1] = time
    this.#values[this.#length - 1] = value
    this.#added.value++
  }
}

/** The numbers of a device by their paths. */
export class Series {
  readonly #points = new Map<string, Points>()
  readonly #paths: Signal<readonly string[]>

  /** @param declared Paths that are there before a number came. */
  constructor(declared: readonly string[]) {
    for (const path of declared.slice(0, MAX_SERIES)) this.#points.set(path, new Points())
    this.#paths = signal([...this.#points.keys()])
  }

  /** The paths, the declared ones first. */
  get paths(): ReadonlySignal<readonly string[]> {
    return this.#paths
  }

  /** The points of one of {@link paths}. */
  of(path: string): Points {
    return this.#points.get(path)!
  }

  /** Adds what messages have. */
  add(messages: readonly LiveMessage[]): void {
    for (const { at, channel, numbers } of messages) {
      if (channel !== 'data') continue
      for (const [path, value] of Object.entries(numbers)) {
        this.#pointsFor(path)?.add(at / 1_000, value)
      }
    }
  }

  #pointsFor(path: string): Points | undefined {
    const known = this.#points.get(path)
    if (known || this.#points.size >= MAX_SERIES) return known
    const points = new Points()
    this.#points.set(path, points)
    this.#paths.value = [...this.#points.keys()]
    return points
  }
}
