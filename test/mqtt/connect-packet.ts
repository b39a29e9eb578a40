/**
 * Reads what a client says of itself (MQTT 5, section 3.1; MQTT 3.1.1, section 3.1), as far as the
 * clients of this library say it: without a will.
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
}

/** Lengths of the properties that are sent, by identifier: session expiry and receive maximum. */
const LENGTHS: Readonly<Record<number, number>> = { 17: 4, 33: 2 }

/** Reads the body of a packet: what follows its length. */
export function readConnect(body: Buffer): ConnectPacket {
  const protocolVersion = body[6]!
  const flags = body[7]!
  let at = 10
  let sessionExpiry = 0
  if (protocolVersion === 5) {
    const end = at + 1 + body[at]!
    for (at++; at < end; ) {
      const id = body[at]!
      if (id === 17) sessionExpiry = body.readUInt32BE(at + 1)
      assert.ok(LENGTHS[id], `a property ${id} in CONNECT`)
      at += 1 + LENGTHS[id]
    }
  }
  const text = () => {
    const start = at + 2
    at = start + body.readUInt16BE(at)
    return body.toString('utf8', start, at)
  }
  return {
    protocolVersion,
    cleanStart: (flags & 2) !== 0,
    clientId: text(),
    username: flags & 0x80 ? text() : undefined,
    password: flags & 0x40 ? text() : undefined,
    sessionExpiry,
  }
}
