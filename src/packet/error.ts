/**
 * What is wrong with bytes that are no packet.
 *
 * @module
 */

// Not those of `REASON`, of which a page would get all.
const MALFORMED_PACKET = 0x81
const PROTOCOL_ERROR = 0x82

/** Bytes that MQTT does not allow, with the reason code of MQTT 5 to end the connection with. */
export class PacketError extends Error {
  override readonly name = 'PacketError'
  readonly code = 'ERR_PACKET'
  /** Such as 0x81 (malformed packet), 0x82 (protocol error) or 0x95 (packet too large). */
  readonly reasonCode: number
  /**
   * The protocol level that a CONNECT asks for, where it is the reason: any but 4 and 5. A client of
   * such a level understands a CONNACK of MQTT 3.1.1 with the return code 1.
   */
  declare readonly protocolLevel?: number

  constructor(reasonCode: number, problem: string) {
    super(problem)
    this.reasonCode = reasonCode
  }
}

/** Bytes that cannot be read by the specification (MQTT 5, section 4.13). */
export function malformed(problem: string): PacketError {
  return new PacketError(MALFORMED_PACKET, problem)
}

/** What can be read, and is not allowed (MQTT 5, section 4.13). */
export function protocolError(problem: string): PacketError {
  return new PacketError(PROTOCOL_ERROR, problem)
}
