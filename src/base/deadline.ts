/**
 * A bound on the time work may take.
 *
 * @module
 */

/**
 * Runs work for at most a number of milliseconds.
 *
 * @param onExpired Called when the time is up, to stop what the work does.
 * @returns What the work settles with, if it settles in time.
 * @throws {Error} When the time is up. What the work does after that is ignored.
 */
export function withinDeadline<T>(
  milliseconds: number,
  work: () => Promise<T>,
  onExpired?: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no decision within ${milliseconds} ms`))
      onExpired?.()
    }, milliseconds)
    work().then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
