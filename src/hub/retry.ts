/**
 * Trying again, with growing pauses.
 *
 * @module
 */
import { ConfigError } from '../errors.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'

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
 */
export function retry<A, T>(
  policy: RetryPolicy,
  task: (argument: A) => MaybePromise<T>,
  argument: A,
): MaybePromise<T> {
  const again = (error: unknown) => retryAfter(policy, () => task(argument), error)
  try {
    const result = task(argument)
    return isPromise(result) ? Promise.resolve(result).catch(again) : result
  } catch (error) {
    return again(error)
  }
}

async function retryAfter<T>(
  policy: RetryPolicy,
  task: () => MaybePromise<T>,
  firstError: unknown,
): Promise<T> {
  let error = firstError
  for (let attempt = 1; attempt < policy.attempts; attempt++) {
    const pause = Math.min(policy.maxDelay, policy.delay * 2 ** (attempt - 1))
    await new Promise((resolve) => setTimeout(resolve, pause))
    try {
      return await task()
    } catch (nextError) {
      error = nextError
    }
  }
  throw error
}
