/**
 * Values that are there at once or later. A promise for each step of each message would take longer
 * than the work itself, so what is there at once is not waited for.
 *
 * @module
 */

/** A value, or the promise of one. */
export type MaybePromise<T> = T | Promise<T>

/** Whether a value is still to come. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Goes on with a value: at once if it is there, else when its promise settles. */
export function andThen<T, R>(
  value: T | PromiseLike<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}

/** Does something that may fail at once or later, and hands the error on. */
export function orElse<T>(
  work: () => MaybePromise<T>,
  failed: (error: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  try {
    const result = work()
    return isPromise(result) ? Promise.resolve(result).catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}
