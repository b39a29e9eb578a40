/**
 * Work that is given up when a signal says so.
 *
 * @module
 */

/** `AbortSignal`, where the types of a runtime declare it; else the part of it that is used here. */
export type AbortSignalLike = typeof globalThis extends {
  AbortSignal: { prototype: infer Signal }
}
  ? Signal
  : {
      readonly aborted: boolean
      readonly reason: unknown
      /** Throws the reason, if it is aborted. */
      throwIfAborted(): void
      /** Has a listener called once it is aborted. */
      addEventListener(type: 'abort', listener: () => void): void
      /** Has it called no more. */
      removeEventListener(type: 'abort', listener: () => void): void
    }

/**
 * Waits for work, as long as the signal is not aborted. Work that is given up goes on, and what
 * becomes of it is ignored.
 *
 * @throws The signal's reason, if it is aborted before the work is done; and what the work throws.
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignalLike | undefined,
): Promise<T> {
  if (!signal) return work
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
  try {
    return await Promise.race([aborted, work])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
