/**
 * What VerneMQ tells of a request and keeps apart.
 *
 * @module
 */
import type { BrokerFacts } from '../../rule/facts.ts'

/** It finds sessions by client id alone, and takes the one that a login is answered with. */
export const facts: BrokerFacts = {
  qos: true,
  retain: true,
  share: true,
  clientId: true,
  separators: '',
  sessionsBy: 'user-name',
}
