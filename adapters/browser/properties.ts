/**
 * Which properties there are (MQTT 5, table 2-4).
 *
 * @module
 */
import type { MessageProperties } from '../../src/broker/broker.ts'

/**
 * The kind of each property at the place of its identifier: the bytes of a number, `v` for a variable byte
 * integer, `t` for a text, `b` for binary data; a space where there is none.
 */
export const KINDS = ' 14t    tb v     4t2 tb141t t  t 22211t4111'

/** Those of a message, but for the user properties. */
export const NAMES: readonly (readonly [id: number, name: keyof MessageProperties])[] = [
  [2, 'messageExpiry'],
  [3, 'contentType'],
  [8, 'responseTopic'],
  [9, 'correlationData'],
]

/** A pair of texts; the one property that comes as often as there are pairs. */
export const USER_PROPERTY = 38
