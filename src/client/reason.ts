/**
 * What goes wrong between a client and its broker, as errors. Reason codes (MQTT 5, section 2.4; MQTT
 * 3.1.1, section 3.2.2.3) are put into words by whoever makes the client.
 *
 * @module
 */
import { BrokerError, type BrokerErrorCode } from '../base/errors.ts'
import { quote } from '../base/quote.ts'
import type { Connack } from './wire.ts'

/** Puts a reason code into words. */
export type Describe = (reasonCode: number) => string

/** Reason codes from here on tell of a failure. */
export const FAILURE = 0x80
export const PROTOCOL_ERROR = 0x82
export const NOT_AUTHORIZED = 0x87

/** What a refused CONNECT says of the login itself, so that repeating it is pointless. */
const LOGIN_REASONS: readonly number[] = [2, 4, 5, 133, 134, 135, 138, 140]

/** An error that tells what the broker, or this client, gave as a reason. */
export function reasoned(
  code: BrokerErrorCode,
  text: string,
  describe: Describe,
  reasonCode: number,
  serverReference?: string,
  hint = '',
): BrokerError {
  const elsewhere = serverReference === undefined ? '' : `; it names ${quote(serverReference)}`
  const message = `${text}: ${describe(reasonCode)}${hint}${elsewhere}`
  return new BrokerError(code, message, { reasonCode, serverReference })
}

/** The error for a publish, subscribe or unsubscribe that was refused, by the broker or in its name. */
export function refusal(what: string, reasonCode: number, describe: Describe): BrokerError {
  const code = reasonCode === NOT_AUTHORIZED ? 'ERR_BROKER_NOT_AUTHORIZED' : 'ERR_BROKER_REFUSED'
  return reasoned(code, `${what} was refused`, describe, reasonCode)
}

/** The error for a CONNACK that refuses. */
export function connectRefusal(
  address: string,
  { reasonCode, serverReference, hint }: Connack,
  describe: Describe,
): BrokerError {
  const [code, what] = LOGIN_REASONS.includes(reasonCode)
    ? (['ERR_BROKER_LOGIN_REFUSED', 'login'] as const)
    : (['ERR_BROKER_UNREACHABLE', 'connection'] as const)
  const text = `${address} refused the ${what}`
  return reasoned(code, text, describe, reasonCode, serverReference, hint)
}

/** The error for a connection that was not made. */
export function unreachable(address: string, cause: unknown): BrokerError {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string }
  const problem = message || code || 'it closed the connection'
  return new BrokerError('ERR_BROKER_UNREACHABLE', `Cannot connect to ${address}: ${problem}`, {
    cause,
  })
}

/** The error for a question that the broker did not answer in time. @param timeout Milliseconds. */
export function unanswered(what: string, timeout: number): BrokerError {
  const message = `${what}: no answer from the broker within ${timeout / 1000} s`
  return new BrokerError('ERR_BROKER_TIMEOUT', message)
}

/** Publishing as the subject of an error message. */
export function publishing(topic: string): string {
  return `Publishing to ${quote(topic)}`
}

/** Subscribing or unsubscribing as the subject of an error message. */
export function asking(
  what: 'Subscribing to' | 'Unsubscribing from',
  [first = '', ...others]: readonly string[],
): string {
  return `${what} ${quote(first)}${others.length > 0 ? ` and ${others.length} more` : ''}`
}
