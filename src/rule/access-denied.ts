/**
 * The refusal of a client by itself.
 *
 * @module
 */
import { BrokerError } from '../base/errors.ts'
import type { Explanation } from './explain.ts'

/**
 * A client refused what its own rules do not grant, before anything was sent. The code is
 * `ERR_BROKER_NOT_AUTHORIZED`, as if the broker had refused it.
 */
export class AccessDeniedError extends BrokerError<'ERR_BROKER_NOT_AUTHORIZED'> {
  override readonly name = 'AccessDeniedError'
  /** The decision, and the rules that came near. */
  readonly explanation: Explanation

  constructor(explanation: Explanation) {
    super('ERR_BROKER_NOT_AUTHORIZED', explanation.text)
    this.explanation = explanation
  }
}
