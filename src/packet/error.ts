/**
 * What is wrong with bytes that are no packet.
 *
 * @module
 */

/** Bytes that MQTT does not allow, with the reason code of MQTT 5 to end the connection with. */
export class PacketError extends Error {
  override readonly name = 'PacketError'
  readonly code = 'ERR_PACKET'
  /** Such as 0x81 (malformed packet), 0x82 (protocol error) or 0x95 (packet too large). */
  readonly reasonCode: number

  constructor(reasonCode: number, problem: string) {
    super(problem)
    this.reasonCode = reasonCode
  }
}
