/**
 * What Mosquitto looks at in its rules.
 *
 * @module
 */
import type { BrokerFacts } from '../../rule/facts.ts'

/** With the dynamic-security plug-in. */
export const dynsecFacts: BrokerFacts = {
  qos: false,
  retain: false,
  share: true,
  clientId: false,
  separators: '',
}

/** With an `acl_file`, which any share name goes past. */
export const filesFacts: BrokerFacts = {
  qos: false,
  retain: false,
  share: false,
  clientId: false,
  separators: '',
}
