/**
 * A page that listens to server-sent events, as `EventSource` does, or reads none of what it is sent.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Collector } from '../support/wait.ts'

/** An event. */
export interface Told {
  readonly event: string
  readonly data: unknown
}

/** A page that is connected. */
export class Listener implements AsyncDisposable {
  readonly status: number
  /** What it was told so far. */
  readonly told: Collector<Told> = new Collector()
  /** Settles when the stream has ended, however. */
  readonly ended: Promise<void>
  readonly #stop: AbortController

  private constructor(response: Response, stop: AbortController) {
    this.status = response.status
    this.#stop = stop
    this.ended = this.#read(response).catch(() => {})
  }

  /** Asks for a stream. Settles with the answer. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Listener> {
    const stop = new AbortController()
    return new Listener(await fetch(url, { headers, signal: stop.signal }), stop)
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop()!
      for (const each of events) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(each) ?? []
        if (event !== undefined) this.told.push({ event, data: JSON.parse(data!) })
      }
    }
  }

  /** Leaves, as a page that is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.ended
  }
}

/** Connects and asks, and reads nothing until it is told to. */
export async function openDeaf(url: string, cookie: string): Promise<Socket> {
  const { port, pathname, host } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncookie: ${cookie}\r\n\r\n`)
  return socket
}
