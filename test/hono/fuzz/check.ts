/**
 * Whether an answer is the one that is due, as judged without the routes: by a strict reader, by
 * what the fields mean in the broker's language, and by the rules.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { type Dialect, type DialectRoute, dialects } from '../../../adapters/hono/index.ts'
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

/** The routes of all dialects. */
export const app = mount(fleet)

/** Bodies, as requests take them. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Sends a request somewhere; `undefined` if the connection ends without an answer. */
export type Send = (envelope: Envelope, body: Bytes) => Promise<Answer | undefined>

/** Every route of every dialect. */
export const routes: readonly (readonly [title: string, Dialect, DialectRoute])[] = Object.values(
  dialects,
).flatMap((dialect) =>
  dialect.routes.map((route) => [`${dialect.name}/${route.path}`, dialect, route] as const),
)

/** Every question that a broker has about the known client; those of another route if it has none. */
export function questions(dialect: Dialect, { path }: DialectRoute): readonly Call[] {
  const language = languageOf(dialect)
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

/** What a route answers to all that is no question. */
export function denial({ deny }: DialectRoute, method = 'POST'): Answer {
  const type = deny.headers?.['content-type'] ?? null
  return { status: deny.status, type, body: method === 'HEAD' ? '' : deny.body }
}

/**
 * Throws unless the answer is the denial of the route, or grants what is asked for in a question
 * that can be read in one way alone and that the rules grant. Returns whether anything was granted.
 */
export async function check(
  dialect: Dialect,
  route: DialectRoute,
  envelope: Envelope,
  body: Bytes,
  send: Send = sendDirectly,
): Promise<boolean> {
  const answer = await send(envelope, body)
  const show = () => {
    const text = new TextDecoder().decode(body.slice(0, 3_000))
    return `${dialect.name}/${route.path} ${JSON.stringify({ envelope, text, answer })}`
  }
  assert.ok(answer, show())
  if (isSame(answer, denial(route, envelope.method))) return false
  if (route.tryLater && isSame(answer, denial({ ...route, deny: route.tryLater }))) return false
  assert.equal(envelope.method, 'POST', show())
  assert.ok(hasSecret(dialect, envelope), show())
  assert.ok(body.length <= MAX_BYTES, show())
  const { fields, meanings } = understand(dialect, route, envelope, body)
  const parts = languageOf(dialect).parts(answer, meanings.length)
  assert.ok(parts.includes(true), show())
  for (const [i, part] of parts.entries()) {
    if (part) assert.ok(await isTrue(dialect, meanings[i]!), show())
  }
  assert.deepEqual(answer, await ask(app, dialect, rewrite(route, envelope, fields)), show())
  return true
}

export function isSame(one: Answer, other: Answer): boolean {
  return one.status === other.status && one.type === other.type && one.body === other.body
}

/** What a request means, strictly read; nothing if it cannot be read. */
function understand(
  dialect: Dialect,
  { path }: DialectRoute,
  { headers: sent }: Envelope,
  body: Uint8Array,
): { readonly fields: object; readonly meanings: readonly Meaning[] } {
  try {
    const headers = new Headers(sent)
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    const isForm = type.trim().toLowerCase() === 'application/x-www-form-urlencoded'
    const fields = (isForm ? readForm : readJson)(decodeUtf8(body))
    return { fields, meanings: languageOf(dialect).meanings({ route: path, headers, fields }) }
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof NoQuestion)) throw error
    return { fields: {}, meanings: [] }
  }
}

async function isTrue(dialect: Dialect, meaning: Meaning): Promise<boolean> {
  for (const asked of meaning) {
    if (asked.kind === 'part') continue
    if (asked.kind === 'login' && languageOf(dialect).bindsClientId) {
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
function rewrite({ path }: DialectRoute, { headers }: Envelope, fields: object): Call {
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
