/**
 * A TCP relay that cuts its connections after a number of bytes from the broker.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Relays to a port of 127.0.0.1. */
export interface Relay extends AsyncDisposable {
  readonly url: string
  /** Cuts every connection when so many bytes more have come from the client. */
  cutAfter(bytes: number): void
  /** How often it was cut. */
  readonly cuts: number
}

/** Starts a relay. */
export async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let left = Infinity
  let cuts = 0
  const server = createServer((client) => {
    const broker = connect(port, '127.0.0.1')
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        broker.destroy()
      })
    }
    client.on('data', (chunk) => {
      left -= chunk.length
      if (left >= 0) {
        broker.write(chunk)
        return
      }
      left = Infinity
      cuts++
      for (const socket of sockets) socket.destroy()
    })
    broker.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as { port: number }
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    cutAfter(bytes) {
      left = bytes
    },
    get cuts() {
      return cuts
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
