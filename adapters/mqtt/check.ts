/**
 * Checks of a message before the `mqtt` package sees it: it sends a malformed one as it is, and the
 * broker then ends the connection.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { MAX_TEXT_BYTES } from '../../src/base/text.ts'
import type {
  BrokerCapabilities,
  MessageProperties,
  OutgoingMessage,
} from '../../src/broker/broker.ts'
import { checkTopicName } from '../../src/topic/filter.ts'
import { publishing, reason, refusal } from './reason.ts'

/** Longest packet there can be (section 2.1.4): header byte, length and content. */
const MAX_PACKET_BYTES = 268_435_460
const encoder = new TextEncoder()

/**
 * Checks that a message can be sent at all.
 *
 * @throws {InvalidTopicError} If a topic is not well formed.
 * @throws {ConfigError} If another field is wrongly typed, too long or out of range.
 */
export function checkMessage(message: OutgoingMessage): void {
  const { topic, payload, qos = 1, responseTopic } = message
  checkTopicName(topic)
  if (responseTopic !== undefined) checkTopicName(responseTopic)
  if (!(payload instanceof Uint8Array)) throw new ConfigError('payload', 'must be a Uint8Array')
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new ConfigError('qos', 'must be 0, 1 or 2')
  if (hasProperties(message)) checkProperties(message)
}

/** Whether a message has anything beside its topic and payload. */
export function hasProperties(message: MessageProperties): boolean {
  const { correlationData, contentType, messageExpiry, responseTopic, userProperties } = message
  return (
    userProperties !== undefined ||
    correlationData !== undefined ||
    responseTopic !== undefined ||
    contentType !== undefined ||
    messageExpiry !== undefined
  )
}

function checkProperties(properties: MessageProperties): void {
  const { correlationData, contentType, messageExpiry, userProperties = {} } = properties
  if (correlationData !== undefined) {
    if (!(correlationData instanceof Uint8Array)) {
      throw new ConfigError('correlationData', 'must be a Uint8Array')
    }
    if (correlationData.length > MAX_TEXT_BYTES) {
      throw new ConfigError('correlationData', `must not be longer than ${MAX_TEXT_BYTES} bytes`)
    }
  }
  if (contentType !== undefined) checkText('contentType', contentType)
  for (const [key, value] of userPairs(userProperties)) {
    checkText('userProperties', key)
    checkText(`userProperties.${key.slice(0, 100)}`, value)
  }
  if (
    messageExpiry !== undefined &&
    !(Number.isInteger(messageExpiry) && messageExpiry >= 1 && messageExpiry <= 0xffff_ffff)
  ) {
    throw new ConfigError('messageExpiry', 'must be a whole number from 1 to 4294967295')
  }
}

function checkText(key: string, text: unknown): void {
  if (typeof text !== 'string') throw new ConfigError(key, 'must be a string')
  if (/\0|\p{Surrogate}/u.test(text)) {
    throw new ConfigError(key, 'must not hold the character NUL or a lone surrogate')
  }
  if (encoder.encode(text).length > MAX_TEXT_BYTES) {
    throw new ConfigError(key, `must not be longer than ${MAX_TEXT_BYTES} bytes`)
  }
}

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
  if (qos > maxQos) throw refuse(reason.qosNotSupported)
  if (message.retain && !retain) throw refuse(reason.retainNotSupported)
  // Most are far from it, and need no exact count.
  const isSmall = !hasProperties(message) && payload.length + 4 * topic.length + 16 <= maxPacketSize
  if (!isSmall && packetSize(message) > maxPacketSize) throw refuse(reason.packetTooLarge)
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

/** User properties with one entry for each value. */
export function userPairs(
  properties: NonNullable<MessageProperties['userProperties']>,
): [key: string, value: string][] {
  return Object.entries(properties).flatMap(([key, values]) =>
    [values].flat().map((value): [string, string] => [key, value]),
  )
}
