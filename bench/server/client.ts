/**
 * A client that does next to nothing, so that the server is what is measured: prepared bytes, and packets
 * of one size counted by their bytes. MQTT 3.1.1, which all servers speak alike.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ClientPacket, ServerPacket } from '../../src/packet/packet.ts'
import { clientReader } from '../../test/support/client-codec/client-reader.ts'
import { encodeClientPacket } from '../../test/support/client-codec/encode-client.ts'

const VERSION = 4
/** Filters in one SUBSCRIBE. */
const FILTERS_AT_ONCE = 1_000

/** The bytes of a packet. */
export function bytesOf(packet: ClientPacket): Buffer {
  return Buffer.concat(encodeClientPacket(packet, VERSION))
}

/** A client that is connected. */
export class RawClient {
  readonly #socket: Socket
  readonly #reader = clientReader({ version: VERSION, maximumPacketSize: Infinity })
  #onBytes: ((chunk: Buffer) => void) | undefined
  /** Told once of bytes, or of the end. */
  #onNews: (() => void) | undefined
  #isGone = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (this.#onBytes) {
        this.#onBytes(chunk)
        return
      }
      this.#reader.push(chunk)
      this.#onNews?.()
    })
    socket.on('close', () => {
      this.#isGone = true
      this.#onNews?.()
      if (this.#onBytes) throw new Error('the server ended a connection')
    })
  }

  /** @throws {Error} If it is not let in. */
  static async connect(port: number, clientId: string): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const client = new RawClient(socket)
    client.write(
      bytesOf({ kind: 'connect', version: VERSION, cleanStart: true, keepAlive: 0, clientId }),
    )
    const answer = await client.#answer()
    if (answer.kind !== 'connack' || answer.reasonCode !== 0) throw new Error('not let in')
    return client
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Subscribes, and settles when all is answered. */
  async subscribe(filters: readonly string[], qos: 0 | 1): Promise<void> {
    const options = { qos, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    for (let at = 0; at < filters.length; at += FILTERS_AT_ONCE) {
      const some = filters.slice(at, at + FILTERS_AT_ONCE)
      const subscriptions = some.map((filter) => ({ filter, ...options }))
      this.write(bytesOf({ kind: 'subscribe', packetId: 1, subscriptions }))
      const answer = await this.#answer()
      const isGranted = answer.kind === 'suback' && answer.reasonCodes.every((code) => code === qos)
      if (!isGranted) throw new Error('a subscription was refused')
    }
  }

  /** Hands over all bytes from now on. */
  listen(onBytes: (chunk: Buffer) => void): void {
    this.#onBytes = onBytes
  }

  /** Asks for a sign of life. */
  async ping(): Promise<void> {
    this.write(bytesOf({ kind: 'pingreq' }))
    await this.#answer()
  }

  close(): void {
    this.#onBytes = undefined
    this.write(bytesOf({ kind: 'disconnect', reasonCode: 0 }))
    this.#socket.destroySoon()
  }

  async #answer(): Promise<ServerPacket> {
    for (;;) {
      const packet = this.#reader.next()
      if (packet) return packet
      if (this.#isGone) throw new Error('the server ended a connection')
      await new Promise<void>((resolve) => {
        this.#onNews = resolve
      })
    }
  }
}
