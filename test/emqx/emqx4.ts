/**
 * The management API of EMQX 4 as far as ending clients goes, over HTTP on loopback: it answers what
 * the source of 4.4.19 says (`emqx_mgmt_api_clients.erl`, `emqx_mgmt_api.erl`, `emqx_mgmt.hrl`, and
 * `minirest.erl` 0.3), and keeps a list of clients. Read in November 2026, not recorded.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Recorded } from './recorded.ts'

export const APP = 'devicehub'
export const APP_SECRET = 'the-secret-of-that-app-é'

/** What it answers. */
export const read = {
  done: { status: 200, body: '{"code":0}' },
  'client gone': { status: 200, body: '{"code":112,"message":"not_found"}' },
  'another node does not answer': { status: 200, body: '{"code":101,"message":"timeout"}' },
  'application unknown, disabled or expired, or secret wrong': {
    status: 401,
    body: 'UNAUTHORIZED',
  },
  'path unknown': { status: 400, body: 'Not found.' },
  'something failed': { status: 500, body: 'Internal Error' },
} as const satisfies Readonly<Record<string, Recorded>>

/** A client as it is listed. */
export interface ListedClient {
  readonly clientid: string
  readonly username: string
  readonly connected_at?: string
}

/** A running API. */
export interface Emqx4Server extends AsyncDisposable {
  readonly url: string
  readonly clients: ListedClient[]
  /** Each request: method, path and query as they came, in their order. */
  readonly requests: string[]
  /** Client ids in the order they were ended. */
  readonly ended: string[]
  /** Answers in the place of the API, if it gives anything. */
  intercept: (method: string, path: string) => Recorded | undefined
}

/** Starts an API on a free port. */
export async function startEmqx4(): Promise<Emqx4Server> {
  const login = `Basic ${Buffer.from(`${APP}:${APP_SECRET}`).toString('base64')}`
  const server = createServer(({ method = '', url = '', headers }, response) => {
    at.requests.push(`${method} ${url}`)
    const { status, body } =
      at.intercept(method, url) ??
      (headers.authorization === login
        ? answer(method, url)
        : read['application unknown, disabled or expired, or secret wrong'])
    response.writeHead(status).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function answer(method: string, url: string): Recorded {
    const [path, query] = url.split('?', 2) as [string, string | undefined]
    const segments = path.split('/').slice(1)
    if (segments.slice(0, 3).join('/') !== 'api/v4/clients') return read['path unknown']
    if (method === 'GET' && segments.length === 3) return list(new URLSearchParams(query))
    if (method !== 'DELETE' || segments.length !== 4) return read['path unknown']
    const id = decodeURIComponent(segments[3]!)
    const index = at.clients.findIndex(({ clientid }) => clientid === id)
    if (index < 0) return read['client gone']
    at.clients.splice(index, 1)
    at.ended.push(id)
    return read.done
  }

  function list(query: URLSearchParams): Recorded {
    const [page, limit] = [Number(query.get('_page')), Number(query.get('_limit'))]
    const found = at.clients.filter(({ username }) => username === query.get('username'))
    const data = found.slice((page - 1) * limit, page * limit)
    const meta = { page, limit, count: -1, hasnext: page * limit < found.length }
    return { status: 200, body: JSON.stringify({ code: 0, data, meta }) }
  }

  const at: Emqx4Server = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clients: [],
    requests: [],
    ended: [],
    intercept: () => undefined,

    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return at
}
