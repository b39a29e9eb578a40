/**
 * What a connected client may do, and why: each question is decided once.
 *
 * @module
 */
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { type Decision, UNKNOWN_PRINCIPAL } from '../rule/decision.ts'
import { type Explanation, explainDecision } from '../rule/explain.ts'
import { withClientId } from '../rule/principal.ts'
import type { AccessDenial, NamedAccessRequest } from './fleet.ts'
import type { KnownPrincipal, KnownPrincipals } from './known.ts'

/** The decisions of one fleet. */
export class Decisions {
  readonly #known: KnownPrincipals

  constructor(known: KnownPrincipals) {
    this.#known = known
  }

  /** See `Fleet.authorize`. */
  async authorize(request: NamedAccessRequest): Promise<Decision> {
    const found = this.#find(request)
    return decide(found instanceof Promise ? await found : found, request)
  }

  /** See `Fleet.findDenial`. */
  findDenial(request: NamedAccessRequest): MaybePromise<AccessDenial | undefined> {
    return andThen(this.#find(request), (known) => {
      const decision = decide(known, request)
      if (decision.effect === 'allow') return undefined
      const { username } = request
      return {
        code: decision.code,
        explain: () => explainDecision(decision, principalOf(known, request), request, username),
      }
    })
  }

  /** See `Fleet.explain`. */
  async explain(request: NamedAccessRequest): Promise<Explanation> {
    const known = await this.#find(request)
    const decision = decide(known, request)
    return explainDecision(decision, principalOf(known, request), request, request.username)
  }

  /** At once, where it is kept: brokers that ask about each message wait for nothing else. */
  #find({ username, clientId }: NamedAccessRequest) {
    return username ? this.#known.find(username, clientId) : undefined
  }
}

function decide(known: KnownPrincipal | undefined, request: NamedAccessRequest): Decision {
  return known ? known.access.decide(request) : UNKNOWN_PRINCIPAL
}

/** The principal as it is connected. */
function principalOf(known: KnownPrincipal | undefined, { clientId }: NamedAccessRequest) {
  return known && withClientId(known.principal, clientId)
}
