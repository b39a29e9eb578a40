/**
 * EMQX's management API as far as ending clients and publishing go, over HTTP on loopback: it answers
 * what was recorded, and keeps lists of clients and of messages.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { published, type Recorded, recorded } from './recorded.ts'

export const KEY = 'a-key-of-emqx'
export const SECRET = 'the-secret-of-that-key-é'

/** A client as it is listed. Its user name is `null` where it gave none. */
export interface ListedClient {
  readonly clientid: string
  readonly username: string | null
}

/** A message as it is published. */
export interface PublishedMessage {
  readonly topic: string
  readonly payload: string
  readonly [field: string]: unknown
}

/** A running API. */
export interface EmqxServer extends AsyncDisposable {
  readonly url: string
  /** Clients that are connected, or whose session is kept in memory. */
  readonly clients: ListedClient[]
  /** Durable sessions without a connection: these are listed behind, whatever user name is asked for. */
  readonly durable: ListedClient[]
  /** Each request: method, path and query as they came, in their order. */
  readonly requests: string[]
  /** Client ids in the order they were ended. */
  readonly ended: string[]
  /** Messages that were taken. */
  readonly published: PublishedMessage[]
  /** Answers in the place of the API, if it gives anything. `null` answers never. */
  intercept: (method: string, path: string) => Recorded | null | undefined
}

/** Starts an API on a free port. */
export async function startEmqx(): Promise<EmqxServer> {
  const server = createServer((request, response) => {
    void answer(request).then((result) => {
      if (!result) return
      const { status, body, headers } = result
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      response.writeHead(status, { ...type, ...headers }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const login = `Basic ${Buffer.from(`${KEY}:${SECRET}`).toString('base64')}`

  async function answer(request: IncomingMessage): Promise<Recorded | null> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '' } = request
    at.requests.push(`${method} ${url}`)
    const intercepted = at.intercept(method, url)
    if (intercepted !== undefined) return intercepted
    if (request.headers.authorization !== login) {
      return recorded['key unknown, disabled or expired, or secret wrong']
    }
    const [path, query] = url.split('?', 2) as [string, string | undefined]
    // Split first and decoded then, as EMQX's server does; a "." or ".." would be gone here.
    const segments = path.split('/').slice(1).map(decodeURIComponent)
    const route = segments.slice(0, 3).join('/')
    if (method === 'POST' && path === '/api/v5/publish') {
      at.published.push(JSON.parse(Buffer.concat(chunks).toString()))
      return published.taken
    }
    if (route !== 'api/v5/clients') return recorded['path unknown']
    if (method === 'GET' && segments.length === 3) return list(new URLSearchParams(query))
    if (method === 'DELETE' && segments.length === 4) {
      return end(segments[3]!) ? recorded.ended : recorded['client gone']
    }
    if (method === 'POST' && segments.slice(3).join('/') === 'kickout/bulk') {
      for (const id of JSON.parse(Buffer.concat(chunks).toString()) as string[]) end(id)
      return recorded.ended
    }
    return recorded['path unknown']
  }

  function list(query: URLSearchParams): Recorded {
    const [page, limit] = [Number(query.get('page')), Number(query.get('limit'))]
    const found = at.clients.filter(({ username }) => username === query.get('username'))
    const all = [...found, ...at.durable]
    const data = all.slice((page - 1) * limit, page * limit)
    const meta = { page, limit, count: found.length, hasnext: page * limit < found.length }
    return { status: 200, body: JSON.stringify({ data, meta }) }
  }

  function end(id: string): boolean {
    let isThere = false
    for (const clients of [at.clients, at.durable]) {
      const index = clients.findIndex(({ clientid }) => clientid === id)
      if (index < 0) continue
      clients.splice(index, 1)
      isThere = true
    }
    if (isThere) at.ended.push(id)
    return isThere
  }

  const at: EmqxServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clients: [],
    durable: [],
    requests: [],
    ended: [],
    published: [],
    intercept: () => undefined,

    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return at
}
