/**
 * A link over bytes: what lies between a server and a transport.
 *
 * @module
 */
import { encodeServerPacket } from '../packet/encode-server.ts'
import { PacketError } from '../packet/error.ts'
import type { PublishPacket, ServerPacket } from '../packet/packet.ts'
import { serverReader } from '../packet/server-reader.ts'
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
  const reader = serverReader({
    maximumPacketSize: server.settings.maxPacketSize,
    maximumConnectSize: server.settings.maxConnectSize,
  })
  let out: Uint8Array[] = []
  let written = 0
  let outBytes = 0
  let isReading = false
  let isPaused = false
  let isOver = false

  function flush(): void {
    if (outBytes === 0) return
    const { maxBacklog } = server.settings
    const wasOver = link.backlog > maxBacklog
    const chunks = out
    out = []
    written += outBytes
    endpoint.wrote(outBytes)
    outBytes = 0
    last = undefined
    transport.write(chunks)
    // What it takes at once, it does not tell.
    if (wasOver && link.backlog <= maxBacklog) endpoint.drained()
  }

  const link: Link = {
    send(packet) {
      if (isOver) return
      // What is said in one turn goes out together.
      if (outBytes === 0) queueMicrotask(flush)
      for (const chunk of encode(packet, reader.version ?? 4)) {
        out.push(chunk)
        outBytes += chunk.length
      }
    },
    get backlog() {
      return outBytes + transport.pending
    },
    get departed() {
      return written - transport.pending
    },
    resume: () => read(),
    end() {
      isOver = true
      flush()
      transport.end()
    },
    destroy() {
      isOver = true
      transport.destroy()
    },
  }

  const endpoint: Endpoint = server.accept(link, peer)

  function read(): void {
    // A packet may make the endpoint ready for the next one.
    if (isReading) return
    isReading = true
    try {
      while (!isOver && endpoint.isReady) {
        const packet = reader.next()
        if (!packet) break
        endpoint.receive(packet)
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      endpoint.fail(error)
    } finally {
      isReading = false
    }
    const isHeldBack = !isOver && !endpoint.isReady
    if (isHeldBack === isPaused) return
    isPaused = isHeldBack
    if (isPaused) transport.pause()
    else transport.resume()
  }

  return {
    bytes(chunk) {
      if (isOver) return
      endpoint.heard(chunk.length)
      reader.push(chunk)
      read()
    },
    drained: () => endpoint.drained(),
    closed() {
      isOver = true
      endpoint.closed()
    },
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
