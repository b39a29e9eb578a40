/**
 * Every recorded exchange with `test/hono/site.ts`, in one form.
 *
 * @module
 */
import { ACCESS, METHODS, malformed, padded, secrets, twice } from '../hono/closed/recorded.ts'
import { SECRET, STATION_PASSWORD } from '../hono/site.ts'
import { type Post, refused, taken } from '../product/events/recorded.ts'
import { RECORDED } from '../product/questions/index.ts'
import type { Row } from '../product/questions/row.ts'

/** A request and its answer. */
export interface Exchange extends Omit<Row, 'body'> {
  /** Default: none at all. */
  readonly body?: string | Uint8Array
}

const JSON_TYPE = { 'content-type': 'application/json' }
const HEADERS = { ...JSON_TYPE, authorization: `Bearer ${SECRET}` }
const ALLOW: Row['answer'] = { status: 200, body: '{"result":"allow"}', type: 'application/json' }
const DENY: Row['answer'] = { ...ALLOW, body: '{"result":"deny"}' }

function ofProduct({ path, body, ...row }: Row): Exchange {
  const exchange = { ...row, path: `/iot/broker${path}` }
  return row.method === 'GET' ? exchange : { ...exchange, body }
}

function ofEvent(title: string, { path, headers, body }: Post, status: number): Exchange {
  const answer = { status, body: status === 200 ? '{}' : '' }
  return { title, path: `/iot/events${path}`, headers: { ...JSON_TYPE, ...headers }, body, answer }
}

const events: readonly Exchange[] = [
  // First: after the others there are clients that could end.
  ...refused.map(([title, post, status]) => ofEvent(title, post, status)),
  ...taken.flatMap(([title, posts]) =>
    posts.map((post, i) =>
      ofEvent(`${title}, ${i + 1}`, post, post.path.startsWith('/vernemq') ? 200 : 204),
    ),
  ),
]

/** A question of EMQX 5. */
function asked(
  title: string,
  path: string,
  answer: Row['answer'],
  body: string | Uint8Array | null,
  more: Partial<Exchange> = {},
): Exchange {
  const exchange = { title, path: `/iot/broker${path}`, headers: HEADERS, answer, ...more }
  return body === null ? exchange : { ...exchange, body }
}

const closed: readonly Exchange[] = [
  ...secrets.map(([title, authorization, allowed]) => {
    const headers = { ...JSON_TYPE, ...(authorization !== undefined && { authorization }) }
    return asked(title, '/acl', allowed ? ALLOW : DENY, JSON.stringify(ACCESS), { headers })
  }),
  ...malformed.flatMap(([title, body]) =>
    ['/auth', '/acl/'].map((path) => asked(`${title} to ${path}`, path, DENY, body)),
  ),
  ...twice(STATION_PASSWORD).map(([title, body]) => asked(`${title} twice`, '/auth', DENY, body)),
  ...METHODS.flatMap((method) => {
    const answer = method === 'HEAD' ? { ...DENY, body: '' } : DENY
    return ['/auth', '/acl/'].map((path) =>
      asked(`${method} ${path}`, path, answer, null, { method }),
    )
  }),
  asked('16,384 bytes', '/acl', ALLOW, padded(16_384)),
  asked('one byte more', '/acl', DENY, padded(16_385)),
]

const { imported = [], ...products } = Object.fromEntries(
  Object.entries(RECORDED).map(([name, rows]) => [name, rows.map(ofProduct)]),
)

/** Logins with slow hashes. */
export const slow: Readonly<Record<string, readonly Exchange[]>> = { imported }

/** All exchanges, the slow logins last: once one was met, an unknown user costs as much. */
export const exchanges: Readonly<Record<string, readonly Exchange[]>> = {
  ...products,
  closed,
  events,
  ...slow,
}
