/**
 * What Mosquitto can be told at all, whatever the form.
 *
 * @module
 */
import { isControl } from '../../base/text.ts'
import { findClientIdProblem, type Grant, problem } from '../rules/grants.ts'
import type { RuleProblem } from '../rules/rule-export.ts'

/** What no form of Mosquitto's rules can say about a grant. */
export function findMosquittoProblem(grant: Grant): RuleProblem | undefined {
  const { action, levels, maxQos, retain } = grant
  const first = levels[0]!
  const unbound = findClientIdProblem(grant)
  if (unbound) return unbound
  if (maxQos < 2) {
    return problem('qos', `holds up to QoS ${maxQos}, and Mosquitto does not look at the QoS`)
  }
  if (retain !== undefined) {
    const flag = retain ? 'with' : 'without'
    return problem('retain', `holds ${flag} the retain flag, which Mosquitto does not look at`)
  }
  if (action === 'publish' && (first === '$SYS' || first === '$share')) {
    return problem('broker-topic', 'is about topics that Mosquitto lets no client publish to')
  }
  if (holdsControl(levels.join('/'))) {
    return problem('filter-text', 'holds a control character, and Mosquitto takes no such topic')
  }
  return undefined
}

/**
 * Whether a text does not come through a line of an `acl_file`: it would end the line, or lose the
 * spaces at its ends.
 */
export function isMisreadInLine(text: string): boolean {
  return text === '' || text.startsWith(' ') || text.endsWith(' ') || holdsControl(text)
}

function holdsControl(text: string): boolean {
  return [...text].some((character) => isControl(character.codePointAt(0)!))
}
