/**
 * What is asked, and what comes of it.
 *
 * @module
 */
import type { BrokerFacts } from './facts.ts'
import type { AccessAction, AccessRule } from './rule.ts'

/** What a principal wants to do. */
export interface AccessRequest {
  readonly action: AccessAction
  /** A topic name to publish to; a topic filter, with its share prefix, to subscribe with. */
  readonly topic: string
  /** Requested QoS. A broker that does not say leaves it out: then no rule with `maxQos` grants. */
  readonly qos?: 0 | 1 | 2 | undefined
  /** Retain flag of a publish. Left out when not known: then no allow with `retain` grants. */
  readonly retain?: boolean | undefined
  /**
   * What the broker that asks tells and keeps apart. What it hides is taken for the worst: a deny
   * for a share name it does not tell stops every subscription, for example. Default: it hides
   * nothing, and what it does not tell is left out above.
   */
  readonly facts?: BrokerFacts | undefined
}

/** Why a decision came out as it did. Stable, to switch on. */
export type DecisionCode =
  | 'allowed-by-rule'
  | 'denied-by-rule'
  | 'no-rule-grants'
  | 'topic-malformed'
  /** The broker that asks would not carry it out as the rules mean it. */
  | 'broker-unsupported'
  | 'principal-unknown'

/** A decision, as plain data. */
export interface Decision {
  readonly effect: 'allow' | 'deny'
  readonly code: DecisionCode
  /** The rule that decided, as declared. */
  readonly rule?: AccessRule
}

/** The decision about somebody no rule is known for. */
export const UNKNOWN_PRINCIPAL: Decision = { effect: 'deny', code: 'principal-unknown' }
