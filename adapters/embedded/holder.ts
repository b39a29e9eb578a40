/**
 * What one login may do, and how a denial is told.
 *
 * @module
 */
import { quote } from '../../src/base/quote.ts'
import { REASON } from '../../src/packet/reason.ts'
import { type CompiledAccess, compileAccess } from '../../src/rule/compile.ts'
import { type AccessRequest, UNKNOWN_PRINCIPAL } from '../../src/rule/decision.ts'
import { explainDecision } from '../../src/rule/explain.ts'
import type { Principal } from '../../src/rule/principal.ts'
import type { AccessRule } from '../../src/rule/rule.ts'
import type { ClientRights, Refusal } from '../../src/server/guard.ts'
import { type Denial, type DenialCode, reasonFor } from './denial.ts'
import { isExpired } from './expiry.ts'

/** What a login needs to know and to tell. */
export interface HolderContext {
  /** Whether its device was revoked after the login began. */
  isRevoked(holder: Holder): boolean
  /** Reports a denial. */
  deny(denial: Denial): void
}

interface Found {
  readonly code: DenialCode
  readonly text: string
  readonly rule: AccessRule | undefined
}

/** The holder of one login, as it was found then, or when it was asked about last. */
export class Holder implements ClientRights {
  readonly clientId: string
  /** How many revocations there had been when the login began. */
  readonly since: number
  readonly #context: HolderContext
  #principal: Principal
  #access: CompiledAccess
  /** The number of the latest question that was answered about it; 0 is the login. */
  #question = 0

  constructor(principal: Principal, clientId: string, since: number, context: HolderContext) {
    this.#principal = principal
    this.#access = compileAccess(principal)
    this.clientId = clientId
    this.since = since
    this.#context = context
  }

  get principal(): Principal {
    return this.#principal
  }

  /** Whether the login is neither expired nor revoked. */
  get isCurrent(): boolean {
    return !isExpired(this.#principal) && !this.#context.isRevoked(this)
  }

  /**
   * Takes the rights that its principal has now. Tells whether they are others.
   *
   * @param question The number of the question, which a later one may have overtaken.
   */
  update({ rules, attributes: found }: Principal, question: number): boolean {
    if (this.#question > question) return false
    this.#question = question
    const before = this.#principal
    const { clientId } = before.attributes
    const attributes = clientId === undefined ? found : { ...found, clientId }
    const isSame =
      JSON.stringify([rules, attributes]) === JSON.stringify([before.rules, before.attributes])
    if (isSame) return false
    this.#principal = { ...before, rules, attributes }
    this.#access = compileAccess(this.#principal)
    return true
  }

  refusePublish(topic: string, qos: 0 | 1 | 2, retain: boolean): Refusal | undefined {
    return this.#refuse({ action: 'publish', topic, qos, retain })
  }

  refuseSubscribe(filter: string, qos: 0 | 1 | 2): Refusal | undefined {
    return this.#refuse({ action: 'subscribe', topic: filter, qos })
  }

  holdsSubscription(filter: string, qos: 0 | 1 | 2): boolean {
    return this.#isGranted({ action: 'subscribe', topic: filter, qos })
  }

  mayReceive(topic: string, share: string | undefined): boolean {
    const filter = share === undefined ? topic : `$share/${share}/${topic}`
    // Of QoS 0, since only the topic is in question: a subscription's own QoS was decided when it was
    // made.
    return this.#isGranted({ action: 'subscribe', topic: filter, qos: 0 })
  }

  #isGranted(request: AccessRequest): boolean {
    return this.isCurrent && this.#access.decide(request).effect === 'allow'
  }

  /** Decides, and reports a denial. */
  #refuse(request: AccessRequest): Refusal | undefined {
    const found = this.#findDenial(request)
    if (!found) return undefined
    const { code, text, rule } = found
    const { action, topic } = request
    const { username } = this.#principal
    this.#context.deny({ action, username, clientId: this.clientId, topic, code, text })
    return { reasonCode: REASON.notAuthorized, explain: () => reasonFor(code, rule) }
  }

  #findDenial(request: AccessRequest): Found | undefined {
    const principal = this.#principal
    const { username } = principal
    if (!this.isCurrent) {
      const { text } = explainDecision(UNKNOWN_PRINCIPAL, undefined, request, username)
      return { code: 'principal-unknown', text, rule: undefined }
    }
    if (request.action === 'publish' && request.topic.startsWith('$SYS/')) {
      const text = `${username} may not publish to ${quote(request.topic)}: clients do not publish below "$SYS/".`
      return { code: 'topic-reserved', text, rule: undefined }
    }
    const decision = this.#access.decide(request)
    const { effect, code, rule } = decision
    if (effect === 'allow' || code === 'allowed-by-rule') return undefined
    return { code, text: explainDecision(decision, principal, request).text, rule }
  }
}
