/**
 * The connections of the broker, from accepting one to the end of all.
 *
 * @module
 */
import type { MqttServer } from '../../src/server/server.ts'
import { type ByteReceiver, serveBytes } from '../../src/server/wire.ts'
import { type Medium, QueuedTransport } from './transport.ts'

/** A connection, which is to be told what comes of its socket. */
export type Accepted = Pick<ByteReceiver, 'bytes' | 'closed'>

/** Takes a socket. */
export type Accept = (medium: Medium, peer: string | undefined) => Accepted

/** Brings sockets to a server. */
export interface ConnectionKeeper {
  readonly accept: Accept
  /** Settles when all connections are gone that were told to end. */
  ended(): Promise<void>
}

/** Makes one. */
export function connectionKeeper(server: MqttServer): ConnectionKeeper {
  const open = new Set<OpenConnection>()
  return {
    accept: (medium, peer) => new OpenConnection(server, medium, peer, open),
    async ended() {
      await Promise.all([...open].filter(({ isEnding }) => isEnding).map((each) => each.gone()))
    },
  }
}

class OpenConnection implements Accepted {
  readonly #transport: QueuedTransport
  readonly #receiver: ByteReceiver
  readonly #all: Set<OpenConnection>
  #onGone: (() => void)[] = []

  constructor(
    server: MqttServer,
    medium: Medium,
    peer: string | undefined,
    all: Set<OpenConnection>,
  ) {
    this.#transport = new QueuedTransport(medium)
    this.#receiver = serveBytes(server, this.#transport, peer)
    this.#transport.receiver = this.#receiver
    this.#all = all
    all.add(this)
  }

  /** Whether it was told to end. */
  get isEnding(): boolean {
    return this.#transport.isEnding
  }

  bytes(chunk: Uint8Array): void {
    this.#receiver.bytes(chunk)
  }

  closed(): void {
    this.#all.delete(this)
    this.#receiver.closed()
    for (const settle of this.#onGone) settle()
  }

  /** Settles when it is gone. */
  gone(): Promise<void> {
    return new Promise((resolve) => this.#onGone.push(resolve))
  }
}
