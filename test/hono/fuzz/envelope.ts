/**
 * What is around a body: the method, the path, the headers, and each of them changed.
 *
 * @module
 */
import type { AskingProduct } from '../../../src/product/product.ts'
import type { Draw } from '../../support/fuzz-seed.ts'
import type { Call } from './language.ts'
import { headersOf, pathOf, SECRET } from './mount.ts'

/** A request, before it is sent. */
export interface Envelope {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

const utf8Length = (bytes: Uint8Array) => String(bytes.length)

const CONTENT_TYPES: readonly (string | undefined)[] = [
  undefined,
  '',
  'text/plain',
  'application/json',
  'APPLICATION/JSON ; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;q="x;y"',
  'application/jsonx',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=iso-8859-1',
  'Application/X-WWW-Form-Urlencoded',
  'application/x-www-form-urlencoded, application/json',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  '__proto__',
]

const LENGTHS = [
  '0',
  '1',
  '10',
  '16384',
  '16385',
  '-1',
  '1e3',
  '0x10',
  '999999999',
  '9999999999',
  'abc',
]

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'post2']

const SECRETS: readonly string[] = [
  'x',
  SECRET.slice(1),
  SECRET.slice(0, -1),
  `${SECRET}x`,
  `${SECRET}${SECRET}`,
  SECRET.toUpperCase(),
  SECRET.replace('-', '_'),
  SECRET.replace('o', 'о'),
  'x'.repeat(6_000),
  '__proto__',
  'undefined',
  'null',
  '*',
  ':secret',
]

/** As the broker of a product sends it, the length told or not. */
export function plainEnvelope(
  product: AskingProduct,
  call: Call,
  body: Uint8Array,
  draw: Draw,
): Envelope {
  const length = draw.below(2) === 0 ? {} : { 'content-length': utf8Length(body) }
  const end = draw.below(4) === 0 ? '/' : ''
  return {
    method: 'POST',
    path: pathOf(product, call.route) + end,
    headers: { ...headersOf(product, call), ...length },
  }
}

/** One respect in which a request is not as the broker sends it. */
export function mutateEnvelope(
  product: AskingProduct,
  call: Call,
  plain: Envelope,
  draw: Draw,
): Envelope {
  const { headers } = plain
  const withHeader = (name: string, value: string | undefined): Envelope => {
    const { [name]: _, ...rest } = headers
    return { ...plain, headers: value === undefined ? rest : { ...rest, [name]: value } }
  }
  const secret = draw.one(SECRETS)
  const changes: (() => Envelope)[] = [
    () => ({ ...plain, method: draw.one(METHODS) }),
    () => withHeader('content-type', draw.one(CONTENT_TYPES)),
    () => withHeader('content-type', draw.one(CONTENT_TYPES)),
    () => withHeader('content-length', draw.one(LENGTHS)),
    () => withHeader('content-encoding', draw.one(['gzip', 'identity', 'x'])),
    () => withHeader('transfer-encoding', 'chunked'),
    () => withHeader('x-http-method-override', 'GET'),
    () => withHeader('expect', '100-continue'),
  ]
  if (product.name === 'vernemq') {
    const hooks = ['', 'auth_on_register', 'auth_on_publish_m5', 'AUTH_ON_SUBSCRIBE', 'on_publish']
    const more = ['_m5', 'auth_on_register_m5_m5', '__proto__', 'auth_on_subscribe']
    changes.push(() => withHeader('vernemq-hook', draw.one([undefined, ...hooks, ...more])))
  }
  if (product.secretIn === 'header') {
    const ascii = /^[\x20-\x7e]*$/.test(secret) ? secret : 'y'
    changes.push(
      () => withHeader('authorization', undefined),
      () => withHeader('authorization', `Bearer ${ascii}`),
      () => withHeader('authorization', `Bearer ${ascii}`),
      () =>
        withHeader(
          'authorization',
          draw.one(['bearer', 'BEARER  ', 'Bearer'].map((w) => `${w} ${SECRET}`)),
        ),
      () =>
        withHeader(
          'authorization',
          draw.one(['Basic', 'Token', 'Bearer,', ''].map((w) => `${w} ${SECRET}`)),
        ),
      () => withHeader('authorization', `Bearer ${SECRET}, Bearer ${SECRET}`),
      () => withHeader('authorization', `Bearer${SECRET}`),
    )
  } else {
    changes.push(
      () => ({ ...plain, path: pathOf(product, call.route, encodeURIComponent(secret)) }),
      () => ({ ...plain, path: pathOf(product, call.route, encodeURIComponent(secret)) }),
      () => ({ ...plain, path: pathOf(product, call.route, encodeSome(SECRET, draw)) }),
      () => ({ ...plain, path: pathOf(product, call.route, encodeSome(secret, draw)) }),
      () => ({ ...plain, path: pathOf(product, call.route, `${SECRET}${draw.one(ODD)}`) }),
    )
  }
  return draw.one(changes)()
}

/** Ends of a path's segment that decode to something odd, or not at all. */
const ODD = [
  '%00',
  '%2f',
  '%2F..',
  '%5c',
  '%',
  '%zz',
  '%ff',
  '%c0%af',
  '%20',
  '+',
  ';x=1',
  '%3f',
  '%25',
]

/** Some characters of a segment by their number: the same segment. */
function encodeSome(text: string, draw: Draw): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const plain = String.fromCharCode(byte)
      const isSafe = /[A-Za-z0-9_-]/.test(plain) && draw.below(3) > 0
      return isSafe ? plain : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

/** Whether the secret is the right one. */
export function hasSecret({ secretIn, name }: AskingProduct, { path, headers }: Envelope): boolean {
  if (secretIn === 'header') {
    const value = new Headers(headers).get('authorization') ?? ''
    const space = value.indexOf(' ')
    return value.slice(0, space).toLowerCase() === 'bearer' && value.slice(space).trim() === SECRET
  }
  const start = `/iot/broker/${name}/`
  if (!path.startsWith(start)) return false
  try {
    return decodeURIComponent(path.slice(start.length).split('/')[0]!) === SECRET
  } catch {
    return false
  }
}

/** Paths that are none of the routes. */
export function strangePaths(product: AskingProduct, route: string): readonly string[] {
  const path = pathOf(product, route)
  const [, , broker = '', name = '', ...rest] = path.split('/')
  return [
    path.replace('/iot/', '//iot/'),
    path.replace('/broker/', '/broker///'),
    path.replace(`/${name}`, `/${name}//`),
    ...(product.secretIn === 'path' ? [pathOf(product, route, '')] : []),
    `${path}///`,
    `${path}/x`,
    `${path}%00`,
    `${path}%2f`,
    `${path};x`,
    path.toUpperCase(),
    path.replace(`/${name}`, `/${name.toUpperCase()}`),
    path.replace(`/${name}`, `/${name}%20`),
    path.replace(`/${name}`, `/__proto__`),
    `/iot/${broker}/${name}/../../x/${rest.join('/')}`,
    `/iot/${broker}/x/%2e%2e/y/${rest.join('/')}`,
    `/${rest.join('/')}`,
  ]
}
