/**
 * The routes of products, and how a broker's question gets there.
 *
 * @module
 */
import { Hono } from 'hono'
import { type BrokerAuthOptions, brokerAuth } from '../../../adapters/hono/index.ts'
import type { Fleet } from '../../../src/index.ts'
import type { AskingProduct } from '../../../src/product/product.ts'
import { ASKING } from '../../support/products.ts'
import type { Answer, Call } from './language.ts'

export const SECRET = 'broker-secret-0123456789'

const TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' }
const QUIET = { info() {}, warn() {}, error() {} }

/** The routes of products, by default of all that ask. @throws {ConfigError} As `brokerAuth` does. */
export function mount(fleet: Fleet, options: Partial<BrokerAuthOptions> = {}): Hono {
  const routes = brokerAuth(fleet, { secret: SECRET, logger: QUIET, products: ASKING, ...options })
  return new Hono().route('/iot/broker', routes)
}

/** The path of one route, with the secret if it belongs there. */
export function pathOf({ name, secretIn }: AskingProduct, route: string, secret = SECRET): string {
  const prefix = secretIn === 'path' ? `${name}/${secret}` : name
  return `/iot/broker/${prefix}${route === '' ? '' : `/${route}`}`
}

/** The headers of a question. */
export function headersOf({ secretIn }: AskingProduct, { encoding, headers }: Call) {
  return {
    'content-type': TYPES[encoding],
    ...(secretIn === 'header' && { authorization: `Bearer ${SECRET}` }),
    ...headers,
  }
}

/** Asks as the broker of a product does. */
export async function ask(app: Hono, product: AskingProduct, call: Call): Promise<Answer> {
  const headers = headersOf(product, call)
  return read(
    await app.request(pathOf(product, call.route), { method: 'POST', headers, body: call.body }),
  )
}

export async function read(response: Response): Promise<Answer> {
  const type = response.headers.get('content-type')
  return { status: response.status, type, body: await response.text() }
}
