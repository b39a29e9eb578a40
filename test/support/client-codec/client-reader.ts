/**
 * Reads what servers send, for tests of the server: the strict half of a client, which no client of the
 * library needs.
 *
 * @module
 */
import { ACK_PROPERTIES, readAck } from '../../../src/packet/acks.ts'
import { readAuth } from '../../../src/packet/auth.ts'
import type { Body } from '../../../src/packet/body.ts'
import { readDisconnect } from '../../../src/packet/disconnect.ts'
import { malformed, protocolError } from '../../../src/packet/error.ts'
import type {
  ConnackPacket,
  DisconnectPacket,
  ProtocolVersion,
  ServerPacket,
  SubackPacket,
  UnsubackPacket,
} from '../../../src/packet/packet.ts'
import { CONNACK, propertiesOf, readProperties } from '../../../src/packet/properties.ts'
import { readPublish } from '../../../src/packet/publish.ts'
import { type Direction, type PacketReader, StreamReader } from '../../../src/packet/reader.ts'
import { oneOf } from '../../../src/packet/reason-codes.ts'
import {
  CONNACK_CODES,
  GRANTED_CODES,
  RETURN_CODES,
  SERVER_AUTH_CODES,
  SERVER_DISCONNECT_CODES,
  SERVER_RECEIVED_CODES,
  SUBACK_CODES,
  UNSUBACK_CODES,
} from './server-codes.ts'

const CONNACK_PROPERTIES = propertiesOf(CONNACK)

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

/** Reads a CONNACK. */
function readConnack(body: Body, version: ProtocolVersion): ConnackPacket {
  const flags = body.u8()
  if (flags > 1) throw malformed('a reserved flag of the CONNACK is set')
  const packet: ConnackPacket = {
    kind: 'connack',
    sessionPresent: flags === 1,
    reasonCode: oneOf(version === 5 ? CONNACK_CODES : RETURN_CODES, body.u8()),
  }
  if (packet.sessionPresent && packet.reasonCode !== 0) {
    throw protocolError('a session is present, and the connection is refused')
  }
  if (version === 5) readProperties(body, CONNACK_PROPERTIES, packet)
  return packet
}

/** Reads a SUBACK. */
function readSuback(body: Body, version: ProtocolVersion): SubackPacket {
  const reasonCodes: number[] = []
  const packet: SubackPacket = { kind: 'suback', packetId: body.packetId(), reasonCodes }
  if (version === 5) readProperties(body, ACK_PROPERTIES, packet)
  readCodes(body, version === 5 ? SUBACK_CODES : GRANTED_CODES, reasonCodes)
  return packet
}

/** Reads an UNSUBACK. */
function readUnsuback(body: Body, version: ProtocolVersion): UnsubackPacket {
  const reasonCodes: number[] = []
  const packet: UnsubackPacket = { kind: 'unsuback', packetId: body.packetId(), reasonCodes }
  if (version === 5) {
    readProperties(body, ACK_PROPERTIES, packet)
    readCodes(body, UNSUBACK_CODES, reasonCodes)
  }
  return packet
}

function readCodes(body: Body, codes: readonly number[], into: number[]): void {
  while (body.left > 0) into.push(oneOf(codes, body.u8()))
  if (into.length === 0) throw protocolError('there is no reason code')
}
