/**
 * A WebSocket as the byte stream that a broker reads and writes.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** MQTT 5, section 6: a packet may not come in a text frame. */
const UNSUPPORTED_DATA = 1003
/** How long a peer has to answer that a connection is closed. */
const GOODBYE_MS = 1_000

/** Makes a stream of the binary frames of a WebSocket. All that is written in one turn is one. */
export function webSocketDuplex(StreamClass: typeof Duplex, socket: WebSocket): Duplex {
  const duplex = new StreamClass({
    allowHalfOpen: false,
    read: () => socket.resume(),
    write: (chunk: Uint8Array, _encoding, done) => send(socket, chunk, done),
    writev: (chunks, done) => send(socket, Buffer.concat(chunks.map(({ chunk }) => chunk)), done),
    final(done) {
      socket.close(1000)
      done()
    },
    destroy(error, done) {
      if (error || socket.readyState !== socket.OPEN) {
        socket.terminate()
      } else {
        // What was written just before, such as a DISCONNECT, is to arrive.
        socket.close(1000)
        const timer = setTimeout(() => socket.terminate(), GOODBYE_MS)
        socket.once('close', () => clearTimeout(timer))
      }
      done(error)
    },
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (duplex.destroyed) return
    if (!isBinary) {
      socket.close(UNSUPPORTED_DATA, 'MQTT packets are binary')
      duplex.destroy()
    } else if (!duplex.push(data)) {
      socket.pause()
    }
  })
  socket.on('error', (error) => duplex.destroy(error))
  socket.on('close', () => duplex.destroy())
  return duplex
}

function send(socket: WebSocket, bytes: Uint8Array, done: (error?: Error | null) => void): void {
  socket.send(bytes, (error) => done(error ?? null))
}
