/**
 * WebSockets as a way for MQTT (MQTT 5, section 6).
 *
 * @module
 */
import type { WebSocket } from 'ws'
import type { Accept } from './connections.ts'
import type { Medium } from './transport.ts'

/** MQTT 5, section 6: a packet may not come in a text frame. */
const UNSUPPORTED_DATA = 1003
const NORMAL_CLOSURE = 1000
/** How long a peer has to answer that a connection is closed. */
const GOODBYE_MS = 1_000

/** Takes a WebSocket. */
export function acceptWebSocket(socket: WebSocket, peer: string | undefined, accept: Accept): void {
  const receiver = accept(mediumOf(socket), peer)
  let cut: ReturnType<typeof setTimeout> | undefined
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (cut !== undefined) return
    if (isBinary) {
      receiver.bytes(data)
      return
    }
    socket.close(UNSUPPORTED_DATA, 'MQTT packets are binary')
    cut = setTimeout(() => socket.terminate(), GOODBYE_MS)
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearTimeout(cut)
    receiver.closed()
  })
}

function mediumOf(socket: WebSocket): Medium {
  return {
    send(chunks, sent) {
      // One frame for all of it.
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      socket.send(bytes, () => sent())
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.close(NORMAL_CLOSURE),
    destroy: () => socket.terminate(),
  }
}
