/**
 * What a broker takes, by what it said of itself: the `mqtt` package sends all else as it is, and the
 * broker then ends the connection.
 *
 * @module
 */

import type { BrokerCapabilities, OutgoingMessage } from '../../src/broker/broker.ts'
import { hasProperties, userPairs } from '../../src/broker/properties.ts'
import { refusal } from '../../src/broker/refusal.ts'
import { REASON } from '../../src/packet/reason.ts'
import { publishing } from './reason.ts'

/** Longest packet there can be (section 2.1.4): header byte, length and content. */
export const MAX_PACKET_BYTES = 268_435_460
const encoder = new TextEncoder()

/**
 * Checks that the broker takes such a message.
 *
 * @throws {BrokerError} `ERR_BROKER_REFUSED` with the reason code the broker would give.
 */
export function checkCapabilities(
  message: OutgoingMessage,
  { maxQos, retain, maxPacketSize = MAX_PACKET_BYTES }: BrokerCapabilities,
): void {
  const { topic, payload, qos = 1 } = message
  const refuse = (reasonCode: number) => refusal(publishing(topic), reasonCode)
  if (qos > maxQos) throw refuse(REASON.qosNotSupported)
  if (message.retain && !retain) throw refuse(REASON.retainNotSupported)
  // Most are far from it, and need no exact count.
  const isSmall = !hasProperties(message) && payload.length + 4 * topic.length + 16 <= maxPacketSize
  if (!isSmall && packetSize(message) > maxPacketSize) throw refuse(REASON.packetTooLarge)
}

/** Bytes of a PUBLISH packet, at most: the two lengths in it are counted with 4 bytes each. */
function packetSize(message: OutgoingMessage): number {
  const { topic, payload, responseTopic, contentType, correlationData, messageExpiry } = message
  let size = 1 + 4 + textSize(topic) + 2 + 4 + payload.length
  if (responseTopic !== undefined) size += 1 + textSize(responseTopic)
  if (contentType !== undefined) size += 1 + textSize(contentType)
  if (correlationData !== undefined) size += 1 + 2 + correlationData.length
  if (messageExpiry !== undefined) size += 1 + 4
  for (const [key, value] of userPairs(message.userProperties ?? {})) {
    size += 1 + textSize(key) + textSize(value)
  }
  return size
}

function textSize(text: string): number {
  return 2 + encoder.encode(text).length
}
