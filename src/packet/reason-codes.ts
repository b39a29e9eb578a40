/**
 * Which reason codes each packet may have, from whom (MQTT 5, tables 3-1 and 3-4 to 3-11), and the return
 * codes of MQTT 3.1.1.
 *
 * @module
 */
import { protocolError } from './error.ts'

/** Returns a reason code if it is one of some. */
export function oneOf(codes: readonly number[], code: number): number {
  if (!codes.includes(code)) throw protocolError(`the packet has no reason code ${code}`)
  return code
}

/** PUBACK and PUBREC from a client. */
export const RECEIVED_CODES: readonly number[] = [0x00, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]

/** PUBREL and PUBCOMP. */
export const RELEASED_CODES: readonly number[] = [0x00, 0x92]

/** DISCONNECT from either. */
export const DISCONNECT_CODES: readonly number[] = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9b,
]

/** DISCONNECT from a client, to which table 3-10 does not give 0x9B, but section 3.3.4 does. */
export const CLIENT_DISCONNECT_CODES: readonly number[] = [0x04, ...DISCONNECT_CODES]

/** AUTH from a client. */
export const CLIENT_AUTH_CODES: readonly number[] = [0x18, 0x19]
