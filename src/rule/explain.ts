/**
 * A decision in words: what decided, which rules came near, and what they grant instead.
 *
 * @module
 */
import { InvalidTopicError } from '../base/errors.ts'
import { quote } from '../base/quote.ts'
import { parseTopicFilter, parseTopicName, type TopicFilter } from '../topic/filter.ts'
import { isUsername } from '../topic/name.ts'
import { levelsCover, levelsOverlap } from '../topic/relation.ts'
import { findUnmetCondition } from './compile.ts'
import type { AccessRequest, Decision } from './decision.ts'
import { findSubscriptionProblem } from './facts.ts'
import type { Principal } from './principal.ts'
import { type AccessRule, expandFilter } from './rule.ts'

/** How a rule that did not grant a request came near. Stable, to switch on. */
export type NearMissCode =
  /** The request asks for more topics than the rule grants. */
  | 'wider-than-rule'
  /** The rule would grant it to another device. */
  | 'other-device'
  /** The rule grants this topic, but for the other action. */
  | 'other-action'
  /** The rule grants it up to a lower QoS. */
  | 'qos-above-maximum'
  /** The rule grants it with the other retain flag. */
  | 'retain-flag'
  /** The rule grants it without a share name, or under another one. */
  | 'share-name'

/** A rule that came near to granting a request. */
export interface NearMiss {
  readonly code: NearMissCode
  /** The rule, as declared. */
  readonly rule: AccessRule
  /** The rule's filter for this principal. */
  readonly filter: string
  /** One sentence about it. */
  readonly text: string
}

/** A decision with its reasons. */
export interface Explanation extends Decision {
  /** One or two sentences for an operator. */
  readonly text: string
  /** The rules that came near, nearest first. Empty when allowed. */
  readonly nearMisses: readonly NearMiss[]
}

const NEAREST: readonly NearMissCode[] = [
  'qos-above-maximum',
  'retain-flag',
  'share-name',
  'wider-than-rule',
  'other-action',
  'other-device',
]

/**
 * Says why a decision came out as it did. Nothing is decided here, so that the words and the decision
 * cannot contradict each other.
 *
 * @param decision What was decided about this request of this principal.
 * @param principal Under the client id it is connected with. `undefined` where nobody is known.
 * @param username Who asked, when `principal` is not known.
 */
export function explainDecision(
  decision: Decision,
  principal: Principal | undefined,
  request: AccessRequest,
  username: string = principal?.username ?? '',
): Explanation {
  const subject = `${describeUser(username)} `
  const verb = request.action === 'publish' ? 'publish to' : 'subscribe to'
  // A broker's adapter may pass on what is no text: that is denied, and must be told as well.
  const topic = quote(String(request.topic))
  const explain = (text: string, nearMisses: readonly NearMiss[] = []): Explanation => {
    return { ...decision, text: `${subject}${text}`, nearMisses }
  }
  if (decision.effect === 'allow') {
    const { rule } = decision
    const grant = rule && principal ? `: its rule grants ${quote(expand(rule, principal))}` : ''
    return explain(`may ${verb} ${topic}${grant}.`)
  }
  const denied = `may not ${verb} ${topic}`
  if (!principal) {
    const why =
      username === ''
        ? 'access is granted by user name'
        : 'no active device, service account or token has this user name'
    return explain(`${denied}: ${why}.`)
  }
  const parsed = parseTopic(request)
  if (parsed instanceof InvalidTopicError) return explain(`${denied}: ${parsed.problem}.`)
  if (decision.code === 'broker-unsupported') {
    const problem = request.facts && findSubscriptionProblem(request.topic, request.facts)
    return explain(`${denied}: ${problem}.`)
  }
  const nearMisses = principal.rules
    .flatMap((rule) => findNearMiss(rule, principal, request, parsed) ?? [])
    .sort((a, b) => NEAREST.indexOf(a.code) - NEAREST.indexOf(b.code))
  if (decision.rule) {
    const filter = quote(expand(decision.rule, principal))
    const why = `a rule denies ${filter}, and a deny wins over every allow`
    return explain(`${denied}: ${why}.`, nearMisses)
  }
  const nearest = nearMisses[0]?.text ?? summariseGrants(principal, request)
  return explain(`${denied}: ${nearest}`, nearMisses)
}

/** Takes a request's topic apart; the error says what is wrong with it. */
function parseTopic({ action, topic }: AccessRequest): TopicFilter | InvalidTopicError {
  try {
    return action === 'publish' ? { levels: parseTopicName(topic) } : parseTopicFilter(topic)
  } catch (error) {
    if (error instanceof InvalidTopicError) return error
    throw error
  }
}

function findNearMiss(
  rule: AccessRule,
  principal: Principal,
  request: AccessRequest,
  { levels, share }: TopicFilter,
): NearMiss | undefined {
  if (rule.effect === 'deny') return undefined
  const own = expandFilter(rule.filter, principal.attributes)
  if (!own) return undefined
  const filter = own.join('/')
  const shown = quote(filter)
  const miss = (code: NearMissCode, text: string): NearMiss => ({ code, rule, filter, text })

  const covered = levelsCover(own, levels)
  if (!rule.actions.includes(request.action)) {
    if (!covered) return undefined
    const other = request.action === 'publish' ? 'subscribe' : 'publish'
    const text = `its rule grants ${shown} only to ${other}, not to ${request.action}.`
    return miss('other-action', text)
  }
  if (covered) {
    switch (findUnmetCondition(rule, request, rule.share === share)) {
      case 'qos': {
        const asked =
          typeof request.qos === 'number'
            ? `QoS ${request.qos} was asked for`
            : 'the QoS asked for is not known'
        return miss(
          'qos-above-maximum',
          `its rule grants ${shown} up to QoS ${rule.maxQos}, and ${asked}.`,
        )
      }
      case 'retain': {
        const granted = `only ${rule.retain ? 'with' : 'without'} the retain flag`
        const asked = typeof request.retain === 'boolean' ? '' : ', which is not known'
        return miss('retain-flag', `its rule grants ${shown} ${granted}${asked}.`)
      }
      case 'share': {
        const granted =
          rule.share === undefined
            ? 'without a share name'
            : `under the share name ${quote(rule.share)}`
        return miss('share-name', `its rule grants ${shown} only ${granted}.`)
      }
      case undefined:
        return undefined
    }
  }
  if (levelsOverlap(own, levels)) {
    const why = describeExcess(own, levels)
    return miss('wider-than-rule', `its rule grants ${shown} only, and ${why}.`)
  }
  const anyDevice = expandFilter(rule.filter, withAnyDevice(principal))
  if (anyDevice && levelsCover(anyDevice, levels)) {
    const other = findOtherDevice(rule, principal, levels)
    const device = other === undefined ? 'another device' : `the device ${quote(other)}`
    return miss('other-device', `its rule grants ${shown} only; that topic belongs to ${device}.`)
  }
  return undefined
}

/** Which level of a request that overlaps a rule's filter asks for more than the rule grants. */
function describeExcess(own: readonly string[], levels: readonly string[]): string {
  // The two overlap and the rule does not cover the request, so there is such a level.
  const at = levels.findIndex((level, i) => level === '#' || (level === '+' && own[i] !== '+'))
  if (levels[at] === '+') return `"+" asks for every name in place of ${quote(own[at]!)}`
  return `"#" asks for every topic${at === 0 ? '' : ' below'}`
}

function withAnyDevice({ attributes }: Principal): Record<string, string> {
  const any: Record<string, string> = { ...attributes }
  for (const name of ['deviceId', 'clientId']) {
    if (name in any) any[name] = any[name]!.replace(/[^/]+/g, '+')
  }
  if (any.username?.includes('/')) any.username = `${any.type ?? '+'}/+`
  return any
}

function findOtherDevice(
  rule: AccessRule,
  principal: Principal,
  levels: readonly string[],
): string | undefined {
  const marked = expandFilter(rule.filter, { ...principal.attributes, deviceId: '{deviceId}' })
  const other = marked && levels[marked.indexOf('{deviceId}')]
  return other === '+' || other === '#' ? undefined : other
}

function summariseGrants(principal: Principal, request: AccessRequest): string {
  const filters = principal.rules
    .filter((rule) => rule.effect === 'allow' && rule.actions.includes(request.action))
    .map((rule) => quote(expand(rule, principal)))
  const verb = request.action
  if (filters.length === 0) return `no rule lets it ${verb} at all.`
  const shown = filters.slice(0, 5).join(', ')
  return `it may ${verb} only to ${shown}${filters.length > 5 ? ` and ${filters.length - 5} more` : ''}.`
}

function expand(rule: AccessRule, principal: Principal): string {
  return expandFilter(rule.filter, principal.attributes)?.join('/') ?? rule.filter
}

/** A user name for a sentence; one that nobody can have, or that would not show, is quoted. */
function describeUser(username: string): string {
  if (username === '') return 'A client without a user name'
  const quoted = quote(username)
  return isUsername(username) && quoted === `"${username}"` ? username : quoted
}
