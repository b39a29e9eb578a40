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
  const receiver = accept(mediumOf(socket), socket.remoteAddress)
  socket.on('data', (chunk: Uint8Array) => receiver.bytes(chunk))
  // What is wrong with a network is no concern of ours, but that the connection is gone.
  socket.on('error', () => {})
  socket.on('close', () => receiver.closed())
}

function mediumOf(socket: Socket): Medium {
  return {
    send(chunks, sent) {
      const last = chunks.length - 1
      if (last > 0) socket.cork()
      for (let i = 0; i < last; i++) socket.write(chunks[i]!)
      socket.write(chunks[last]!, sent)
      if (last > 0) socket.uncork()
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  }
}
