/**
 * Publishing at EMQX 5 and 6 over their management API.
 *
 * @module
 */
import { base64 } from '@scure/base'
import { BrokerError } from '../../src/base/errors.ts'
import { type ManagementAnswer, refusal } from '../../src/base/management-api.ts'
import type { OutgoingMessage, Publisher } from '../../src/broker/broker.ts'
import { checkMessage } from '../../src/broker/check.ts'
import { type EmqxApiOptions, emqxApi } from './options.ts'

const ADVICE = 'check the key, its secret, and that its role is publisher or administrator'
const WHAT = 'EMQX, POST /publish'
/** Nobody has subscribed (MQTT 5, section 3.4.2.1): the message is taken all the same. */
const NO_MATCHING_SUBSCRIBERS = 16

/**
 * Makes a publisher at one EMQX 5 or 6, or one cluster, that needs no connection: each message is a
 * request (`POST /api/v5/publish`). It calls nothing before it is used. The key may have the role
 * `publisher`, and whoever has it publishes to any topic: EMQX asks no rules about what comes over its
 * API.
 *
 * `publish` settles when EMQX has taken the message: it has handed it to a subscriber, which may be a
 * session that is kept without a connection, or there is none (202) and nobody will get it, unless it is
 * retained. As over a connection, neither says that a device has it. Several messages at once may arrive
 * in another order.
 *
 * It rejects with a `BrokerError`:
 *
 * - `ERR_BROKER_LOGIN_REFUSED` if EMQX refuses the key (401), or its role (403). Nothing was published.
 * - `ERR_BROKER_REFUSED` if it refuses the message (400), has nobody left to hand it to (503), knows no
 * such path (404) or answers anything else that is not an answer of its API; and for what the API cannot
 * carry: correlation data that is no text in UTF-8, and several values of one user property. Nothing was
 * published.
 * - `ERR_BROKER_TIMEOUT` if there was no answer within 5 seconds, and `ERR_BROKER_CONNECTION_LOST` if it
 * cannot be reached, ends the connection, or something between answers with a status from 500: it may
 * have been published.
 *
 * And with what `checkMessage` throws.
 *
 * @throws {ConfigError} If an option is not valid.
 *
 * @example
 * ```ts
 * import { emqxPublisher } from 'devicehub/emqx'
 *
 * const publisher = emqxPublisher({
 *   url: 'https://emqx.internal:18084',
 *   key: 'devicehub',
 *   secret: 'of-that-key',
 * })
 * const payload = new TextEncoder().encode('{"open":true}')
 * export const open = (): Promise<void> => publisher.publish({ topic: 'site/gate', payload })
 * ```
 */
export function emqxPublisher(options: EmqxApiOptions): Publisher {
  const call = emqxApi(options, '/api/v5', ADVICE)
  return {
    async publish(message) {
      checkMessage(message)
      const answer = await call('POST', '/publish', bodyOf(message)).catch((error: BrokerError) => {
        // A request that failed tells nobody how far it came.
        if (error.code !== 'ERR_BROKER_UNREACHABLE') throw error
        const problem = `${error.message}, or it ended the connection: it may have the message`
        throw new BrokerError('ERR_BROKER_CONNECTION_LOST', problem, { cause: error })
      })
      checkTaken(answer)
    },
  }
}

/** Texts of JSON are all that the API takes; the payload alone may be bytes. */
function bodyOf({ topic, payload, qos = 1, retain = false, ...properties }: OutgoingMessage) {
  const { userProperties, correlationData, responseTopic, contentType, messageExpiry } = properties
  const given = {
    message_expiry_interval: messageExpiry,
    response_topic: responseTopic,
    correlation_data: correlationData && textOf(correlationData),
    user_properties: userProperties && singleValues(userProperties),
    content_type: contentType,
  }
  return {
    topic,
    payload: base64.encode(payload),
    payload_encoding: 'base64',
    qos,
    retain,
    properties: given,
  }
}

function textOf(correlationData: Uint8Array): string {
  try {
    // Else a mark at the beginning would be gone.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(correlationData)
  } catch {
    const problem = 'correlationData must be text in UTF-8: its API takes no other bytes'
    throw new BrokerError('ERR_BROKER_REFUSED', `EMQX: ${problem}`)
  }
}

function singleValues(
  properties: NonNullable<OutgoingMessage['userProperties']>,
): Readonly<Record<string, string>> {
  const pairs = Object.entries(properties).flatMap(([key, value]) => {
    const values = typeof value === 'string' ? [value] : value
    if (values.length < 2) return values.map((one) => [key, one] as const)
    const problem = 'userProperties must have one value for each key: its API takes no more'
    throw new BrokerError('ERR_BROKER_REFUSED', `EMQX: ${problem}`)
  })
  return Object.fromEntries(pairs)
}

/** @throws {BrokerError} If it is not the answer to a message that was taken. */
function checkTaken({ status, body }: ManagementAnswer): void {
  const { id, reason_code: reason } = (body ?? {}) as { id?: unknown; reason_code?: unknown }
  if (status === 200 && typeof id === 'string') return
  if (status === 202 && reason === NO_MATCHING_SUBSCRIBERS) return
  if (status >= 500 && typeof reason !== 'number') {
    const problem = `${WHAT}: answered ${status}, and not in words of its API: it may have the message`
    throw new BrokerError('ERR_BROKER_CONNECTION_LOST', problem)
  }
  const told = typeof reason === 'number' ? { status, body: { code: reason } } : { status, body }
  throw refusal('ERR_BROKER_REFUSED', WHAT, told)
}
