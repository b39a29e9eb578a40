/**
 * A broker's own language, spoken and understood without the library: what it asks for a client's
 * packet, what an answer makes it do, and what its questions mean.
 *
 * @module
 */
import type { LoginRequest, NamedAccessRequest } from '../../../src/index.ts'
import type { AccessRequest } from '../../../src/rule/decision.ts'

/** What a client connected with. */
export interface Client {
  readonly username: string
  readonly password: string
  readonly clientId: string
}

/** What a client sends. */
export type Packet =
  | {
      readonly action: 'publish'
      readonly topic: string
      readonly qos: 0 | 1 | 2
      readonly retain: boolean
    }
  | { readonly action: 'subscribe'; readonly filters: readonly Subscription[] }

/** One entry of a SUBSCRIBE. */
export interface Subscription {
  readonly filter: string
  readonly qos: 0 | 1 | 2
}

/** How a body is written. */
export type Encoding = 'json' | 'form'

/** One request over HTTP. */
export interface Call {
  /** The `path` of the product's route. */
  readonly route: string
  readonly encoding: Encoding
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer as it came. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly type: string | null
}

/** One thing a client wants. */
export interface Wish {
  /** As the client sent it. */
  readonly sent: AccessRequest
  /** What the broker makes of it, as other clients see it. */
  readonly done: AccessRequest
  /** Of a subscription: topics that would be delivered by it. Default: those that its filter means. */
  readonly delivered?: readonly Wish[]
}

/** What a broker asks about a packet, or a part of one. */
export interface Asking {
  readonly calls: readonly Call[]
  readonly wishes: readonly Wish[]
  /** Which of the wishes the broker fulfils, given the answers to the calls. */
  grants(answers: readonly Answer[]): readonly boolean[]
}

/** What a question asks for: all of these, or nothing is granted. */
export type Meaning = readonly (
  | ({ readonly kind: 'login' } & LoginRequest)
  | ({ readonly kind: 'access' } & NamedAccessRequest)
  /** Granted to everybody, and nothing without further questions. */
  | { readonly kind: 'part' }
)[]

/** The fields of a question, strictly read. */
export type ReadFields = Readonly<Record<string, unknown>>

/** How one broker speaks. */
export interface Language {
  /** The encodings the broker has; for one question it is drawn which one. */
  readonly encodings: readonly Encoding[]
  login(client: Client, encoding: Encoding): Call
  /** Whether a login needs a client id of its own. */
  readonly bindsClientId: boolean
  /** The questions about a packet. */
  ask(client: Client, packet: Packet, encoding: Encoding): readonly Asking[]
  /** Further questions that are answered with a grant. Default: none. */
  others?(client: Client, encoding: Encoding): readonly Call[]
  /**
   * What an answer to a question grants, part by part, and what each part means.
   * @throws {NoQuestion} If it is none.
   */
  meanings(question: {
    readonly route: string
    readonly headers: Headers
    readonly fields: ReadFields
  }): readonly Meaning[]
  /** Which parts of a question an answer grants. */
  parts(answer: Answer, count: number): readonly boolean[]
}

/** Whether a client id is one that only this user name has. */
export function isOwnId(username: string, clientId: string): boolean {
  return clientId === username || clientId.startsWith(`${username}//`)
}

/** The client id that somebody brings: where one of its own is needed, every other one is. */
export function clientIdOf(language: Language, username: string, drawn: string): string {
  return language.bindsClientId && drawn.length % 2 ? `${username}///${drawn}` : drawn
}

/** It is no question in this language. */
export class NoQuestion extends Error {}

export function jsonCall(route: string, fields: object, headers = {}): Call {
  return { route, encoding: 'json', body: JSON.stringify(fields), headers }
}

/** A question in either encoding. */
export function call(
  encoding: Encoding,
  route: string,
  fields: Readonly<Record<string, string | number | undefined>>,
): Call {
  if (encoding === 'json') return jsonCall(route, fields)
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)])
  const body = new URLSearchParams(pairs as [string, string][]).toString()
  return { route, encoding, body }
}

/** What a packet asks for, one by one, where the broker carries it out as it was sent. */
export function wishes(packet: Packet): readonly Wish[] {
  const requests: AccessRequest[] =
    packet.action === 'publish'
      ? [packet]
      : packet.filters.map(({ filter, qos }) => ({ action: 'subscribe', topic: filter, qos }))
  return requests.map((request) => ({ sent: request, done: request }))
}

/** A text, or `undefined` where there is none. */
export function text(fields: ReadFields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  throw new NoQuestion(name)
}

export function needed(fields: ReadFields, name: string): string {
  const value = text(fields, name)
  if (value === undefined) throw new NoQuestion(name)
  return value
}

/** One of some texts, or a number where that is meant by it. */
export function oneOf<T>(
  fields: ReadFields,
  name: string,
  meanings: readonly (readonly [unknown, T])[],
): T {
  const found = meanings.find(([value]) => Object.hasOwn(fields, name) && fields[name] === value)
  if (!found) throw new NoQuestion(name)
  return found[1]
}

export function qosOf(fields: ReadFields, name = 'qos'): 0 | 1 | 2 | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value === undefined || value === null || value === '') return undefined
  return oneOf(fields, name, [
    [0, 0],
    ['0', 0],
    [1, 1],
    ['1', 1],
    [2, 2],
    ['2', 2],
  ] as const)
}

export function flagOf(fields: ReadFields, name: string): boolean | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value === undefined || value === null || value === '') return undefined
  return oneOf(fields, name, [
    [true, true],
    ['true', true],
    [false, false],
    ['false', false],
  ])
}
