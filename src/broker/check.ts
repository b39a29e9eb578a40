/**
 * The checks of what a {@link Broker} is asked to do, for every broker to make before it does any of
 * it: what is malformed would end the connection of some, and be passed on by others.
 *
 * A topic that is not well formed is an {@link InvalidTopicError}. Whatever else is wrong with an
 * argument is a `TypeError` that names the field.
 *
 * @module
 */
import { findTextProblem, MAX_TEXT_BYTES } from '../base/text.ts'
import { checkTopicName, parseTopicFilter } from '../topic/filter.ts'
import type { OutgoingMessage, Subscription, Will } from './broker.ts'
import { userPairs } from './properties.ts'

/** Longest delay of a will and expiry of a message, in seconds: four bytes. */
const MAX_SECONDS = 0xffff_ffff

/**
 * Checks a message before it is published.
 *
 * @throws {InvalidTopicError} If `topic` or `responseTopic` is not a well-formed topic name.
 * @throws {TypeError} If another field is of the wrong type, too long or out of range.
 */
export function checkMessage(message: OutgoingMessage): void {
  checkObject('message', message)
  const { topic, payload, qos, retain = false, responseTopic } = message
  const { correlationData, contentType, messageExpiry = 1, userProperties } = message
  checkTopicName(topic)
  if (responseTopic !== undefined) checkTopicName(responseTopic)
  checkBytes('payload', payload, Infinity)
  checkQos(qos)
  checkBoolean('retain', retain)
  if (correlationData !== undefined) checkBytes('correlationData', correlationData, MAX_TEXT_BYTES)
  if (contentType !== undefined) checkText('contentType', contentType)
  checkSeconds('messageExpiry', messageExpiry, 1)
  if (userProperties === undefined) return
  checkObject('userProperties', userProperties)
  for (const [key, value] of userPairs(userProperties)) {
    checkText('userProperties', key)
    checkText(`userProperties.${key.slice(0, 100)}`, value)
  }
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
  const { payload, delay = 0 } = will
  checkMessage(will)
  checkBytes('payload', payload, MAX_TEXT_BYTES)
  checkSeconds('delay', delay, 0)
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
    const { filter, qos, shared = false } = subscription
    checkPlainFilter(filter)
    checkQos(qos)
    checkBoolean('shared', shared)
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
  const isPlain = parseTopicFilter(filter).share === undefined
  must('filter', isPlain, 'not hold a share prefix: ask for "shared" instead')
}

/** @param what The rest of the sentence that says what the field must. */
function must(field: string, isSo: boolean, what: string): void {
  if (!isSo) throw new TypeError(`${field} must ${what}`)
}

function checkBytes(field: string, value: unknown, most: number): void {
  const isSo = value instanceof Uint8Array && value.length <= most
  must(
    field,
    isSo,
    most < Infinity ? `be a Uint8Array of ${most} bytes at most` : 'be a Uint8Array',
  )
}

function checkText(field: string, text: unknown): void {
  const problem = findTextProblem(text)
  if (problem) throw new TypeError(`${field} ${problem}`)
}

function checkSeconds(field: string, value: number, min: number): void {
  const isSo = Number.isInteger(value) && value >= min && value <= MAX_SECONDS
  must(field, isSo, `be a whole number of seconds from ${min} to ${MAX_SECONDS}`)
}

function checkQos(qos: number = 1): void {
  must('qos', qos === 0 || qos === 1 || qos === 2, 'be 0, 1 or 2')
}

function checkBoolean(field: string, value: unknown): void {
  must(field, typeof value === 'boolean', 'be true or false')
}

function checkObject(field: string, value: unknown): void {
  must(field, Object(value) === value && !Array.isArray(value), 'be an object')
}

function checkArray(field: string, value: unknown): void {
  must(field, Array.isArray(value), 'be an array')
}
