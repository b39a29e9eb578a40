/**
 * What goes wrong between here and Redis.
 *
 * @module
 */
import { AdapterError, toError } from '../../src/base/errors.ts'
import { printable } from '../../src/base/quote.ts'

const MAX_PROBLEM_LENGTH = 200

/**
 * Redis did not do what it was asked to, or nobody knows whether it did: it is away, does not answer in
 * time, or said no. The same call may go well later. A write may have been made.
 */
export class RedisError extends AdapterError {
  override readonly name = 'RedisError'
  readonly code = 'ERR_REDIS'
  /** What the client, or Redis through it, said of it, such as `NOAUTH …`: one line, cut to 200 characters. */
  readonly problem: string

  /**
   * @param thrown What the client threw. It is not kept as the cause: an error of ioredis holds the
   * arguments of its command, and where the login is wrong that is Redis's password.
   */
  constructor(thrown: unknown) {
    const problem = printable(toError(thrown).message, MAX_PROBLEM_LENGTH)
    super(`Redis: ${problem}`)
    this.problem = problem
  }
}
