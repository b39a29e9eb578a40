/**
 * The checks of what a {@link Broker} is asked to do, for every broker to make before it does any of
 * it: what is malformed would end the connection of some, and be passed on by others.
 *
 * A topic that is not well formed is an {@link InvalidTopicError}. Whatever else is wrong with an
 * argument is a `TypeError` that names the field.
 *
 * @module
 */
import { isA, isObject, isWhole, type Kind } from '../base/kinds.ts'
import { findTextProblem, MAX_TEXT_BYTES } from '../base/text.ts'
import { checkTopicName, parseTopicFilter } from '../topic/filter.ts'
import type { OutgoingMessage, Subscription, Will } from './broker.ts'
import { userPairs } from './properties.ts'

/** Longest delay of a will and expiry of a message, in seconds: four bytes. */
const MAX_SECONDS = 0xffff_ffff
const SECONDS = ' of seconds'

const isBytes =
  (most?: number): Kind =>
  (value) => {
    if (value instanceof Uint8Array && !(value.length > most!)) return undefined
    return `must be a Uint8Array${most ? ` of ${most} bytes at most` : ''}`
  }

const isQos: Kind = (value) =>
  value === 0 || value === 1 || value === 2 ? undefined : 'must be 0, 1 or 2'

const isArray: Kind = (value) => (Array.isArray(value) ? undefined : 'must be an array')

const isBoolean: Kind = /* @__PURE__ */ isA('boolean')
const isPayload: Kind = /* @__PURE__ */ isBytes()
const isShort: Kind = /* @__PURE__ */ isBytes(MAX_TEXT_BYTES)
const isExpiry: Kind = /* @__PURE__ */ isWhole(1, MAX_SECONDS, SECONDS)
const isDelay: Kind = /* @__PURE__ */ isWhole(0, MAX_SECONDS, SECONDS)

/**
 * Checks a message before it is published.
 *
 * @throws {InvalidTopicError} If `topic` or `responseTopic` is not a well-formed topic name.
 * @throws {TypeError} If another field is of the wrong type, too long or out of range.
 */
export function checkMessage(message: OutgoingMessage): void {
  check('message', message, isObject)
  // One after the other, not by a list: each message that is published comes by here.
  const { topic, payload, qos = 1, retain = false, responseTopic } = message
  const { correlationData, contentType, messageExpiry = 1, userProperties } = message
  checkTopicName(topic)
  if (responseTopic !== undefined) checkTopicName(responseTopic)
  check('payload', payload, isPayload)
  check('qos', qos, isQos)
  check('retain', retain, isBoolean)
  if (correlationData !== undefined) check('correlationData', correlationData, isShort)
  if (contentType !== undefined) check('contentType', contentType, findTextProblem)
  check('messageExpiry', messageExpiry, isExpiry)
  if (userProperties === undefined) return
  check('userProperties', userProperties, isObject)
  for (const [key, value] of userPairs(userProperties)) {
    check('userProperties', key, findTextProblem)
    check(`userProperties.${key.slice(0, 100)}`, value, findTextProblem)
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
  check('will', will, isObject)
  const { payload, delay = 0 } = will
  checkMessage(will)
  check('payload', payload, isShort)
  check('delay', delay, isDelay)
}

/**
 * Checks subscriptions before any of them is made.
 *
 * @throws {InvalidTopicError} If a filter is not well formed.
 * @throws {TypeError} If it is no array of subscriptions, a filter has a share prefix, or another
 * field is of the wrong type or out of range.
 */
export function checkSubscriptions(subscriptions: readonly Subscription[]): void {
  check('subscriptions', subscriptions, isArray)
  for (const subscription of subscriptions) {
    check('subscription', subscription, isObject)
    const { filter, qos = 1, shared = false } = subscription
    checkPlainFilter(filter)
    check('qos', qos, isQos)
    check('shared', shared, isBoolean)
  }
}

/**
 * Checks the filters of subscriptions before any of them is ended.
 *
 * @throws {InvalidTopicError} If a filter is not well formed.
 * @throws {TypeError} If it is no array, or a filter has a share prefix.
 */
export function checkFilters(filters: readonly string[]): void {
  check('filters', filters, isArray)
  for (const filter of filters) checkPlainFilter(filter)
}

function checkPlainFilter(filter: string): void {
  if (parseTopicFilter(filter).share !== undefined) {
    throw new TypeError('filter must not hold a share prefix: ask for "shared" instead')
  }
}

function check(field: string, value: unknown, kind: Kind): void {
  const problem = kind(value)
  if (problem) throw new TypeError(`${field} ${problem}`)
}
