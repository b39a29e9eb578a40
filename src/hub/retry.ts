/**
 * Trying again, with growing pauses.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'
import { checkOptions } from '../base/options.ts'

/** Longest pause that can be asked for, in seconds: a day. */
const MAX_DELAY = 86_400

/** How often, and after what pauses, a failing handler is tried again. */
export interface RetryOptions {
  /** Times it is tried in all, at least 1. Default: 5. */
  readonly attempts?: number
  /** Seconds before the second try; each further pause is twice as long. 0 to 86,400 (a day). Default: 0.1. */
  readonly delay?: number
  /** Longest pause in seconds, 0 to 86,400 (a day). Default: 10. */
  readonly maxDelay?: number
}

/** {@link RetryOptions} with every default filled in. */
export type RetryPolicy = Required<RetryOptions>

/** Fills in defaults. @throws {ConfigError} If a value is out of range. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  checkOptions(options, { attempts: true, delay: true, maxDelay: true }, 'retry')
  const { attempts = 5, delay = 0.1, maxDelay = 10 } = options
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new ConfigError('retry.attempts', 'must be a whole number of at least 1')
  }
  for (const [name, value] of Object.entries({ delay, maxDelay })) {
    if (!(typeof value === 'number' && value >= 0 && value <= MAX_DELAY)) {
      throw new ConfigError(`retry.${name}`, `must be seconds, 0 to ${MAX_DELAY}`)
    }
  }
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
      const seconds = Math.min(policy.maxDelay, policy.delay * 2 ** (attempt - 1))
      await pause(key, seconds * 1_000)
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
