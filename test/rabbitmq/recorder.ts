/**
 * An HTTP server in place of the routes: it keeps what RabbitMQ asks, and answers as it is told.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Collector } from '../support/wait.ts'
import { type RecordedName, type RecordedRequest, recorded } from './recorded.ts'

const BASE = '/iot/broker/rabbitmq/broker-secret-0123456789/'
const FORM = 'application/x-www-form-urlencoded'

/** What it is answered. */
export interface RecorderAnswer {
  /** Default: 200. */
  readonly status?: number
  readonly body: string
}

/** A running recorder. */
export interface Recorder {
  /** What the four routes have in common. */
  readonly url: string
  /** Default: `allow` to everything. It is asked by the name of {@link recorded}, if there is one. */
  answer: (name: RecordedName | string) => RecorderAnswer
  /** The names of the next requests, in their order; the request as it came if it has no name. */
  take(count: number): Promise<readonly string[]>
  /** The names of the requests that nobody has taken. They count as taken. */
  rest(): readonly string[]
  /** The names of all requests so far. */
  readonly seen: ReadonlySet<string>
  /** Ends it, as often as wanted. */
  stop(): Promise<void>
}

export const ALLOW: RecorderAnswer = { body: 'allow' }
export const DENY: RecorderAnswer = { body: 'deny' }

/** Starts one. Settles when it listens. */
export async function startRecorder(): Promise<Recorder> {
  const requests = new Collector<string>()
  const seen = new Set<string>()
  let taken = 0
  const server = createServer(async (request, response) => {
    const name = nameOf(request, await text(request))
    seen.add(name)
    requests.push(name)
    const { status = 200, body } = recorder.answer(name)
    response.writeHead(status, { 'content-type': 'text/plain' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE.slice(0, -1)}`,
    seen,
    answer: () => ALLOW,
    async take(count) {
      const items = await requests.reach(taken + count, 'requests')
      taken += count
      return items.slice(taken - count, taken)
    },
    rest() {
      const items = requests.items.slice(taken)
      taken += items.length
      return items
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections() // RabbitMQ keeps them alive.
      await closed
    },
  }
  return recorder
}

/** What all have in common is checked here: a request that differs in it has no name. */
function nameOf({ method, url, headers }: IncomingMessage, body: string): string {
  const type = headers['content-type']
  for (const [name, request] of Object.entries<RecordedRequest>(recorded)) {
    const isSame = url === BASE + request.route && body === request.body
    if (isSame && method === 'POST' && type === FORM) return name
  }
  return `${method} ${url} (${type}) ${body}`
}
