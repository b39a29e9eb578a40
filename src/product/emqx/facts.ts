/**
 * What EMQX 5 and 6 tell of a request and keep apart.
 *
 * @module
 */
import type { BrokerFacts } from '../../rule/facts.ts'

/** Its access rules see the same as its questions tell. */
export const facts: BrokerFacts & Required<Pick<BrokerFacts, 'stripped'>> = {
  qos: true,
  retain: true,
  // `$share/<share name>/` is taken off before it asks, and so is what is `stripped`.
  share: false,
  clientId: true,
  separators: '',
  stripped: { publish: ['$delayed/+'], subscribe: ['$queue', '$exclusive', '$delayed/+'] },
}
