/**
 * What a broker asks over HTTP and how it is answered, as two pure functions. What lies between them
 * (the secret, bounds on the body and the time, the decision, the log, the counters) is the same for
 * all products.
 *
 * @module
 */
import type { LoginRequest, NamedAccessRequest } from '../../fleet/fleet.ts'
import type { Principal } from '../../rule/principal.ts'
import type { Answer } from './answer.ts'
import type { Fields } from './fields.ts'

/** The headers of a request, by their names in any case: a `Headers` is one. */
export interface RequestHeaders {
  /** The value; `null` if there is none. */
  get(name: string): string | null
}

/** Who is this? */
export interface AskedLogin extends Omit<LoginRequest, 'facts' | 'anyClientId'> {
  readonly kind: 'login'
}

/** May it do that? */
export interface AskedAccess extends Omit<NamedAccessRequest, 'facts'> {
  readonly kind: 'access'
}

/** May it do these? They are decided one after the other, in their order. */
export interface AskedAccesses {
  readonly kind: 'accesses'
  /**
   * What has to be granted. `all`: the first denial denies everything, and what follows it is not
   * looked at. `any`: each request gets an effect of its own, and a denial is one of all of them.
   */
  readonly need: 'all' | 'any'
  /** Where there is none, the question is malformed: nothing was granted. */
  readonly requests: readonly Omit<NamedAccessRequest, 'facts'>[]
}

/** May it use something of the broker's own that no rule speaks of, such as a queue? */
export interface AskedBrokerObject {
  readonly kind: 'broker-object'
  /** Why not, for an operator; `undefined` if it may. */
  readonly problem: string | undefined
}

/**
 * May it do everything? It is denied, whoever it is, since no rule would hold any more. It is neither
 * counted nor logged: brokers ask it of every client.
 */
export interface AskedSuperuser {
  readonly kind: 'superuser'
}

/** What is asked. A product may add fields of its own, to find them again when it answers. */
export type Asked = AskedLogin | AskedAccess | AskedAccesses | AskedBrokerObject | AskedSuperuser

/** What came of a question. */
export interface QuestionOutcome<A extends Asked = Asked> {
  /** `deny` as well for what is malformed, comes without the secret, or could not be decided. */
  readonly effect: 'allow' | 'deny'
  /**
   * Stable: `login`, or that of a login that failed; that of a decision, of several the one that
   * settled it; `broker-object`, `superuser`, `request-malformed`, `broker-secret-wrong`, `failed`.
   */
  readonly code: string
  /**
   * Whether the same question may be granted later: a login that is slowed down, or anything while the
   * store fails or is too slow. The answer must grant nothing.
   */
  readonly isTransient: boolean
  /** What {@link Question.read} returned; `undefined` if nothing was decided about it. */
  readonly asked: A | undefined
  /** Who was let in. Set for a login that is allowed, and else never. */
  readonly principal?: Principal
  /** What each request of `accesses` got, as far as they were looked at, in their order. */
  readonly effects?: readonly ('allow' | 'deny')[]
  /** When it was decided, in milliseconds since the epoch. */
  readonly now: number
}

/** One thing a broker asks. Both functions are pure: the same in gives the same out. */
export interface Question<A extends Asked = Asked> {
  /**
   * Behind the product's name (and the secret): words of lower-case letters, digits and hyphens, with
   * `/` between them; empty if there is nothing behind it.
   */
  readonly path: string
  /**
   * Reads what is asked.
   * @throws {MalformedRequest} If a field is missing or has the wrong type.
   */
  read(fields: Fields, headers: RequestHeaders): A
  /** Says what came of it. It does not throw. */
  write(outcome: QuestionOutcome<A>): Answer
}
