/**
 * Reads what servers send.
 *
 * @module
 */
import { readAck } from './acks.ts'
import { readAuth } from './auth.ts'
import type { Body } from './body.ts'
import { readConnack } from './connack.ts'
import { readDisconnect } from './disconnect.ts'
import { protocolError } from './error.ts'
import type { DisconnectPacket, ProtocolVersion, ServerPacket } from './packet.ts'
import { readPublish } from './publish.ts'
import { type Direction, type PacketReader, StreamReader } from './reader.ts'
import {
  SERVER_AUTH_CODES,
  SERVER_DISCONNECT_CODES,
  SERVER_RECEIVED_CODES,
} from './reason-codes.ts'
import { readSuback, readUnsuback } from './suback.ts'

/** The packet types that a server sends, as bits: in MQTT 5, and in MQTT 3.1.1. */
const TYPES = 0b1110_1010_1111_1100
const OLD_TYPES = 0b0010_1010_1111_1100

/**
 * Reads what servers send. Whether a packet comes when it should, such as a CONNACK first, is for the
 * client to judge.
 *
 * @param options.version That of the client's CONNECT.
 * @param options.maximumPacketSize Bytes of the largest packet that is read, with its fixed header. A
 * larger one is refused with 0x95 before its end has come.
 */
export function clientReader(options: {
  readonly version: ProtocolVersion
  readonly maximumPacketSize: number
}): PacketReader<ServerPacket> {
  return new StreamReader(new FromServer(options.version, options.maximumPacketSize))
}

class FromServer implements Direction<ServerPacket> {
  readonly version: ProtocolVersion
  readonly maximumPacketSize: number

  constructor(version: ProtocolVersion, maximumPacketSize: number) {
    this.version = version
    this.maximumPacketSize = maximumPacketSize
  }

  expects(type: number): boolean {
    return (((this.version === 5 ? TYPES : OLD_TYPES) >> type) & 1) === 1
  }

  read(first: number, body: Body): ServerPacket {
    const type = first >> 4
    const { version } = this
    switch (type) {
      case 2:
        return readConnack(body, version)
      case 3:
        return readPublish(first, body, version)
      case 9:
        return readSuback(body, version)
      case 11:
        return readUnsuback(body, version)
      case 13:
        return { kind: 'pingresp' }
      case 14:
        return checked(readDisconnect(body, version, SERVER_DISCONNECT_CODES))
      case 15:
        return readAuth(body, SERVER_AUTH_CODES)
      default:
        return readAck(type, body, version, SERVER_RECEIVED_CODES)
    }
  }
}

function checked(packet: DisconnectPacket): DisconnectPacket {
  if (packet.sessionExpiryInterval !== undefined) {
    throw protocolError('a server sends no session expiry interval with a DISCONNECT')
  }
  return packet
}
