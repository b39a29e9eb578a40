/**
 * Which rules of a fleet a broker cannot honour.
 *
 * @module
 */
import {
  type CompatibilityFinding,
  findIncompatibilities,
  findSessionProblem,
  type RuleOwner,
} from '../rule/compatibility.ts'
import type { BrokerFacts } from '../rule/facts.ts'
import type { ServiceSource } from './services.ts'
import type { FleetTypes } from './types.ts'

/** See `Fleet.compatibility`. */
export function findFleetProblems(
  types: FleetTypes,
  services: ServiceSource,
  facts: BrokerFacts,
): readonly CompatibilityFinding[] {
  const { prefix } = types
  const owners: RuleOwner[] = types.all.map(({ name }) => {
    return { kind: 'type', name, rules: types.rulesOf(name)!, attributes: { prefix, type: name } }
  })
  for (const { principal } of services.all()) {
    const { username: name, rules, attributes } = principal
    owners.push({ kind: 'service', name, rules, attributes })
  }
  const session = findSessionProblem(prefix, facts)
  return [...findIncompatibilities(owners, facts), ...(session ? [session] : [])]
}
