/**
 * Making subscriptions: shared ones where there are any, and plain ones in their place.
 *
 * @module
 */

import type {
  BrokerCapabilities,
  Qos,
  Subscription,
  SubscriptionResult,
} from '../../src/broker/broker.ts'
import type { Asked, Outcome, Sharing } from '../../src/client/settings.ts'
import { ask, refuse } from '../../src/client/subscribe.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { ResolvedBrokerConfig } from './config.ts'

type Why = NonNullable<SubscriptionResult['unsharedBecause']>

/** A filter as it goes to the broker. */
interface Request {
  readonly subscription: Subscription
  readonly filter: string
  readonly qos: Qos
  readonly unsharedBecause?: Why
}

/** Shares as a configuration says. */
export function sharingOf(config: ResolvedBrokerConfig): Sharing {
  return {
    makeSubscriptions: (connection, subscriptions) =>
      makeSubscriptions(connection, config, subscriptions),
    sharedFilter(filter, capabilities, isKnown) {
      if (config.sharedSubscriptions === false || !capabilities.sharedSubscriptions)
        return undefined
      return !config.cleanStart || isKnown ? sharedFilter(config, filter) : undefined
    },
  }
}

function sharedFilter({ shareName }: ResolvedBrokerConfig, filter: string): string {
  return `$share/${shareName}/${filter}`
}

async function makeSubscriptions(
  connection: Asked,
  config: ResolvedBrokerConfig,
  subscriptions: readonly Subscription[],
): Promise<readonly Outcome[]> {
  const outcomes = new Map<Subscription, Outcome>()
  let requests: Request[] = []
  const refused = (subscription: Subscription, code: number) =>
    outcomes.set(subscription, refuse(connection, subscription, code))
  const requestPlain = (subscription: Subscription, unsharedBecause?: Why) => {
    if (unsharedBecause && config.sharedSubscriptions === 'required') {
      refused(subscription, REASON.sharedSubscriptionsNotSupported)
      return
    }
    const { filter, qos = 1 } = subscription
    requests.push({ subscription, filter, qos, ...(unsharedBecause && { unsharedBecause }) })
  }
  for (const subscription of subscriptions) {
    const { filter, qos = 1, shared = false } = subscription
    const unsharedBecause = shared ? whyUnshared(connection.capabilities, config) : undefined
    if (!shared || unsharedBecause) requestPlain(subscription, unsharedBecause)
    else requests.push({ subscription, filter: sharedFilter(config, filter), qos })
  }
  // A second round is for shared subscriptions that the broker turned out not to have.
  while (requests.length > 0) {
    const round = requests
    requests = []
    const codes = await ask(connection, round)
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
        refused(subscription, code)
      }
    }
  }
  return subscriptions.map((subscription) => outcomes.get(subscription)!)
}

function whyUnshared(
  { sharedSubscriptions }: BrokerCapabilities,
  config: ResolvedBrokerConfig,
): Why | undefined {
  if (config.sharedSubscriptions === false) return 'turned-off'
  if (config.protocolVersion === 4) return 'protocol-has-none'
  return sharedSubscriptions ? undefined : 'broker-has-none'
}
