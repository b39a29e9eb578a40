/**
 * Streams of values, for whoever reads at a pace of its own.
 *
 * @module
 */
import type { StreamOptions } from './watcher.ts'

/** How many values are kept for a reader that has not come to them. */
const MAX_UNREAD = 1_000

/** What a stream is written by. */
export interface Writer<T> {
  /** Hands a value on. Returns the oldest one, if it is lost for that. */
  write(value: T): T | undefined
  /** Ends the stream behind what was written: with an error, or without one. */
  end(error?: Error): void
}

interface Reader<T> {
  resolve(result: IteratorResult<T>): void
  reject(error: Error): void
}

/**
 * Makes a stream. Each time it is iterated it is another one.
 *
 * @param open Begins to write. Returns how to stop that.
 */
export function stream<T>(
  open: (writer: Writer<T>) => () => void,
  { signal }: StreamOptions = {},
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => read(open, signal) }
}

function read<T>(
  open: (writer: Writer<T>) => () => void,
  signal: StreamOptions['signal'],
): AsyncIterator<T> {
  const unread: T[] = []
  const readers: Reader<T>[] = []
  let isOver = false
  /** Told to one reader. */
  let failure: Error | undefined
  let stop = () => {}

  function end(error?: Error): void {
    if (isOver) return
    isOver = true
    failure = error
    stop()
    signal?.removeEventListener('abort', abort)
    for (const reader of readers.splice(0)) answer(reader)
  }

  function abort(): void {
    unread.length = 0
    end()
  }

  function answer(reader: Reader<T>): void {
    if (unread.length > 0) reader.resolve({ done: false, value: unread.shift()! })
    else if (!isOver) readers.push(reader)
    else if (failure) {
      reader.reject(failure)
      failure = undefined
    } else reader.resolve({ done: true, value: undefined })
  }

  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  else {
    const close = open({
      write(value) {
        const reader = readers.shift()
        if (reader) reader.resolve({ done: false, value })
        else if (unread.push(value) > MAX_UNREAD) return unread.shift()
        return undefined
      },
      end,
    })
    stop = close
    if (isOver) close()
  }
  return {
    next: () => new Promise((resolve, reject) => answer({ resolve, reject })),
    async return() {
      abort()
      return { done: true, value: undefined }
    },
  }
}
