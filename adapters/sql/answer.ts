/**
 * A bound on how long a database is waited for.
 *
 * @module
 */
import { withinDeadline } from '../../src/base/deadline.ts'
import { AdapterError } from '../../src/base/errors.ts'

/** Milliseconds for the answer to a statement: more than the routes wait, less than the embedded broker. */
export const ANSWER_LIMIT_MS = 5_000

/**
 * The database gave no answer within 5 seconds. The same call may go well later. A write may have been
 * made.
 */
export class StoreTimeoutError extends AdapterError {
  override readonly name = 'StoreTimeoutError'
  readonly code = 'ERR_STORE_TIMEOUT'

  /** @param advice A sentence, if there is something to be done about it. */
  constructor(advice = '') {
    const seconds = ANSWER_LIMIT_MS / 1_000
    super(`The database gave no answer within ${seconds} s; a write may have been made.${advice}`)
  }
}

/**
 * Waits for the answer to a statement.
 *
 * @param onExpired Called when the time is up. Returns a sentence for the error, or nothing.
 * @throws {StoreTimeoutError} When the time is up. What comes after that is ignored.
 */
export async function answered<T>(work: () => Promise<T>, onExpired = () => ''): Promise<T> {
  let timeout: StoreTimeoutError | undefined
  const expire = () => {
    timeout = new StoreTimeoutError(onExpired())
  }
  try {
    return await withinDeadline(ANSWER_LIMIT_MS, work, expire, 'answer')
  } catch (error) {
    throw timeout ?? error
  }
}
