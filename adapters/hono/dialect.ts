/**
 * What one broker product needs to say: how it asks over HTTP and how it reads the answer. The rest
 * (the secret, bounds on the body and the time, the log, the counters) is the same for all.
 *
 * @module
 */
import type { Login, LoginRequest, NamedAccessRequest } from '../../src/fleet/fleet.ts'
import { isTransient } from '../../src/fleet/transient.ts'
import type { BrokerFacts } from '../../src/rule/facts.ts'
import type { Fields } from './fields.ts'

/** An answer in a broker's language. */
export interface Answer {
  readonly status: number
  /** Nothing at all for the empty text. */
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A question as it came, its body read. */
export interface Question {
  readonly fields: Fields
  readonly headers: Headers
}

/** The questions there are. Each denial is logged and counted here, and only here. */
export interface Ask {
  /** Who is this? */
  login(request: LoginRequest): Promise<Login>
  /** May it do that? */
  access(request: NamedAccessRequest): Promise<boolean>
  /**
   * May it use something of the broker's own that no rule speaks of, such as a queue?
   *
   * @param problem Why not, for an operator; `undefined` if it may.
   */
  brokerObject(problem: string | undefined): boolean
}

/** One thing a broker asks. */
export interface DialectRoute {
  /** Behind the dialect's name (and the secret); empty if there is nothing behind it. */
  readonly path: string
  /** Answers whatever cannot be answered otherwise: what is malformed, or comes without the secret. */
  readonly deny: Answer
  /**
   * Answers what may be granted another time: a login that is slowed down, or anything while the store
   * fails or is too slow. It must grant nothing. Default: `deny`, where a broker has no other word.
   */
  readonly tryLater?: Answer
  /**
   * Answers a question.
   * @throws {MalformedRequest} If a field is missing or has the wrong type.
   */
  answer(question: Question, ask: Ask): Answer | Promise<Answer>
}

/** How one broker product asks and reads the answer. */
export interface Dialect {
  /** The first segment of its paths. */
  readonly name: string
  /** Whether the broker can send headers of its own. If not, the secret is a part of the path. */
  readonly secretIn: 'header' | 'path'
  /** What the broker tells, and what it understands. */
  readonly facts: BrokerFacts
  readonly routes: readonly DialectRoute[]
}

/** What a login is answered with that was not let in. */
export function denyLogin(
  { code }: Extract<Login, { readonly effect: 'deny' }>,
  { deny, tryLater = deny }: Pick<DialectRoute, 'deny' | 'tryLater'>,
): Answer {
  return isTransient(code) ? tryLater : deny
}

/** An answer of JSON. */
export function json(value: unknown, status = 200): Answer {
  return {
    status,
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  }
}

/** An answer of plain text, without a line end. */
export function plain(body: string, status = 200): Answer {
  return { status, body, headers: { 'content-type': 'text/plain' } }
}
