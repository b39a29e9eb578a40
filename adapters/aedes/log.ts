/**
 * A log that clients cannot fill: what repeats is counted, and text from outside stays one line.
 *
 * @module
 */
import { type Logger, writeLine } from '../../src/base/log.ts'

/** For how long a line that was written is not written again. */
export const QUIET_MS = 10_000

/** How many different lines may be held back at once; what comes beyond them is only counted. */
export const MAX_QUIET_LINES = 100

const OVERFLOW = 'overflow'

/** A log with a bound on how much it writes. */
export interface BoundedLog {
  /**
   * Writes a line, unless one with the same key was written in the last {@link QUIET_MS}; then it
   * is counted, and the count follows when that time is over.
   */
  add(level: 'info' | 'warn', key: string, text: string): void
  /** Writes an error as it comes. */
  error(text: string): void
  /** Writes the counts that are left. */
  close(): void
}

interface Quiet {
  readonly level: 'info' | 'warn'
  text: string
  repeats: number
  timer: ReturnType<typeof setTimeout>
}

/** Makes a log with a bound. */
export function boundedLog(logger: Logger): BoundedLog {
  const quiet = new Map<string, Quiet>()

  function writeRepeats({ level, text, repeats }: Quiet): void {
    writeLine(logger, level, `${text} (${repeats} more since the last such line)`)
  }

  function armTimer(key: string): Quiet['timer'] {
    const timer = setTimeout(() => {
      const entry = quiet.get(key)!
      if (entry.repeats === 0) {
        quiet.delete(key)
        return
      }
      writeRepeats(entry)
      entry.repeats = 0
      entry.timer = armTimer(key)
    }, QUIET_MS)
    timer.unref()
    return timer
  }

  function add(level: 'info' | 'warn', key: string, text: string): void {
    const entry = quiet.get(key)
    if (entry) {
      entry.repeats++
      entry.text = text
      return
    }
    if (quiet.size >= MAX_QUIET_LINES && key !== OVERFLOW) {
      add('warn', OVERFLOW, 'More clients are in trouble than are logged one by one')
      return
    }
    writeLine(logger, level, text)
    quiet.set(key, { level, text, repeats: 0, timer: armTimer(key) })
  }

  return {
    add,
    error: (text) => writeLine(logger, 'error', text),
    close() {
      for (const entry of quiet.values()) {
        clearTimeout(entry.timer)
        if (entry.repeats > 0) writeRepeats(entry)
      }
      quiet.clear()
    },
  }
}
