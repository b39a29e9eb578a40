/**
 * The routes behind a real server, and bytes on a socket to it, whatever they are.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ServerType } from '@hono/node-server'
import type { Hono } from 'hono'
import { within } from '../../support/wait.ts'
import type { Answer } from './language.ts'

/** A server on 127.0.0.1. */
export interface HttpServer {
  readonly port: number
  /** Settles when it is closed, and every connection to it. */
  close(): Promise<void>
}

/** Serves routes on a free port. */
export async function serveHttp(app: Hono): Promise<HttpServer> {
  const { serve } = await import('@hono/node-server')
  let server!: ServerType
  const listening = new Promise<number>((resolve) => {
    server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve(port),
    )
  })
  const port = await within(listening, 'server')
  return {
    port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await within(closed, 'end of the server')
    },
  }
}

/** A connection to a server that sends bytes and reads answers. */
export class RawConnection {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isEnded = false
  #wake = () => {}

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    for (const event of ['end', 'close', 'error'] as const) {
      this.#socket.on(event, () => {
        this.#isEnded = true
        this.#wake()
      })
    }
  }

  /** Settles when the bytes are on their way, or nobody takes them any more. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isEnded || !this.#socket.writable) resolve()
      else this.#socket.write(bytes, () => resolve())
    })
  }

  /** Sends nothing further. */
  finish(): void {
    this.#socket.end()
  }

  /** The next answer, or `undefined` if the connection ends without one. */
  async answer(milliseconds = 6_000): Promise<Answer | undefined> {
    const next = async () => {
      for (;;) {
        const found = parseAnswer(this.#received, this.#isEnded)
        if (found) {
          this.#received = this.#received.subarray(found.size)
          return found.answer
        }
        if (this.#isEnded) return undefined
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    return within(next(), 'answer', milliseconds)
  }

  close(): void {
    this.#socket.destroy()
  }
}

function parseAnswer(
  bytes: Buffer,
  isEnded: boolean,
): { readonly answer: Answer; readonly size: number } | undefined {
  const start = bytes.indexOf('\r\n\r\n') + 4
  if (start < 4) return undefined
  const [line = '', ...lines] = bytes
    .subarray(0, start - 4)
    .toString('latin1')
    .split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1])
  // "100 Continue" comes before the answer.
  if (status < 200) return parseRest(bytes, start, isEnded)
  const headers = new Headers(
    lines.map((one) => one.split(/: ?(.*)/s).slice(0, 2) as [string, string]),
  )
  const length = headers.get('content-length')
  const type = headers.get('content-type')
  if (length !== null) {
    const size = start + Number(length)
    if (bytes.length < size) return undefined
    return { answer: { status, type, body: bytes.subarray(start, size).toString() }, size }
  }
  if (headers.get('transfer-encoding') !== 'chunked') {
    return isEnded
      ? { answer: { status, type, body: bytes.subarray(start).toString() }, size: bytes.length }
      : undefined
  }
  let body = ''
  for (let at = start; ; ) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return undefined
    const size = Number.parseInt(bytes.subarray(at, end).toString(), 16)
    at = end + 2 + size + 2
    if (at > bytes.length) return undefined
    if (size === 0) return { answer: { status, type, body }, size: at }
    body += bytes.subarray(end + 2, end + 2 + size).toString()
  }
}

function parseRest(bytes: Buffer, start: number, isEnded: boolean) {
  const rest = parseAnswer(bytes.subarray(start), isEnded)
  return rest && { ...rest, size: rest.size + start }
}

/** The first lines of a request, up to its body. */
export function head(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nhost: broker.test\r\n${lines.join('')}\r\n`
}
