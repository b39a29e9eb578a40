/**
 * A file read by its lines, a piece at a time.
 *
 * @module
 */
import { createReadStream } from 'node:fs'

/** Longest line, in bytes: with rules of its own a device has some kilobytes. */
export const MAX_LINE_BYTES = 65_536
const NEWLINE = 10

/** A line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end. `undefined` if it is too long to be kept. */
  readonly text: string | undefined
  /** Where the next one begins, in bytes. */
  readonly end: number
  /** Whether it has an end: the last one may have been cut off. */
  readonly isWhole: boolean
}

/**
 * Reads the lines of a file.
 *
 * @param from Where to begin, in bytes: at the beginning of a line.
 * @param before How many lines are before that.
 */
export async function* readLines(file: string, from = 0, before = 0): AsyncGenerator<Line, void> {
  let number = before
  let end = from
  let kept: Buffer[] = []
  let length = 0
  const line = (isWhole: boolean): Line => {
    const text = length > MAX_LINE_BYTES ? undefined : Buffer.concat(kept).toString('utf8')
    kept = []
    length = 0
    number += 1
    return { number, text: text?.replace(/\r$/, '').replace(/^\uFEFF/, ''), end, isWhole }
  }
  for await (const chunk of createReadStream(file, { start: from })) {
    const bytes = chunk as Buffer
    let begin = 0
    while (begin < bytes.length) {
      const found = bytes.indexOf(NEWLINE, begin)
      const stop = found === -1 ? bytes.length : found
      length += stop - begin
      if (length <= MAX_LINE_BYTES) kept.push(bytes.subarray(begin, stop))
      else kept = []
      end += stop - begin
      begin = stop
      if (found === -1) break
      end += 1
      begin += 1
      yield line(true)
    }
  }
  if (length > 0) yield line(false)
}
