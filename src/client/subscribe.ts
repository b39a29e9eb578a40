/**
 * Making subscriptions.
 *
 * @module
 */
import type { Qos, Subscription } from '../broker/broker.ts'
import { asking, FAILURE, NOT_AUTHORIZED, refusal } from './reason.ts'
import type { Asked, Outcome } from './settings.ts'

/** What a denied filter is answered with; MQTT 3.1.1 has the first alone (section 3.9.3). */
const DENIALS: readonly number[] = [FAILURE, NOT_AUTHORIZED]

/**
 * Makes checked subscriptions, none of them shared. Settles when the broker has answered for each.
 *
 * @throws {BrokerError} If it has not: `ERR_BROKER_TIMEOUT`, `ERR_BROKER_CONNECTION_LOST` or `ERR_BROKER_NOT_CONNECTED`.
 */
export async function subscribePlainly(
  connection: Asked,
  subscriptions: readonly Subscription[],
): Promise<readonly Outcome[]> {
  const codes = await ask(connection, subscriptions)
  return subscriptions.map((subscription, i) => {
    const code = codes[i]!
    if (code >= FAILURE) return refuse(connection, subscription, code)
    const { filter, shared } = subscription
    const result = { filter, qos: code as Qos, shared: false }
    return {
      subscription,
      result: shared ? { ...result, unsharedBecause: 'turned-off' } : result,
    }
  })
}

/** The outcome of a subscription that was refused. */
export function refuse({ describe }: Asked, subscription: Subscription, code: number): Outcome {
  return {
    subscription,
    error: refusal(asking('Subscribing to', [subscription.filter]), code, describe),
  }
}

/** One SUBSCRIBE for all; the answers in the order of the requests. Of several for one filter the last counts. */
export async function ask(
  connection: Asked,
  requests: readonly { readonly filter: string; readonly qos?: Qos }[],
): Promise<readonly number[]> {
  // The embedded broker ends the connection over a filter that is twice in one SUBSCRIBE.
  const filters = [...new Map(requests.map(({ filter, qos = 1 }) => [filter, qos]))]
  if (filters.length === 0) return []
  let codes = await connection.subscribe(filters)
  // Some brokers have one decision for a whole SUBSCRIBE, and what is denied then is all of it.
  if (filters.length > 1 && codes.every((code) => DENIALS.includes(code))) {
    const single: number[] = []
    for (const one of filters) single.push((await connection.subscribe([one]))[0] ?? FAILURE)
    codes = single
  }
  const granted = new Map(filters.map(([filter], i) => [filter, codes[i]]))
  return requests.map(({ filter }) => granted.get(filter) ?? FAILURE)
}
