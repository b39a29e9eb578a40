/**
 * The network between a client and a server of this machine: it can be cut, go silent, and heal.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** See {@link startRelay}. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Ends every connection, and lets none through until it is healed. */
  cut(): void
  /** Carries nothing more, and lets nobody know, until it is healed: then those connections end. */
  silence(): void
  heal(): void
}

/** Relays to a port of 127.0.0.1. */
export async function startRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let state: 'whole' | 'cut' | 'silent' = 'whole'
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    const pair = state === 'whole' ? [client, connect(target, '127.0.0.1')] : [client]
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        for (const each of pair) {
          each.destroy()
          sockets.delete(each)
        }
      })
    }
    if (state === 'cut') client.destroy()
    const [, upstream] = pair
    if (!upstream) return
    client.on('data', (chunk) => state === 'whole' && upstream.write(chunk))
    upstream.on('data', (chunk) => state === 'whole' && client.write(chunk))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut'
      endAll()
    },
    silence() {
      state = 'silent'
    },
    heal() {
      endAll()
      state = 'whole'
    },
    async [Symbol.asyncDispose]() {
      endAll()
      server.close()
      await once(server, 'close')
    },
  }
}
