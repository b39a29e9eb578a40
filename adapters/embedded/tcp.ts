/**
 * TCP and TLS sockets as a way for MQTT.
 *
 * @module
 */
import type { Socket } from 'node:net'
import type { Accept } from './connections.ts'
import type { Medium } from './transport.ts'

/** After which silence the network is asked whether a client is still there. */
const PROBE_AFTER_MS = 60_000

/** Takes a socket. */
export function acceptSocket(socket: Socket, accept: Accept): void {
  // Else an acknowledgement would wait for the peer's delayed one, 40 ms and more.
  socket.setNoDelay(true)
  // A client may ask for no keep alive; one that is gone without a word is to be noticed still.
  socket.setKeepAlive(true, PROBE_AFTER_MS)
  const receiver = accept(new SocketMedium(socket), socket.remoteAddress)
  socket.on('data', (chunk: Uint8Array) => receiver.bytes(chunk))
  // What is wrong with a network is no concern of ours, but that the connection is gone.
  socket.on('error', ignore)
  socket.on('close', () => receiver.closed())
}

class SocketMedium implements Medium {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  send(chunks: readonly Uint8Array[], sent: () => void): void {
    const last = chunks.length - 1
    if (last > 0) this.#socket.cork()
    for (let i = 0; i < last; i++) this.#socket.write(chunks[i]!)
    this.#socket.write(chunks[last]!, sent)
    if (last > 0) this.#socket.uncork()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function ignore(): void {}
