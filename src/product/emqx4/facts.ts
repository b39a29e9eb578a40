/**
 * What EMQX 4 tells of a request and keeps apart.
 *
 * @module
 */
import type { BrokerFacts } from '../../rule/facts.ts'

/** It asks about `$delayed/<seconds>/` as it is. */
export const facts: BrokerFacts = {
  qos: false,
  retain: false,
  // `$share/<share name>/` is taken off before it asks, and so is what is `stripped`.
  share: false,
  clientId: true,
  separators: '',
  stripped: { publish: [], subscribe: ['$queue', '$exclusive'] },
}
