/**
 * A bound on the time work may take.
 *
 * @module
 */
import { monotonicNow } from './clock.ts'

/** Into how many parts a bound is cut: the time is up at the end of one of them. */
const PARTS = 16

/**
 * Work that is under way, in a ring with all other work of one bound. Not in a `Set`: on V8 each table
 * of one points to the table that took its place, so that once a table is old, as after a full
 * collection, whatever was in any table since is kept until the next one.
 */
interface UnderWay {
  /** When its time is up at last, by the clock for durations. */
  readonly due: number
  readonly expire: () => void
  /** Itself where it is in no ring any more, so that it keeps nothing else. */
  previous: UnderWay
  next: UnderWay
}

/** The beginning and end of a ring, whose members are in the order in which their time is up. */
interface Watch extends UnderWay {
  isTicking: boolean
}

/** By the bound: there are as many as callers name, which is a few. */
const watches = new Map<number, Watch>()

/**
 * Runs work for at most a number of milliseconds, and for fifteen sixteenths of them at least.
 *
 * @param onExpired Called when the time is up, to stop what the work does.
 * @param what What there is none of then, for the error.
 * @returns What the work settles with, if it settles in time.
 * @throws {Error} When the time is up. What the work does after that is ignored.
 */
export function withinDeadline<T>(
  milliseconds: number,
  work: () => Promise<T>,
  onExpired?: () => void,
  what = 'decision',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = begin(milliseconds, () => {
      reject(new Error(`no ${what} within ${milliseconds} ms`))
      onExpired?.()
    })
    work().then(
      (value) => {
        end()
        resolve(value)
      },
      (error: unknown) => {
        end()
        reject(error)
      },
    )
  })
}

/** Has `expire` called when the time is up. Returns how to prevent it. */
function begin(milliseconds: number, expire: () => void): () => void {
  if (!HAS_LASTING_TIMERS) {
    const timer = setTimeout(expire, milliseconds)
    return () => clearTimeout(timer)
  }
  let watch = watches.get(milliseconds)
  if (!watch) {
    watch = makeWatch()
    watches.set(milliseconds, watch)
  }
  const one = add(watch, monotonicNow() + milliseconds, expire)
  if (!watch.isTicking) tick(watch, milliseconds / PARTS)
  return () => remove(one)
}

function makeWatch(): Watch {
  const watch: Partial<Watch> = { due: Infinity, expire() {}, isTicking: false }
  watch.previous = watch as Watch
  watch.next = watch as Watch
  return watch as Watch
}

/** Puts one at the end of a ring. */
function add(watch: Watch, due: number, expire: () => void): UnderWay {
  const { previous } = watch
  const one: UnderWay = { due, expire, previous, next: watch }
  previous.next = one
  watch.previous = one
  return one
}

function remove(one: UnderWay): void {
  one.previous.next = one.next
  one.next.previous = one.previous
  one.previous = one
  one.next = one
}

/**
 * Looks again and again at what is under way, until there is nothing. One timer for all of it: on Deno
 * a timer takes as long as a decision.
 */
function tick(watch: Watch, interval: number): void {
  watch.isTicking = true
  setTimeout(() => {
    const end = monotonicNow() + interval
    while (watch.next.due <= end) {
      const { next } = watch
      remove(next)
      next.expire()
    }
    if (watch.next !== watch) tick(watch, interval)
    else watch.isTicking = false
  }, interval)
}

/**
 * Whether a timer outlives the request that began it. On edge workers it does not, and each work needs
 * its own: Cloudflare Workers can pass for Node, and are known by what they alone have.
 */
const HAS_LASTING_TIMERS: boolean = /* @__PURE__ */ isProcess()

function isProcess(): boolean {
  const { process } = globalThis as {
    readonly process?: { readonly versions?: { readonly node?: string } }
  }
  return process?.versions?.node !== undefined && !('WebSocketPair' in globalThis)
}
