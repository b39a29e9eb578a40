/**
 * CONNECT (MQTT 5, section 3.1).
 *
 * @module
 */
import type { Body } from './body.ts'
import { malformed, PacketError, protocolError } from './error.ts'
import type { ConnectPacket, PacketQos, PacketWill, ProtocolVersion } from './packet.ts'
import { CONNECT, propertiesOf, readProperties, WILL } from './properties.ts'
import { REASON } from './reason.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(CONNECT)
const WILL_PROPERTIES = /* @__PURE__ */ propertiesOf(WILL)

/** The connect flags (section 3.1.2.3). */
const RESERVED = 0x01
const CLEAN_START = 0x02
const HAS_WILL = 0x04
const WILL_RETAIN = 0x20
const HAS_PASSWORD = 0x40
const HAS_USERNAME = 0x80

/** What a CONNECT begins with, and with which level. That of MQTT 3.1 is told apart to be answered. */
const NAME = 'MQTT'
const OLD_NAME = 'MQIsdp'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Reads one. */
export function readConnect(body: Body): ConnectPacket {
  const version = readVersion(body)
  const flags = body.u8()
  if (flags & RESERVED) throw malformed('the reserved connect flag is set')
  const willQos = (flags >> 3) & 3
  if (willQos === 3) throw malformed('the QoS of the will is 3')
  if (!(flags & HAS_WILL) && (willQos > 0 || flags & WILL_RETAIN)) {
    throw malformed('a will that is not there is retained, or has a QoS')
  }
  if (version === 4 && flags & HAS_PASSWORD && !(flags & HAS_USERNAME)) {
    throw malformed('a password needs a user name in MQTT 3.1.1')
  }
  const packet: Mutable<ConnectPacket> = {
    kind: 'connect',
    version,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepAlive: body.u16(),
    clientId: '',
  }
  if (version === 5) {
    readProperties(body, PROPERTIES, packet)
    if (packet.authenticationData && packet.authenticationMethod === undefined) {
      throw protocolError('authenticationData needs an authenticationMethod')
    }
  }
  packet.clientId = body.text()
  if (flags & HAS_WILL) {
    packet.will = readWill(body, version, willQos as PacketQos, (flags & WILL_RETAIN) !== 0)
  }
  if (flags & HAS_USERNAME) packet.username = body.text()
  if (flags & HAS_PASSWORD) packet.password = body.binary()
  return packet
}

function readVersion(body: Body): ProtocolVersion {
  const name = body.text()
  if (name !== NAME && name !== OLD_NAME) {
    throw new PacketError(REASON.unsupportedProtocolVersion, 'the protocol is not MQTT')
  }
  const level = body.u8()
  if (name === NAME && (level === 4 || level === 5)) return level
  const error = new PacketError(
    REASON.unsupportedProtocolVersion,
    `the protocol level is ${level}, not 4 or 5`,
  )
  throw Object.assign(error, { protocolLevel: level })
}

function readWill(body: Body, version: ProtocolVersion, qos: PacketQos, retain: boolean) {
  const will: Record<string, unknown> = {}
  if (version === 5) readProperties(body, WILL_PROPERTIES, will)
  const topic = body.text()
  return { ...will, topic, payload: body.binary(), qos, retain } satisfies PacketWill
}
