/**
 * The reason codes that servers may send (MQTT 5, section 2.4; MQTT 3.1.1, sections 3.2.2.3 and 3.9.3).
 *
 * @module
 */
import { DISCONNECT_CODES, RECEIVED_CODES } from '../../../src/packet/reason-codes.ts'

/** CONNACK. */
export const CONNACK_CODES: readonly number[] = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
  0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
]

/** CONNACK of MQTT 3.1.1. */
export const RETURN_CODES: readonly number[] = [0, 1, 2, 3, 4, 5]

/** PUBACK and PUBREC from a server, which alone knows that nobody has subscribed. */
export const SERVER_RECEIVED_CODES: readonly number[] = [0x10, ...RECEIVED_CODES]

/** SUBACK. */
export const SUBACK_CODES: readonly number[] = [
  0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2,
]

/** SUBACK of MQTT 3.1.1. */
export const GRANTED_CODES: readonly number[] = [0x00, 0x01, 0x02, 0x80]

/** UNSUBACK. */
export const UNSUBACK_CODES: readonly number[] = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]

/** DISCONNECT from a server. */
export const SERVER_DISCONNECT_CODES: readonly number[] = [
  ...DISCONNECT_CODES,
  0x87,
  0x89,
  0x8b,
  0x8d,
  0x8e,
  0x8f,
  0x9a,
  0x9c,
  0x9d,
  0x9e,
  0x9f,
  0xa0,
  0xa1,
  0xa2,
]

/** AUTH from a server. */
export const SERVER_AUTH_CODES: readonly number[] = [0x00, 0x18]
