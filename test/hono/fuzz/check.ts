/**
 * Whether an answer is the one that is due, as judged without the routes: by a strict reader, by
 * what the fields mean in the broker's language, and by the rules.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Question } from '../../../src/product/http/question.ts'
import type { AskingProduct } from '../../../src/product/product.ts'
import { ASKING } from '../../support/products.ts'
import { type Envelope, hasSecret } from './envelope.ts'
import { knownFleet } from './fleet.ts'
import {
  type Answer,
  type Call,
  clientIdOf,
  isOwnId,
  jsonCall,
  type Meaning,
  NoQuestion,
} from './language.ts'
import { languageOf } from './languages/index.ts'
import { ask, mount, read } from './mount.ts'
import { decodeUtf8, readForm, readJson, Unreadable } from './reader.ts'

// Made here, since a suite cannot wait for anything on every runtime.
const { fleet, client: known, packets } = await knownFleet()

export { fleet }

/** How long a body may be. */
const MAX_BYTES = 16_384

/** The routes of all products. */
export const app = mount(fleet)

/** Bodies, as requests take them. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Sends a request somewhere; `undefined` if the connection ends without an answer. */
export type Send = (envelope: Envelope, body: Bytes) => Promise<Answer | undefined>

/** Every route of every product. */
export const routes: readonly (readonly [title: string, AskingProduct, Question])[] =
  ASKING.flatMap((product) =>
    product.questions.map((route) => [`${product.name}/${route.path}`, product, route] as const),
  )

/** Every question that a broker has about the known client; those of another route if it has none. */
export function questions(product: AskingProduct, { path }: Question): readonly Call[] {
  const language = languageOf(product)
  const { username, clientId: drawn } = known
  const client = { ...known, clientId: clientIdOf(language, username, drawn) }
  const all = language.encodings.flatMap((encoding) => [
    language.login(client, encoding),
    ...packets.flatMap((packet) =>
      language.ask(client, packet, encoding).flatMap(({ calls }) => calls),
    ),
    ...(language.others?.(client, encoding) ?? []),
  ])
  const own = all.filter(({ route }) => route === path)
  return own.length > 0 ? own : all.map((call) => ({ ...call, route: path }))
}

/** Without a server. */
export const sendDirectly: Send = async ({ path, ...init }, body) => {
  const hasBody = !['GET', 'HEAD'].includes(init.method)
  return read(await app.request(path, { ...init, ...(hasBody && { body }) }))
}

/** What a route answers to all that is no question; or to what may be granted another time. */
export function denial(route: Question, method = 'POST', isTransient = false): Answer {
  const code = isTransient ? 'failed' : 'request-malformed'
  const outcome = { effect: 'deny', code, isTransient, asked: undefined, now: 0 } as const
  const { status, headers, body } = route.write(outcome)
  return { status, type: headers?.['content-type'] ?? null, body: method === 'HEAD' ? '' : body }
}

/**
 * Throws unless the answer is the denial of the route, or grants what is asked for in a question
 * that can be read in one way alone and that the rules grant. Returns whether anything was granted.
 */
export async function check(
  product: AskingProduct,
  route: Question,
  envelope: Envelope,
  body: Bytes,
  send: Send = sendDirectly,
): Promise<boolean> {
  const answer = await send(envelope, body)
  const show = () => {
    const text = new TextDecoder().decode(body.slice(0, 3_000))
    return `${product.name}/${route.path} ${JSON.stringify({ envelope, text, answer })}`
  }
  assert.ok(answer, show())
  if (isSame(answer, denial(route, envelope.method))) return false
  if (isSame(answer, denial(route, envelope.method, true))) return false
  assert.equal(envelope.method, 'POST', show())
  assert.ok(hasSecret(product, envelope), show())
  assert.ok(body.length <= MAX_BYTES, show())
  const { fields, meanings } = understand(product, route, envelope, body)
  const parts = languageOf(product).parts(answer, meanings.length)
  assert.ok(parts.includes(true), show())
  for (const [i, part] of parts.entries()) {
    if (part) assert.ok(await isTrue(product, meanings[i]!), show())
  }
  assert.deepEqual(answer, await ask(app, product, rewrite(route, envelope, fields)), show())
  return true
}

export function isSame(one: Answer, other: Answer): boolean {
  return one.status === other.status && one.type === other.type && one.body === other.body
}

/** What a request means, strictly read; nothing if it cannot be read. */
function understand(
  product: AskingProduct,
  { path }: Question,
  { headers: sent }: Envelope,
  body: Uint8Array,
): { readonly fields: object; readonly meanings: readonly Meaning[] } {
  try {
    const headers = new Headers(sent)
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    const isForm = type.trim().toLowerCase() === 'application/x-www-form-urlencoded'
    const fields = (isForm ? readForm : readJson)(decodeUtf8(body))
    return { fields, meanings: languageOf(product).meanings({ route: path, headers, fields }) }
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof NoQuestion)) throw error
    return { fields: {}, meanings: [] }
  }
}

async function isTrue(product: AskingProduct, meaning: Meaning): Promise<boolean> {
  for (const asked of meaning) {
    if (asked.kind === 'part') continue
    if (asked.kind === 'login' && languageOf(product).bindsClientId) {
      if (!isOwnId(asked.username ?? '', asked.clientId ?? '')) return false
    }
    const { effect } = await (asked.kind === 'login'
      ? fleet.authenticate(asked)
      : fleet.authorize(asked))
    if (effect === 'deny') return false
  }
  return meaning.length > 0
}

/** The same question, with nothing odd about how it is written. */
function rewrite({ path }: Question, { headers }: Envelope, fields: object): Call {
  const hook = new Headers(headers).get('vernemq-hook')
  const call = jsonCall(path, fields, hook === null ? {} : { 'vernemq-hook': hook })
  const written = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  return { ...call, body: call.body.replace(/[^\0-~]/g, written) }
}

/** Throws if a request left something behind for all objects. */
export function checkNothingPolluted(): void {
  assert.deepEqual(Object.keys(Object.prototype), [])
  assert.ok(!('polluted' in {}) && !('polluted' in Function))
}
