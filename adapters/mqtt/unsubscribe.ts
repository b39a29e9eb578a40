/**
 * Ending subscriptions: a filter may stand for a plain one, a shared one, or both.
 *
 * @module
 */

import type { BrokerError } from '../../src/base/errors.ts'
import { refusal } from '../../src/broker/refusal.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { Connection } from './connection.ts'
import { unsubscribing } from './reason.ts'

/** Which subscriptions with a filter are to end. */
export interface Ending {
  readonly filter: string
  /** The share name of one that there is, or may be, beside a plain one. */
  readonly shareName?: string | undefined
}

/**
 * Ends subscriptions. Settles when the broker has answered for each, with what it refused, in the order
 * they were given.
 *
 * @throws {BrokerError} If it has not: `ERR_BROKER_TIMEOUT`, `ERR_BROKER_CONNECTION_LOST` or `ERR_BROKER_NOT_CONNECTED`.
 */
export async function endSubscriptions(
  connection: Connection,
  endings: readonly Ending[],
): Promise<readonly (BrokerError | undefined)[]> {
  if (endings.length === 0) return []
  const requests = endings.flatMap(({ filter, shareName }, of) => [
    { of, filter },
    ...(shareName === undefined ? [] : [{ of, filter: `$share/${shareName}/${filter}` }]),
  ])
  const codes = await connection.unsubscribe(requests.map(({ filter }) => filter))
  const refusals: (BrokerError | undefined)[] = endings.map(() => undefined)
  for (const [i, { of, filter }] of requests.entries()) {
    const code = codes[i] ?? REASON.unspecifiedError
    if (code >= REASON.unspecifiedError) refusals[of] ??= refusal(unsubscribing([filter]), code)
  }
  return refusals
}
