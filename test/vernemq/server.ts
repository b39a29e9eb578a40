/**
 * VerneMQ's HTTP API as far as ending sessions goes, over HTTP on loopback: it makes of a request what
 * `vmq_http_mgmt_api.erl` and `vmq_info_cli.erl` of August 2026 make of it, text for text, and answers
 * as they do. Read in November 2026; the texts that the queries come to were put to the parser that
 * `vmq_ql_parser.peg` gives, the API was not run.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const KEY = 'an-api-key-of-vernemq'

/** A session: its client id, and where it is. */
export interface ListedSession {
  readonly client_id: string
  readonly mountpoint: string
}

/** What is answered. */
export interface Answer {
  readonly status: number
  readonly body?: string
}

/** A running API. */
export interface VernemqServer extends AsyncDisposable {
  readonly url: string
  readonly sessions: ListedSession[]
  /** Each request: its path and query as they came, in their order. */
  readonly requests: string[]
  /** Client ids in the order they were ended, with what waited. */
  readonly ended: string[]
  /** Answers in the place of the API, if it gives anything. */
  intercept: (command: string) => Answer | undefined
}

const done: Answer = { status: 200, body: '{"text":"Done","type":"text"}' }
const malformed: Answer = { status: 400 }

/** Starts an API on a free port. */
export async function startVernemq(): Promise<VernemqServer> {
  const login = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`
  const server = createServer(({ method, url = '', headers }, response) => {
    at.requests.push(url)
    const [path, query = ''] = url.split('?', 2) as [string, string | undefined]
    const isKnown = headers.authorization === login
    const { status, body } =
      method !== 'GET' ? { status: 405 } : isKnown ? answer(path, query) : { status: 401 }
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function answer(path: string, query: string): Answer {
    const command = path.slice('/api/v1/'.length)
    const intercepted = at.intercept(command)
    if (intercepted) return intercepted
    const args = readQuery(query)
    if (command === 'session/show') return show(args)
    return command === 'session/disconnect' ? disconnect(args) : malformed
  }

  function show(args: readonly (readonly [string, string | undefined])[]): Answer {
    const [name, pattern] = args.find(([, value]) => value?.startsWith('~')) ?? []
    // Two parts it is cut into at "=", and no more.
    if (name !== '--client_id' || pattern!.includes('=')) return malformed
    const text = readString(`"${pattern!.slice(1)}"`)
    if (text === undefined) return malformed
    const limit = Number(args.find(([key]) => key === '--limit')?.[1] ?? '100')
    // Erlang reads the expression and the id byte by byte, and so does this.
    const expression = new RegExp(text.toString('latin1'))
    const rows = at.sessions.filter(({ client_id }) => {
      return expression.test(Buffer.from(client_id).toString('latin1'))
    })
    const table = rows.slice(0, limit)
    return { status: 200, body: JSON.stringify({ table, type: 'table' }) }
  }

  function disconnect(args: readonly (readonly [string, string | undefined])[]): Answer {
    const value = (key: string) => args.find(([name]) => name === key)?.[1]
    const id = readString(`"${value('client-id')}"`)
    const mountpoint = readString(`"${value('--mountpoint') ?? ''}"`)
    if (!id || !mountpoint || !args.some(([name]) => name === '--cleanup')) return malformed
    const index = at.sessions.findIndex((session) => {
      return (
        Buffer.from(session.client_id).equals(id) &&
        Buffer.from(session.mountpoint).equals(mountpoint)
      )
    })
    if (index >= 0) at.ended.push(at.sessions.splice(index, 1)[0]!.client_id)
    // It says so in any case.
    return done
  }

  const at: VernemqServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions: [],
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

/** The arguments, each byte of them as a character, as `binary_to_list` has it. */
function readQuery(query: string): (readonly [string, string | undefined])[] {
  return query.split('&').map((part) => {
    const at = part.indexOf('=')
    const [name, value] = at < 0 ? [part] : [part.slice(0, at), part.slice(at + 1)]
    return [readBytes(name!), value === undefined ? undefined : readBytes(value)]
  })
}

function readBytes(text: string): string {
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return bytes
}

/** A string of a query as its parser reads it: UTF-8 of its characters. `undefined` if it is none. */
function readString(text: string): Buffer | undefined {
  const inner = /^"((?:\\\\|\\"|[^"])*)"$/s.exec(text)?.[1]
  // What goes on behind its end would be read as more of the query.
  return inner === undefined || inner.includes('"') ? undefined : Buffer.from(inner, 'utf8')
}
