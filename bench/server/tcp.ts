/**
 * Sockets of Node as transports of a server.
 *
 * @module
 */
import type { Socket } from 'node:net'
import type { MqttServer } from '../../src/server/server.ts'
import { serveBytes } from '../../src/server/wire.ts'

/** Hands a socket to a server. */
export function acceptSocket(server: MqttServer, socket: Socket): void {
  socket.setNoDelay(true)
  const receiver = serveBytes(
    server,
    {
      write(chunks) {
        if (socket.destroyed) return
        if (chunks.length === 1) {
          socket.write(chunks[0]!)
          return
        }
        socket.cork()
        for (const chunk of chunks) socket.write(chunk)
        socket.uncork()
      },
      get pending() {
        return socket.writableLength
      },
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      end: () => void socket.end(),
      destroy: () => void socket.destroy(),
    },
    socket.remoteAddress,
  )
  socket.on('data', (chunk: Buffer) => receiver.bytes(chunk))
  socket.on('drain', () => receiver.drained())
  socket.on('close', () => receiver.closed())
  // What follows is the close.
  socket.on('error', () => {})
}
