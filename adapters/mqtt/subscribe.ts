/**
 * Making subscriptions: shared ones where there are any, and plain ones in their place.
 *
 * @module
 */

import type { BrokerError } from '../../src/base/errors.ts'
import type { Qos, Subscription, SubscriptionResult } from '../../src/broker/broker.ts'
import { refusal } from '../../src/broker/refusal.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { FindDenial } from '../../src/rule/guard.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import type { Connection } from './connection.ts'
import { subscribing } from './reason.ts'

type Why = NonNullable<SubscriptionResult['unsharedBecause']>

/** What became of a subscription: a result, or why it was refused. */
export type Outcome = { readonly subscription: Subscription } & (
  | { readonly result: SubscriptionResult }
  | { readonly error: BrokerError }
)

/** A filter as it goes to the broker. */
interface Request {
  readonly subscription: Subscription
  readonly filter: string
  readonly qos: Qos
  readonly unsharedBecause?: Why
}

/** What a denied filter is answered with; MQTT 3.1.1 has the first alone (section 3.9.3). */
const DENIALS: readonly number[] = [REASON.unspecifiedError, REASON.notAuthorized]

/**
 * Makes checked subscriptions. Settles when the broker has answered for each that was sent; one
 * that is denied is not.
 *
 * @throws {BrokerError} If it has not: `ERR_BROKER_TIMEOUT`, `ERR_BROKER_CONNECTION_LOST` or `ERR_BROKER_NOT_CONNECTED`.
 */
export async function makeSubscriptions(
  connection: Connection,
  config: ResolvedBrokerConfig,
  findDenial: FindDenial,
  subscriptions: readonly Subscription[],
): Promise<readonly Outcome[]> {
  const outcomes = new Map<Subscription, Outcome>()
  let requests: Request[] = []
  const request = (one: Request) => {
    const error = findDenial({ action: 'subscribe', topic: one.filter, qos: one.qos })
    if (error) outcomes.set(one.subscription, { subscription: one.subscription, error })
    else requests.push(one)
  }
  const requestPlain = (subscription: Subscription, unsharedBecause?: Why) => {
    if (unsharedBecause && config.sharedSubscriptions === 'required') {
      outcomes.set(subscription, refuse(subscription, REASON.sharedSubscriptionsNotSupported))
      return
    }
    const { filter, qos = 1 } = subscription
    request({ subscription, filter, qos, ...(unsharedBecause && { unsharedBecause }) })
  }
  for (const subscription of subscriptions) {
    const { filter, qos = 1, shared = false } = subscription
    const unsharedBecause = shared ? whyUnshared(connection, config) : undefined
    if (!shared || unsharedBecause) requestPlain(subscription, unsharedBecause)
    else request({ subscription, filter: `$share/${config.shareName}/${filter}`, qos })
  }
  // A second round is for shared subscriptions that the broker turned out not to have.
  while (requests.length > 0) {
    const round = requests
    requests = []
    const codes = await send(connection, round)
    for (const [i, { subscription, filter, unsharedBecause }] of round.entries()) {
      const code = codes[i] ?? REASON.unspecifiedError
      const shared = filter !== subscription.filter
      if (code < REASON.unspecifiedError) {
        const granted = { filter: subscription.filter, qos: code as Qos, shared }
        const result = { ...granted, ...(unsharedBecause && { unsharedBecause }) }
        outcomes.set(subscription, { subscription, result })
      } else if (shared && code === REASON.sharedSubscriptionsNotSupported) {
        requestPlain(subscription, 'broker-has-none')
      } else {
        outcomes.set(subscription, refuse(subscription, code))
      }
    }
  }
  return subscriptions.map((subscription) => outcomes.get(subscription)!)
}

function whyUnshared(connection: Connection, config: ResolvedBrokerConfig): Why | undefined {
  if (config.sharedSubscriptions === false) return 'turned-off'
  if (config.protocolVersion === 4) return 'protocol-has-none'
  return connection.capabilities.sharedSubscriptions ? undefined : 'broker-has-none'
}

/** One SUBSCRIBE for each QoS; the answers in the order of the requests. */
async function send(connection: Connection, requests: readonly Request[]): Promise<number[]> {
  const codes: number[] = []
  await Promise.all(
    ([0, 1, 2] as const).map(async (qos) => {
      const group = [...requests.entries()].filter(([, request]) => request.qos === qos)
      if (group.length === 0) return
      // The embedded broker ends the connection over a filter that is twice in one SUBSCRIBE.
      const filters = [...new Set(group.map(([, { filter }]) => filter))]
      const granted = await sendTogether(connection, filters, qos)
      for (const [i, { filter }] of group) {
        codes[i] = granted[filters.indexOf(filter)] ?? REASON.unspecifiedError
      }
    }),
  )
  return codes
}

/** One SUBSCRIBE for all; where all are denied, one for each. */
async function sendTogether(
  connection: Connection,
  filters: readonly string[],
  qos: Qos,
): Promise<readonly number[]> {
  const codes = await connection.subscribe(filters, qos)
  // Some brokers have one decision for a whole SUBSCRIBE, and what is denied then is all of it.
  if (filters.length === 1 || !codes.every((code) => DENIALS.includes(code))) return codes
  const single = await Promise.all(filters.map((filter) => connection.subscribe([filter], qos)))
  return single.map(([code = REASON.unspecifiedError]) => code)
}

function refuse(subscription: Subscription, code: number): Outcome {
  return { subscription, error: refusal(subscribing([subscription.filter]), code) }
}
