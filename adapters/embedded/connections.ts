/**
 * The connections of the broker, from accepting one to the end of all.
 *
 * @module
 */
import type { MqttServer } from '../../src/server/server.ts'
import { type ByteReceiver, serveBytes } from '../../src/server/wire.ts'
import { type Medium, QueuedTransport } from './transport.ts'

/** Takes a socket. What is returned is to be told what comes of it. */
export type Accept = (
  medium: Medium,
  peer: string | undefined,
) => Pick<ByteReceiver, 'bytes' | 'closed'>

/** Brings sockets to a server. */
export interface ConnectionKeeper {
  readonly accept: Accept
  /** Settles when all connections are gone that were told to end. */
  ended(): Promise<void>
}

/** Makes one. */
export function connectionKeeper(server: MqttServer): ConnectionKeeper {
  const open = new Set<QueuedTransport>()
  const waiting = new Map<QueuedTransport, (() => void)[]>()

  return {
    accept(medium, peer) {
      const transport = new QueuedTransport(medium, () => receiver.drained())
      const receiver: ByteReceiver = serveBytes(server, transport, peer)
      open.add(transport)
      return {
        bytes: receiver.bytes,
        closed() {
          open.delete(transport)
          receiver.closed()
          for (const settle of waiting.get(transport) ?? []) settle()
          waiting.delete(transport)
        },
      }
    },

    async ended() {
      const ending = [...open].filter(({ isEnding }) => isEnding)
      await Promise.all(
        ending.map((transport) => {
          const settles = waiting.get(transport) ?? []
          waiting.set(transport, settles)
          return new Promise<void>((resolve) => settles.push(resolve))
        }),
      )
    },
  }
}
