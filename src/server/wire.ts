/**
 * A link over bytes: what lies between a server and a transport.
 *
 * @module
 */
import { encodeServerPacket } from '../packet/encode-server.ts'
import { PacketError } from '../packet/error.ts'
import type { PublishPacket, ServerPacket } from '../packet/packet.ts'
import { type ServerReader, serverReader } from '../packet/server-reader.ts'
import type { Endpoint, Link } from './link.ts'
import type { MqttServer } from './server.ts'

/** A way for bytes in both directions, in order and without loss. None of its methods throws. */
export interface ByteTransport {
  /** Sends some chunks. They are not changed afterwards. */
  write(chunks: readonly Uint8Array[]): void
  /** Bytes that were written and did not leave yet. */
  readonly pending: number
  /** Brings no more bytes until {@link resume}, or some more that were on their way. */
  pause(): void
  resume(): void
  /** Ends it when what was written has left. */
  end(): void
  destroy(): void
}

/** What a transport tells. */
export interface ByteReceiver {
  /** Bytes have come. They must not be changed afterwards. */
  bytes(chunk: Uint8Array): void
  /** Some of what was pending has left. */
  drained(): void
  /** The transport is gone. Comes once. */
  closed(): void
}

/** Up to here one chunk costs a transport less than several. */
const JOINED_BYTES = 65_536

/** The PUBLISH that was encoded last in this turn, for the many who get the same. */
interface Encoded {
  readonly packet: PublishPacket
  readonly version: 4 | 5
  readonly chunks: readonly Uint8Array[]
}

let last: Encoded | undefined

/**
 * Connects a transport with a server. Whoever makes the transport tells what comes of it to what is
 * returned.
 *
 * @param peer Where the connection comes from, for the guard.
 */
export function serveBytes(
  server: MqttServer,
  transport: ByteTransport,
  peer: string | undefined,
): ByteReceiver {
  return new Wire(server, transport, peer)
}

// A class: closures of their own would be a third of what a connection takes.
class Wire implements Link, ByteReceiver {
  readonly #transport: ByteTransport
  readonly #maxBacklog: number
  readonly #reader: ServerReader
  readonly #endpoint: Endpoint
  #out: Uint8Array[] = []
  #outBytes = 0
  #written = 0
  #isReading = false
  #isPaused = false
  #isOver = false

  constructor(server: MqttServer, transport: ByteTransport, peer: string | undefined) {
    const { maxPacketSize, maxConnectSize, maxBacklog } = server.settings
    this.#transport = transport
    this.#maxBacklog = maxBacklog
    this.#reader = serverReader({
      maximumPacketSize: maxPacketSize,
      maximumConnectSize: maxConnectSize,
    })
    this.#endpoint = server.accept(this, peer)
  }

  get backlog(): number {
    return this.#outBytes + this.#transport.pending
  }

  get departed(): number {
    return this.#written - this.#transport.pending
  }

  send(packet: ServerPacket): void {
    if (this.#isOver) return
    // What is said in one turn goes out together.
    if (this.#outBytes === 0) queueMicrotask(() => this.#flush())
    for (const chunk of encode(packet, this.#reader.version ?? 4)) {
      this.#out.push(chunk)
      this.#outBytes += chunk.length
    }
  }

  resume(): void {
    this.#read()
  }

  end(): void {
    this.#isOver = true
    this.#flush()
    this.#transport.end()
  }

  destroy(): void {
    this.#isOver = true
    this.#transport.destroy()
  }

  bytes(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#endpoint.heard(chunk.length)
    this.#reader.push(chunk)
    this.#read()
  }

  drained(): void {
    this.#endpoint.drained()
  }

  closed(): void {
    this.#isOver = true
    this.#endpoint.closed()
  }

  #flush(): void {
    const bytes = this.#outBytes
    if (bytes === 0) return
    const wasOver = this.backlog > this.#maxBacklog
    const out = this.#out
    this.#out = []
    this.#outBytes = 0
    this.#written += bytes
    this.#endpoint.wrote(bytes)
    last = undefined
    this.#transport.write(out.length > 1 && bytes <= JOINED_BYTES ? [joined(out, bytes)] : out)
    // What it takes at once, it does not tell.
    if (wasOver && this.backlog <= this.#maxBacklog) this.#endpoint.drained()
  }

  #read(): void {
    // A packet may make the endpoint ready for the next one.
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (!this.#isOver && this.#endpoint.isReady) {
        const packet = this.#reader.next()
        if (!packet) break
        this.#endpoint.receive(packet)
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.#endpoint.fail(error)
    } finally {
      this.#isReading = false
    }
    const isHeldBack = !this.#isOver && !this.#endpoint.isReady
    if (isHeldBack === this.#isPaused) return
    this.#isPaused = isHeldBack
    if (isHeldBack) this.#transport.pause()
    else this.#transport.resume()
  }
}

function encode(packet: ServerPacket, version: 4 | 5): readonly Uint8Array[] {
  if (packet.kind !== 'publish') return encodeServerPacket(packet, version)
  if (last?.packet === packet && last.version === version) return last.chunks
  const chunks = encodeServerPacket(packet, version)
  // Not one with a packet identifier of its own, which is the only one of its kind.
  if (packet.qos === 0) last = { packet, version, chunks }
  return chunks
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
