/**
 * Reads what a client says of itself (MQTT 5, section 3.1; MQTT 3.1.1, section 3.1).
 *
 * @module
 */
import assert from 'node:assert/strict'

/** A CONNECT packet. */
export interface ConnectPacket {
  readonly protocolVersion: number
  readonly cleanStart: boolean
  readonly clientId: string
  readonly username: string | undefined
  readonly password: string | undefined
  /** Seconds; 0 if it is not there. */
  readonly sessionExpiry: number
  /** In bytes; `undefined` if it is not there. */
  readonly maxPacketSize: number | undefined
  readonly will: WillOfPacket | undefined
}

/** The will in a CONNECT packet. */
export interface WillOfPacket {
  readonly topic: string
  readonly payload: string
  readonly qos: number
  readonly retain: boolean
  /** By identifier (MQTT 5, section 2.2.2.2). */
  readonly properties: Readonly<Record<number, unknown>>
}

/** How long the value of a property is, by identifier; 0 is a text or binary data, -1 a pair of texts. */
const LENGTHS: Readonly<Record<number, number>> = {
  1: 1,
  2: 4,
  3: 0,
  8: 0,
  9: 0,
  17: 4,
  24: 4,
  33: 2,
  38: -1,
  39: 4,
}

/** Reads the body of a packet: what follows its length. */
export function readConnect(body: Buffer): ConnectPacket {
  const protocolVersion = body[6]!
  const flags = body[7]!
  let at = 10
  const text = () => {
    const start = at + 2
    at = start + body.readUInt16BE(at)
    return body.toString('utf8', start, at)
  }
  const readProperties = () => {
    const properties: Record<number, unknown> = {}
    if (protocolVersion !== 5) return properties
    assert.ok(body[at]! < 0x80, 'a length of one byte')
    const end = at + 1 + body[at]!
    for (at++; at < end; ) {
      const id = body[at++]!
      const length = LENGTHS[id]
      assert.ok(length !== undefined, `a property ${id} in CONNECT`)
      if (length > 0) {
        properties[id] = body.readUIntBE(at, length)
        at += length
      } else properties[id] = length === 0 ? text() : [text(), text()]
    }
    return properties
  }
  const { 17: sessionExpiry = 0, 39: maxPacketSize } = readProperties() as {
    17?: number
    39?: number
  }
  const clientId = text()
  const readWill = () => {
    const properties = readProperties()
    const topic = text()
    return {
      topic,
      payload: text(),
      qos: (flags >> 3) & 3,
      retain: (flags & 0x20) !== 0,
      properties,
    }
  }
  return {
    protocolVersion,
    cleanStart: (flags & 2) !== 0,
    clientId,
    will: flags & 4 ? readWill() : undefined,
    username: flags & 0x80 ? text() : undefined,
    password: flags & 0x40 ? text() : undefined,
    sessionExpiry,
    maxPacketSize,
  }
}
