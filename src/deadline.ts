/**
 * A bound on the time work may take.
 *
 * @module
 */

/**
 * Runs work for at most a number of milliseconds.
 *
 * @param work Receives a signal that is aborted when the time is up.
 * @returns What the work settles with, if it settles in time.
 * @throws {Error} When the time is up. What the work does after that is ignored.
 */
export async function withinDeadline<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no decision within ${milliseconds} ms`))
      controller.abort()
    }, milliseconds)
  })
  try {
    return await Promise.race([work(controller.signal), expired])
  } finally {
    clearTimeout(timer)
  }
}
