/**
 * What Mosquitto with mosquitto-go-auth tells of a request and keeps apart.
 *
 * @module
 */
import type { BrokerFacts } from '../../rule/facts.ts'

export const facts: BrokerFacts = {
  qos: false,
  retain: false,
  share: true,
  clientId: true,
  separators: '',
}
