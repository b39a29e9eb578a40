/**
 * How far a bulk run is, on the error output: a line that changes at a terminal, and else one now and
 * then.
 *
 * @module
 */
import process from 'node:process'

/** Milliseconds before the first word at a terminal, so that what is quick is silent. */
const QUIET_MS = 1_000
/** Milliseconds from one to the next. */
const AT_TERMINAL_MS = 250
const IN_LOG_MS = 10_000

/** Tells how far it is. */
export interface Progress {
  /** @param done Lines so far. @param part How much of all that is, from 0 to 1. */
  at(done: number, part: number): void
  /** Takes the line away. */
  end(): void
}

/** @param what What is counted, such as `lines`. */
export function showProgress(what: string): Progress {
  const { stderr } = process
  const begin = performance.now()
  const isTerminal = stderr.isTTY === true
  const pause = isTerminal ? AT_TERMINAL_MS : IN_LOG_MS
  let last = begin + (isTerminal ? QUIET_MS - pause : 0)
  let first: number | undefined
  let isShown = false
  return {
    at(done, part) {
      first ??= done
      const now = performance.now()
      if (now - last < pause) return
      last = now
      const rate = Math.round(((done - first) * 1_000) / (now - begin))
      const text = `${grouped(done)} ${what}, ${Math.floor(part * 100)} %, ${grouped(rate)} a second`
      stderr.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`)
      isShown = isTerminal
    },
    end() {
      if (isShown) stderr.write('\r\x1b[K')
      isShown = false
    },
  }
}

/** A number as people read it. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
