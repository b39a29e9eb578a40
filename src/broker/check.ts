/**
 * The checks of what a {@link Broker} is asked to do, for every broker to make before it does any of
 * it: what is malformed would end the connection of some, and be passed on by others.
 *
 * A topic that is not well formed is an {@link InvalidTopicError}. Whatever else is wrong with an
 * argument is a `TypeError` that names the field.
 *
 * @module
 */
import { MAX_TEXT_BYTES } from '../base/text.ts'
import { checkTopicName, parseTopicFilter } from '../topic/filter.ts'
import type { MessageProperties, OutgoingMessage, Subscription, Will } from './broker.ts'
import { hasProperties, userPairs } from './properties.ts'

/** Longest delay of a will and expiry of a message, in seconds: four bytes. */
const MAX_SECONDS = 0xffff_ffff
const encoder = new TextEncoder()

/**
 * Checks a message before it is published.
 *
 * @throws {InvalidTopicError} If `topic` or `responseTopic` is not a well-formed topic name.
 * @throws {TypeError} If another field is of the wrong type, too long or out of range.
 */
export function checkMessage(message: OutgoingMessage): void {
  checkObject('message', message)
  const { topic, payload, qos, retain, responseTopic } = message
  checkTopicName(topic)
  if (responseTopic !== undefined) checkTopicName(responseTopic)
  if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array')
  checkQos(qos)
  checkBoolean('retain', retain)
  if (hasProperties(message)) checkProperties(message)
}

/**
 * Checks a will before a connection is made with it.
 *
 * @throws {InvalidTopicError} As {@link checkMessage} does.
 * @throws {TypeError} As {@link checkMessage} does; and if the payload is longer than 65,535 bytes (MQTT
 * 5, section 3.1.3.4), or `delay` is not a whole number of seconds from 0 to 4,294,967,295.
 */
export function checkWill(will: Will): void {
  checkObject('will', will)
  checkMessage(will)
  if (will.payload.length > MAX_TEXT_BYTES) {
    throw new TypeError(`payload must not be longer than ${MAX_TEXT_BYTES} bytes in a will`)
  }
  if (will.delay !== undefined) checkSeconds('delay', will.delay, 0)
}

/**
 * Checks subscriptions before any of them is made.
 *
 * @throws {InvalidTopicError} If a filter is not well formed.
 * @throws {TypeError} If it is no array of subscriptions, a filter has a share prefix, or another
 * field is of the wrong type or out of range.
 */
export function checkSubscriptions(subscriptions: readonly Subscription[]): void {
  checkArray('subscriptions', subscriptions)
  for (const subscription of subscriptions) {
    checkObject('subscription', subscription)
    checkPlainFilter(subscription.filter)
    checkQos(subscription.qos)
    checkBoolean('shared', subscription.shared)
  }
}

/**
 * Checks the filters of subscriptions before any of them is ended.
 *
 * @throws {InvalidTopicError} If a filter is not well formed.
 * @throws {TypeError} If it is no array, or a filter has a share prefix.
 */
export function checkFilters(filters: readonly string[]): void {
  checkArray('filters', filters)
  for (const filter of filters) checkPlainFilter(filter)
}

function checkPlainFilter(filter: string): void {
  if (parseTopicFilter(filter).share === undefined) return
  throw new TypeError('filter must not hold a share prefix: ask for "shared" instead')
}

function checkProperties(properties: MessageProperties): void {
  const { correlationData, contentType, messageExpiry, userProperties = {} } = properties
  if (correlationData !== undefined) {
    if (!(correlationData instanceof Uint8Array)) {
      throw new TypeError('correlationData must be a Uint8Array')
    }
    if (correlationData.length > MAX_TEXT_BYTES) {
      throw new TypeError(`correlationData must not be longer than ${MAX_TEXT_BYTES} bytes`)
    }
  }
  if (contentType !== undefined) checkText('contentType', contentType)
  checkObject('userProperties', userProperties)
  for (const [key, value] of userPairs(userProperties)) {
    checkText('userProperties', key)
    checkText(`userProperties.${key.slice(0, 100)}`, value)
  }
  if (messageExpiry !== undefined) checkSeconds('messageExpiry', messageExpiry, 1)
}

function checkText(field: string, text: unknown): void {
  if (typeof text !== 'string') throw new TypeError(`${field} must be a string`)
  if (/\0|\p{Surrogate}/u.test(text)) {
    throw new TypeError(`${field} must not hold the character NUL or a lone surrogate`)
  }
  if (encoder.encode(text).length > MAX_TEXT_BYTES) {
    throw new TypeError(`${field} must not be longer than ${MAX_TEXT_BYTES} bytes`)
  }
}

function checkSeconds(field: string, value: unknown, min: number): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= MAX_SECONDS)
    return
  throw new TypeError(`${field} must be a whole number of seconds from ${min} to ${MAX_SECONDS}`)
}

function checkQos(qos: unknown): void {
  if (qos === undefined || qos === 0 || qos === 1 || qos === 2) return
  throw new TypeError('qos must be 0, 1 or 2')
}

function checkBoolean(field: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new TypeError(`${field} must be true or false`)
}

function checkObject(field: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new TypeError(`${field} must be an object`)
}

function checkArray(field: string, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`${field} must be an array`)
}
