/**
 * Reads what clients send.
 *
 * @module
 */
import { readAck } from './acks.ts'
import { readAuth } from './auth.ts'
import type { Body } from './body.ts'
import { readConnect } from './connect.ts'
import { readDisconnect } from './disconnect.ts'
import { protocolError } from './error.ts'
import type { ClientPacket, ProtocolVersion, PublishPacket } from './packet.ts'
import { readPublish } from './publish.ts'
import { type Direction, type PacketReader, StreamReader } from './reader.ts'
import { CLIENT_AUTH_CODES, CLIENT_DISCONNECT_CODES, RECEIVED_CODES } from './reason-codes.ts'
import { readSubscribe, readUnsubscribe } from './subscribe.ts'

/** The packet types that a client sends after its CONNECT, as bits. AUTH is none of MQTT 3.1.1. */
const TYPES = 0b1101_0101_1111_1000

const CONNECT = 1

/** Reads the packets of a server's connection. */
export interface ServerReader extends PacketReader<ClientPacket> {
  /** That of the CONNECT, once it was read. */
  readonly version: ProtocolVersion | undefined
}

/**
 * Reads what clients send. The first packet must be a CONNECT, which decides the version, and the only
 * one. Topic names and filters are read as texts: whether their wildcards are right, or whether they are
 * empty (but for the topic of a PUBLISH without an alias), is for the server to judge.
 *
 * A `PacketError` has the reason code 0x84 and a `protocolLevel` where the CONNECT asks for a version
 * other than MQTT 5 and 3.1.1.
 *
 * @param options.maximumPacketSize Bytes of the largest packet that is read, with its fixed header. A
 * larger one is refused with 0x95 before its end has come.
 * @param options.maximumConnectSize Bytes of the largest CONNECT, which comes from anybody. Default: the
 * same.
 */
export function serverReader(options: {
  readonly maximumPacketSize: number
  readonly maximumConnectSize?: number
}): ServerReader {
  const { maximumPacketSize, maximumConnectSize = maximumPacketSize } = options
  return new ClientPacketReader(new FromClient(maximumPacketSize, maximumConnectSize))
}

class FromClient implements Direction<ClientPacket> {
  version: ProtocolVersion | undefined
  readonly #maximum: number
  readonly #connectMaximum: number

  constructor(maximum: number, connectMaximum: number) {
    this.#maximum = maximum
    this.#connectMaximum = connectMaximum
  }

  get maximumPacketSize(): number {
    return this.version === undefined ? this.#connectMaximum : this.#maximum
  }

  expects(type: number): boolean {
    if (this.version === undefined) return type === CONNECT
    return ((TYPES >> type) & 1) === 1
  }

  read(first: number, body: Body): ClientPacket {
    const type = first >> 4
    const { version } = this
    if (version === undefined) {
      const packet = readConnect(body)
      this.version = packet.version
      return packet
    }
    switch (type) {
      case 3:
        return checked(readPublish(first, body, version))
      case 8:
        return readSubscribe(body, version)
      case 10:
        return readUnsubscribe(body, version)
      case 12:
        return { kind: 'pingreq' }
      case 14:
        return readDisconnect(body, version, CLIENT_DISCONNECT_CODES)
      case 15:
        return readAuth(body, CLIENT_AUTH_CODES)
      default:
        return readAck(type, body, version, RECEIVED_CODES)
    }
  }
}

class ClientPacketReader extends StreamReader<ClientPacket> implements ServerReader {
  readonly #direction: FromClient

  constructor(direction: FromClient) {
    super(direction)
    this.#direction = direction
  }

  get version(): ProtocolVersion | undefined {
    return this.#direction.version
  }
}

function checked(packet: PublishPacket): PublishPacket {
  if (packet.subscriptionIdentifiers) {
    throw protocolError('a client sends no subscription identifier with a PUBLISH')
  }
  return packet
}
