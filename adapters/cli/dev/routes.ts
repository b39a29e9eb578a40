/**
 * The HTTP routes that other brokers would ask, and the page of the fleet, served on a free port of this
 * machine alone.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { loadPackage } from '../../../src/base/load-package.ts'
import type { Logger } from '../../../src/base/log.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { isAsking } from '../../../src/product/product.ts'
import type { FleetPageOptions } from '../../page/index.ts'
import { loadProducts } from '../products.ts'
import { keyedAccess } from './key.ts'

const HOST = '127.0.0.1'
const PATH = '/iot/broker'
const PAGE_PATH = '/fleet'

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
  /** The page, with a key that is good once. */
  readonly pageUrl: string
  close(): Promise<void>
}

/** What {@link serveRoutes} takes beside the fleet. */
export interface RoutesOptions extends Pick<FleetPageOptions, 'hub' | 'kicks'> {
  /** Of the brokers. */
  readonly secret: string
  readonly logger: Logger
  /** Called when somebody came to the page: to come from another browser takes the next address. */
  readonly onVisit: (nextUrl: string) => void
}

/** Serves the routes of a fleet for all products that ask, and its page. Settles when they can be asked. */
export async function serveRoutes(
  fleet: Fleet,
  { secret, onVisit, ...options }: RoutesOptions,
): Promise<ServedRoutes> {
  const { Hono, brokerAuth, fleetPage } = await loadRoutes()
  const products = (await loadProducts()).filter(isAsking)
  const { logger } = options
  const app = new Hono().route(PATH, brokerAuth(fleet, { secret, logger, products }))
  const server = createServer(KEEP_ALIVE, (request, response) => {
    answer((question) => app.fetch(question), request, response).catch(() => response.destroy())
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `http://${HOST}:${port}`
  // Cookies are those of a host, whatever the port.
  const access = keyedAccess({
    cookie: `devicehub-dev-${port}`,
    path: PAGE_PATH,
    onUsed: () => onVisit(pageUrl()),
  })
  const pageUrl = () => `${origin}${PAGE_PATH}/${access.query()}`
  const authorize = (request: Request) => (access.isKnown(request) ? { name: 'dev' } : undefined)
  app.use(`${PAGE_PATH}/*`, access.exchange)
  app.route(PAGE_PATH, fleetPage(fleet, { ...options, authorize }))
  return {
    url: `${origin}${PATH}`,
    pageUrl: pageUrl(),
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
  fleetPage: typeof import('../../page/index.ts').fleetPage
}> {
  return loadPackage('hono', async () => {
    const [{ Hono }, { brokerAuth }, { fleetPage }] = await Promise.all([
      import('hono'),
      import('../../hono/index.ts'),
      import('../../page/index.ts'),
    ])
    return { Hono, brokerAuth, fleetPage }
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
  if (!body) return void outgoing.end()
  // One that does not end ends with whoever reads it, and waits while they do not.
  await pipeline(Readable.fromWeb(body as ReadableStream), outgoing)
}
