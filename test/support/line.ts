/**
 * The line between a client and a server: it can lose everything without letting anybody know, and it
 * can be slow.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** See {@link lineTo}. */
export interface Line extends AsyncDisposable {
  readonly port: number
  /**
   * From now on nothing is carried, and no end of a connection is told. Connections that there are stay
   * so for good, and those that are made until {@link heal}: as behind a firewall that forgot them.
   */
  silence(): void
  /** Carries what new connections send. */
  heal(): void
  /** Carries what the server says so many milliseconds later. */
  delay(milliseconds: number): void
}

/** Forwards connections to a port of this machine. */
export async function lineTo(port: number): Promise<Line> {
  const sockets = new Set<Socket>()
  let carriers = new Set<Socket>()
  let isSilent = false
  let delay = 0

  const carry = (from: Socket, to: Socket, lag: () => number) => {
    const later = (work: () => void) => {
      const act = () => {
        if (carriers.has(from)) work()
      }
      if (lag() === 0) act()
      else setTimeout(act, lag())
    }
    from.on('data', (bytes) => later(() => to.write(bytes)))
    from.on('close', () => later(() => to.destroy()))
  }

  const server = createServer((client) => {
    const upstream = isSilent ? [] : [connect(port, '127.0.0.1')]
    for (const socket of [client, ...upstream]) {
      sockets.add(socket)
      carriers.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {}) // Then comes `close`.
      socket.on('close', () => sockets.delete(socket))
    }
    const [other] = upstream
    if (!other) {
      client.resume()
      return
    }
    carry(client, other, () => 0)
    carry(other, client, () => delay)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      isSilent = true
      carriers = new Set()
    },
    heal() {
      isSilent = false
    },
    delay(milliseconds) {
      delay = milliseconds
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
