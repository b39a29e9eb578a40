/**
 * The HTTP routes that other brokers would ask, served on a free port of this machine alone.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { loadPackage } from '../../../src/base/load-package.ts'
import type { Logger } from '../../../src/base/log.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { isAsking } from '../../../src/product/product.ts'
import { loadProducts } from '../products.ts'

const HOST = '127.0.0.1'
const PATH = '/iot/broker'

/**
 * How long a connection stays that a broker asks nothing on, in milliseconds: longer than brokers
 * keep theirs, which is up to 60 s (VerneMQ, `vmq_webhooks.pool_timeout`).
 *
 * Node ends it after 5 s by default. A question that is sent at that moment gets no answer, and
 * VerneMQ 2.1 refuses a right login then.
 */
export const KEEP_ALIVE: { readonly keepAliveTimeout: number } = { keepAliveTimeout: 75_000 }

/** Routes that are served. */
export interface ServedRoutes {
  /** What `/auth` and `/acl` come after. */
  readonly url: string
  close(): Promise<void>
}

/** Serves the routes of a fleet for all products that ask. Settles when they can be asked. */
export async function serveRoutes(
  fleet: Fleet,
  options: { readonly secret: string; readonly logger: Logger },
): Promise<ServedRoutes> {
  const { Hono, brokerAuth } = await loadRoutes()
  const products = (await loadProducts()).filter(isAsking)
  const app = new Hono().route(PATH, brokerAuth(fleet, { ...options, products }))
  const server = createServer(KEEP_ALIVE, (request, response) => {
    answer((question) => app.fetch(question), request, response).catch(() => response.destroy())
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}${PATH}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** @throws {MissingDependencyError} If `hono` is not installed. */
export function loadRoutes(): Promise<{
  Hono: typeof import('hono').Hono
  brokerAuth: typeof import('../../hono/index.ts').brokerAuth
}> {
  return loadPackage('hono', async () => {
    const [{ Hono }, { brokerAuth }] = await Promise.all([
      import('hono'),
      import('../../hono/index.ts'),
    ])
    return { Hono, brokerAuth }
  })
}

/** Hands a request of Node's to a function of the web's, and its answer back. */
async function answer(
  handle: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { url = '/', method = 'GET', headers } = incoming
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const request = new Request(new URL(url, `http://${HOST}`).href, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' }),
  })
  const { status, headers: answered, body } = await handle(request)
  outgoing.writeHead(status, Object.fromEntries(answered))
  for await (const chunk of body ?? []) outgoing.write(chunk)
  outgoing.end()
}
