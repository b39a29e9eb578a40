/**
 * Bounds on the time that work takes.
 *
 * @module
 */

/**
 * Settles as the work does.
 *
 * @param late Called when that takes more than some milliseconds, to bring the work to its end.
 */
export async function limited<T>(work: Promise<T>, limit: number, late: () => void): Promise<T> {
  const timer = setTimeout(late, limit)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
