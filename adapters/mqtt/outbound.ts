/**
 * What leaves: messages are checked before the `mqtt` package sees them, for it sends malformed
 * ones and repeats them for ever; and everything that awaits the broker's answer settles.
 *
 * @module
 */
import type {
  BrokerCapabilities,
  MessageProperties,
  OutgoingMessage,
} from '../../src/broker/broker.ts'
import { BrokerError, ConfigError } from '../../src/errors.ts'
import { parseTopicName } from '../../src/topic/filter.ts'
import { reason, refusal } from './reason.ts'

/** Longest text or binary field (MQTT 5, section 1.5). */
const MAX_FIELD_BYTES = 65_535
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
  parseTopicName(topic)
  if (responseTopic !== undefined) parseTopicName(responseTopic)
  if (!(payload instanceof Uint8Array)) throw new ConfigError('payload', 'must be a Uint8Array')
  if (![0, 1, 2].includes(qos)) throw new ConfigError('qos', 'must be 0, 1 or 2')
  checkProperties(message)
}

function checkProperties(properties: MessageProperties): void {
  const { correlationData, contentType, messageExpiry, userProperties = {} } = properties
  if (correlationData !== undefined) {
    if (!(correlationData instanceof Uint8Array)) {
      throw new ConfigError('correlationData', 'must be a Uint8Array')
    }
    if (correlationData.length > MAX_FIELD_BYTES) {
      throw new ConfigError('correlationData', `must not be longer than ${MAX_FIELD_BYTES} bytes`)
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
  if (encoder.encode(text).length > MAX_FIELD_BYTES) {
    throw new ConfigError(key, `must not be longer than ${MAX_FIELD_BYTES} bytes`)
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
  const what = `Publishing to ${JSON.stringify(message.topic.slice(0, 200))}`
  if ((message.qos ?? 1) > maxQos) throw refusal(what, reason.qosNotSupported)
  if (message.retain && !retain) throw refusal(what, reason.retainNotSupported)
  if (packetSize(message) > maxPacketSize) throw refusal(what, reason.packetTooLarge)
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
    (typeof values === 'string' ? [values] : [...values]).map((value): [string, string] => [
      key,
      value,
    ]),
  )
}

/** Sends something; calls back, once, with the broker's answer or an error. */
export type Send<T> = (answer: (error: Error | undefined, value: T) => void) => void

interface Request {
  readonly what: string
  readonly start: () => void
  readonly fail: (error: BrokerError) => void
  sent: boolean
}

/** What awaits an answer on one connection. It all settles: by answer, deadline or `lose()`. */
export class Outbound {
  readonly #timeout: number
  readonly #onAwait: () => void
  readonly #open = new Set<Request>()
  readonly #waiting = new Set<Request>()
  #quota: number
  #idle: (() => void)[] = []

  /**
   * @param quota Most QoS 1 and 2 messages the broker takes unacknowledged (its receive maximum).
   * @param timeout Milliseconds to wait for an answer.
   * @param onAwait Called when an answer comes to be awaited.
   */
  constructor(quota: number, timeout: number, onAwait: () => void) {
    this.#quota = quota
    this.#timeout = timeout
    this.#onAwait = onAwait
  }

  /** Whether an answer is awaited. */
  get awaits(): boolean {
    return this.#open.size > 0
  }

  /** Sends something that is answered but does not count against the quota. */
  request<T>(what: string, send: Send<T>): Promise<T> {
    return this.#add(
      what,
      send,
      () => {},
      (request) => request.start(),
    )
  }

  /** Sends a message of QoS 1 or 2 when the quota has room for it. */
  publish(what: string, send: Send<unknown>): Promise<unknown> {
    const freed = () => {
      this.#quota++
      this.#startWaiting()
    }
    return this.#add(what, send, freed, (request) => {
      this.#waiting.add(request)
      this.#startWaiting()
    })
  }

  /** Rejects whatever awaits an answer: none can come any more. */
  lose(cause: Error | undefined): void {
    for (const { what, sent, fail } of this.#open) {
      fail(
        sent
          ? new BrokerError(
              'ERR_BROKER_TIMEOUT',
              `${what}: the connection was lost before the broker answered, so it may or may not have arrived`,
              { cause },
            )
          : new BrokerError('ERR_BROKER_NOT_CONNECTED', `${what}: the connection was lost before`, {
              cause,
            }),
      )
    }
  }

  /** Settles when nothing awaits an answer. */
  async idle(): Promise<void> {
    if (this.awaits) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #startWaiting(): void {
    for (const request of this.#waiting) {
      if (this.#quota === 0) return
      this.#quota--
      request.start()
    }
  }

  #add<T>(
    what: string,
    send: Send<T>,
    answered: () => void,
    enter: (request: Request) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        this.#waiting.delete(request)
        this.#open.delete(request)
        if (!this.awaits) for (const done of this.#idle.splice(0)) done()
      }
      const request: Request = {
        what,
        sent: false,
        start: () => {
          this.#waiting.delete(request)
          request.sent = true
          send((error, value) => {
            settle()
            if (error) reject(error)
            else resolve(value)
            answered()
          })
        },
        fail: (error) => {
          settle()
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        const message = `${what}: no answer from the broker within ${this.#timeout} ms`
        request.fail(new BrokerError('ERR_BROKER_TIMEOUT', message))
      }, this.#timeout)
      this.#open.add(request)
      enter(request)
      this.#onAwait()
    })
  }
}
