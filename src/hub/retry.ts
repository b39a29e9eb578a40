/**
 * Trying again, with growing pauses.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'

/** How often, and after what pauses, a failing handler is tried again. */
export interface RetryOptions {
  /** Times it is tried in all, at least 1. Default: 5. */
  readonly attempts?: number
  /** Milliseconds before the second try; each further pause is twice as long. Default: 100. */
  readonly delay?: number
  /** Longest pause in milliseconds. Default: 10,000. */
  readonly maxDelay?: number
}

/** {@link RetryOptions} with every default filled in. */
export type RetryPolicy = Required<RetryOptions>

/** Fills in defaults. @throws {ConfigError} If a value is out of range. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  const { attempts = 5, delay = 100, maxDelay = 10_000 } = options
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new ConfigError('retry.attempts', 'must be a whole number of at least 1')
  }
  if (!(delay >= 0)) throw new ConfigError('retry.delay', 'must be milliseconds, 0 or more')
  if (!(maxDelay >= 0)) throw new ConfigError('retry.maxDelay', 'must be milliseconds, 0 or more')
  return { attempts, delay, maxDelay }
}

/**
 * Runs a task until it succeeds. Fails with its last error when the attempts are used up. A task that
 * is done at once is not waited for.
 *
 * @param key Whose task it is.
 */
export type Retry = <A, T>(
  key: string,
  task: (argument: A) => MaybePromise<T>,
  argument: A,
) => MaybePromise<T>

/**
 * Makes it.
 *
 * @param pause Waits so many milliseconds, or less, for the task of a key.
 */
export function retrier(
  policy: RetryPolicy,
  pause: (key: string, milliseconds: number) => Promise<void>,
): Retry {
  async function tryAgain<T>(
    key: string,
    task: () => MaybePromise<T>,
    firstError: unknown,
  ): Promise<T> {
    let error = firstError
    for (let attempt = 1; attempt < policy.attempts; attempt++) {
      await pause(key, Math.min(policy.maxDelay, policy.delay * 2 ** (attempt - 1)))
      try {
        return await task()
      } catch (nextError) {
        error = nextError
      }
    }
    throw error
  }

  return (key, task, argument) => {
    const again = (error: unknown) => tryAgain(key, () => task(argument), error)
    try {
      const result = task(argument)
      return isPromise(result) ? Promise.resolve(result).catch(again) : result
    } catch (error) {
      return again(error)
    }
  }
}
