/**
 * What messages take: on the wire, and in memory.
 *
 * @module
 */
import type { Message, OutgoingMessage } from '../../src/broker/broker.ts'
import { hasProperties, userPairs } from '../../src/broker/properties.ts'

/** What a message costs beside its payload and its texts, roughly. */
const MESSAGE_BYTES = 512
/** The same of a user property. */
const PROPERTY_BYTES = 64
const encoder = new TextEncoder()

/** Whether a message makes a longer packet than a limit, which is in bytes. */
export function exceeds(message: OutgoingMessage, limit: number): boolean {
  const { topic, payload } = message
  // Most are far from it, and need no exact count.
  const isSmall = !hasProperties(message) && payload.length + 4 * topic.length + 16 <= limit
  return !isSmall && packetSize(message) > limit
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

/** Bytes that a received message takes in memory, roughly. */
export function memorySize(message: Message): number {
  const size = MESSAGE_BYTES + message.topic.length + message.payload.byteLength
  if (!hasProperties(message)) return size
  const { userProperties = {}, correlationData, responseTopic = '', contentType = '' } = message
  return userPairs(userProperties).reduce(
    (sum, [key, value]) => sum + PROPERTY_BYTES + key.length + value.length,
    size + (correlationData?.byteLength ?? 0) + responseTopic.length + contentType.length,
  )
}
