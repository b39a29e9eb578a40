/**
 * The decision: may this principal do that? Pure and synchronous, with no clock and no I/O, so a
 * broker's HTTP call, the embedded broker and a unit test all get the same answer.
 *
 * @module
 */
import { InvalidTopicError } from '../errors.ts'
import { parseTopicFilter, parseTopicName } from '../topic/filter.ts'
import { levelsCover, levelsOverlap } from '../topic/relation.ts'
import type { Principal } from './principal.ts'
import { type AccessAction, type AccessRule, expandFilter } from './rule.ts'

/** What a principal wants to do. */
export interface AccessRequest {
  readonly action: AccessAction
  /** A topic name to publish to; a topic filter, with its share prefix, to subscribe with. */
  readonly topic: string
  /** Requested QoS. A broker that does not say leaves it out: then no rule with `maxQos` grants. */
  readonly qos?: 0 | 1 | 2
  /** Retain flag of a publish. Left out when not known: then no allow with `retain` grants. */
  readonly retain?: boolean
}

/** Why a decision came out as it did. Stable, to switch on. */
export type DecisionReason =
  | 'allowed-by-rule'
  | 'denied-by-rule'
  | 'no-rule-grants'
  | 'topic-malformed'
  | 'principal-unknown'

/** A decision, as plain data. */
export interface Decision {
  readonly effect: 'allow' | 'deny'
  readonly reason: DecisionReason
  /** The rule that decided, as declared. */
  readonly rule?: AccessRule
}

/** The question with its topic taken apart. */
export interface ParsedRequest {
  readonly request: AccessRequest
  readonly levels: readonly string[]
  readonly share: string | undefined
}

/** The decision about somebody no rule is known for. */
export const UNKNOWN_PRINCIPAL: Decision = { effect: 'deny', reason: 'principal-unknown' }

/**
 * Decides whether a principal's rules grant a request. What no rule grants is denied.
 *
 * An allow must cover the whole topic filter asked for: a rule for `a/+` does not grant `a/#`. A
 * deny stops a request as soon as the two overlap: a deny on `secret/#` stops `#`. Never throws: a
 * malformed topic is denied.
 */
export function decide(principal: Principal, request: AccessRequest): Decision {
  const parsed = parseRequest(request)
  if (parsed instanceof InvalidTopicError) return { effect: 'deny', reason: 'topic-malformed' }
  let granting: AccessRule | undefined
  for (const rule of principal.rules) {
    if (!rule.actions.includes(request.action)) continue
    if (rule.effect === 'deny') {
      if (denies(rule, principal, parsed)) return { effect: 'deny', reason: 'denied-by-rule', rule }
    } else if (!granting && rule.effect === 'allow' && grants(rule, principal, parsed)) {
      granting = rule
    }
  }
  return granting
    ? { effect: 'allow', reason: 'allowed-by-rule', rule: granting }
    : { effect: 'deny', reason: 'no-rule-grants' }
}

/** Takes a request's topic apart; the error says what is wrong with it. */
export function parseRequest(request: AccessRequest): ParsedRequest | InvalidTopicError {
  try {
    if (request.action === 'publish') {
      return { request, levels: parseTopicName(request.topic), share: undefined }
    }
    const { levels, share } = parseTopicFilter(request.topic)
    return { request, levels, share }
  } catch (error) {
    if (error instanceof InvalidTopicError) return error
    throw error
  }
}

function denies(rule: AccessRule, principal: Principal, parsed: ParsedRequest): boolean {
  const { request, levels, share } = parsed
  if (rule.share !== undefined && rule.share !== share) return false
  if (request.action === 'publish' && rule.retain !== undefined) {
    // Only a flag that is known to be the other one keeps the deny away.
    if (request.retain === !rule.retain) return false
  }
  // A placeholder without a value could stand for any level, so a deny takes it for all of them.
  const filter = expandFilter(rule.filter, principal.values, '+')!
  return levelsOverlap(filter, levels)
}

function grants(rule: AccessRule, principal: Principal, parsed: ParsedRequest): boolean {
  if (findUnmetCondition(rule, parsed)) return false
  const filter = expandFilter(rule.filter, principal.values)
  return filter !== undefined && levelsCover(filter, parsed.levels)
}

/** Which condition beside the filter an allow does not meet, if any. */
export function findUnmetCondition(
  rule: AccessRule,
  { request, share }: ParsedRequest,
): 'share' | 'qos' | 'retain' | undefined {
  if (rule.share !== share) return 'share'
  if (
    rule.maxQos !== undefined &&
    !(typeof request.qos === 'number' && request.qos <= rule.maxQos)
  ) {
    return 'qos'
  }
  const { retain } = rule
  if (request.action === 'publish' && retain !== undefined && request.retain !== retain) {
    return 'retain'
  }
  return undefined
}
