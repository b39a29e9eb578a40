/**
 * A bulk run as whoever started it follows it, on the error output: how far it is, and the lines that are
 * odd.
 *
 * @module
 */
import { printable } from '../../../src/base/quote.ts'
import { printError } from '../output.ts'
import { grouped, showProgress } from './progress.ts'
import type { Result } from './result-file.ts'

/** Most lines that are told one by one. */
const MAX_TOLD = 20

/** Told as a run goes on. */
export interface ProgressOf {
  /** @param line The line that was read. @param end How much has been read. */
  at(line: number, end: number): void
  settled(result: Result): void
  end(): void
}

/**
 * Follows a run.
 *
 * @param what What its lines are called.
 * @param all How much there is to be read.
 * @param file Where all of it is written down.
 */
export function follow(what: string, all: number, file: string | undefined): ProgressOf {
  const progress = showProgress(what)
  let odd = 0
  const tell = (text: string) => {
    odd += 1
    if (odd > MAX_TOLD) return
    progress.end()
    void printError(printable(text))
  }
  return {
    at: (line, end) => progress.at(line, all === 0 ? 1 : end / all),
    settled({ line, type, id, result, code, text, failed = [] }) {
      const device = id === undefined ? '' : ` ${type}/${id}:`
      if (result === 'refused') {
        tell(`devicehub: line ${line}:${device} ${code === undefined ? '' : `${code}: `}${text}`)
      }
      for (const { name, problem } of failed) {
        tell(`devicehub: line ${line}:${device} is on record, but ${name} failed: ${problem}`)
      }
    },
    end() {
      progress.end()
      if (odd <= MAX_TOLD) return
      const where = file === undefined ? '' : `: all are in ${file}`
      void printError(`devicehub: and ${grouped(odd - MAX_TOLD)} more${where}`)
    },
  }
}
