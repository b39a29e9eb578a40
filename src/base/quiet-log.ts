/**
 * A log that nobody outside can fill: of lines of one kind the first few are written, and of the others
 * how many there were. What is left out is counted in full elsewhere.
 *
 * @module
 */
import { monotonicNow } from './clock.ts'
import { type Logger, writeLine } from './log.ts'

/** How many lines of a kind are written in full, one after another. */
export const MAX_FULL_LINES = 5

/** How often a kind has a line after that, in milliseconds. After as long without any it is new. */
export const QUIET_MS = 10_000

/** How many kinds are told apart at once. What comes beyond them is one kind more. */
export const MAX_KINDS = 100

const OVERFLOW = 'overflow'

/** A line, or what makes it once it is to be written: most lines of a flood never are. */
export type LineText = string | (() => string)

/** Writes lines, a few of each kind. */
export interface QuietLog {
  /**
   * Writes a line, if it is one of the first {@link MAX_FULL_LINES} of its kind. Else it is counted,
   * and the last one that was follows once in {@link QUIET_MS}, with the count.
   *
   * @param kind A fixed word or a few: nothing that is sent from outside.
   */
  write(level: keyof Logger, kind: string, text: LineText): void
  /** Writes the counts that are left. */
  close(): void
}

/** How much of a line is written with a count, in characters, so that the count is not cut off. */
const MAX_COUNTED_LINE = 500

/** A kind that had a line of late. */
interface Kind {
  /** How many lines were written in full. */
  full: number
  /** How many came since its interval began, and how many of them were left out. */
  came: number
  leftOut: number
  /** The last one that was left out. */
  level: keyof Logger
  text: LineText
  /** When its interval ends. */
  due: number
  timer: ReturnType<typeof setTimeout> | undefined
}

/** The text of a line, made now. */
export function textOf(text: LineText): string {
  return typeof text === 'string' ? text : text()
}

/** Makes one. */
export function quietLog(logger: Logger): QuietLog {
  const kinds = new Map<string, Kind>()

  function begin(name: string, kind: Kind): void {
    kind.came = 0
    kind.due = monotonicNow() + QUIET_MS
    kind.timer = setTimeout(() => end(name, kind), QUIET_MS)
    // No process stays for it. A timer is a number in browsers and edge workers.
    const { timer } = kind as { timer: { unref?: () => void } }
    timer.unref?.()
  }

  /** Ends an interval. */
  function end(name: string, kind: Kind): void {
    clearTimeout(kind.timer)
    writeLeftOut(kind)
    const isQuiet = kind.came === 0 || monotonicNow() >= kind.due + QUIET_MS
    if (isQuiet) kinds.delete(name)
    else begin(name, kind)
  }

  function writeLeftOut(kind: Kind): void {
    const { level, leftOut } = kind
    if (leftOut === 0) return
    kind.leftOut = 0
    const text = textOf(kind.text)
    const line = text.length > MAX_COUNTED_LINE ? `${text.slice(0, MAX_COUNTED_LINE)}…` : text
    writeLine(logger, level, `${line} (${leftOut} more since the last such line)`)
  }

  function find(name: string): Kind {
    const known = kinds.get(name)
    // An edge worker drops the timers of a request that has its answer.
    if (known && monotonicNow() >= known.due) end(name, known)
    const found = kinds.get(name)
    if (found) return found
    const timer = undefined
    const kind: Kind = { full: 0, came: 0, leftOut: 0, level: 'info', text: '', due: 0, timer }
    kinds.set(name, kind)
    begin(name, kind)
    return kind
  }

  return {
    write(level, name, text) {
      const isKnown = kinds.has(name) || kinds.size < MAX_KINDS
      const kind = find(isKnown ? name : OVERFLOW)
      kind.came++
      if (kind.full < MAX_FULL_LINES) {
        kind.full++
        writeLine(logger, level, textOf(text))
        return
      }
      kind.leftOut++
      kind.level = level
      kind.text = text
    },

    close() {
      for (const kind of kinds.values()) {
        clearTimeout(kind.timer)
        writeLeftOut(kind)
      }
      kinds.clear()
    },
  }
}
