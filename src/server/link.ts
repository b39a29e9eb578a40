/**
 * What a server and a transport promise each other.
 *
 * @module
 */
import type { PacketError } from '../packet/error.ts'
import type { ClientPacket, ServerPacket } from '../packet/packet.ts'

/** The way to one client. */
export interface Link {
  /** Hands a packet over. Those before the end go out in their order. */
  send(packet: ServerPacket): void
  /** Bytes that were handed over and did not leave yet. */
  readonly backlog: number
  /** Bytes that left. Only grows. */
  readonly departed: number
  /** Asks for the packets that were held back while the endpoint was not ready. */
  resume(): void
  /** Ends the connection when what was handed over has left, or will not leave. */
  end(): void
  /** Ends the connection at once. */
  destroy(): void
}

/** The server's end of a link. None of its methods throws. */
export interface Endpoint {
  /**
   * Whether it takes packets now. Where it does not, the transport holds them back, and what the network
   * brings too as soon as it can, until it is asked to resume.
   */
  readonly isReady: boolean
  /** The network brought so many bytes, whole packets or not. */
  heard(bytes: number): void
  /** So many bytes were handed to the network. */
  wrote(bytes: number): void
  /** Takes a packet; only while {@link isReady}. */
  receive(packet: ClientPacket): void
  /** What came is no packet. Nothing more is read. */
  fail(error: PacketError): void
  /** Some of the backlog has left. */
  drained(): void
  /** The connection is gone, whoever ended it. */
  closed(): void
}
