/**
 * Reason codes as errors (MQTT 5, section 2.4; MQTT 3.1.1, section 3.2.2.3).
 *
 * @module
 */
import { BrokerError } from '../../src/base/errors.ts'
import { quote } from '../../src/base/quote.ts'
import { describeReason } from '../../src/broker/refusal.ts'
import { REASON } from '../../src/packet/reason.ts'

/** What a refused CONNECT says of the login itself, so that repeating it is pointless. */
const LOGIN_REASONS: readonly number[] = [2, 4, 5, 133, 134, 135, 138, 140]
const VERSION_REASONS: readonly number[] = [1, 132]

/** Where else to connect, as the broker says, in words. */
function elsewhere(serverReference: string | undefined): string {
  return serverReference === undefined ? '' : `; it names ${quote(serverReference)}`
}

/** The error for a CONNACK that refuses. */
export function connectRefusal(
  address: string,
  reasonCode: number,
  serverReference?: string,
): BrokerError {
  if (LOGIN_REASONS.includes(reasonCode)) {
    const message = `${address} refused the login: ${describeReason(reasonCode)}`
    return new BrokerError('ERR_BROKER_LOGIN_REFUSED', message, { reasonCode })
  }
  const hint = VERSION_REASONS.includes(reasonCode) ? '; try another protocolVersion' : ''
  const message = `${address} refused the connection: ${describeReason(reasonCode)}${hint}${elsewhere(serverReference)}`
  return new BrokerError('ERR_BROKER_UNREACHABLE', message, { reasonCode, serverReference })
}

/** The error for a connection that was not made. */
export function unreachable(address: string, cause: unknown): BrokerError {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string }
  const problem = message || code || 'it closed the connection'
  const options = cause === undefined ? {} : { cause }
  return new BrokerError(
    'ERR_BROKER_UNREACHABLE',
    `Cannot connect to ${address}: ${problem}`,
    options,
  )
}

/** The error for a DISCONNECT that the broker sent. */
export function disconnection(reasonCode: number, serverReference?: string): BrokerError {
  const message = `The broker ended the connection: ${describeReason(reasonCode)}${elsewhere(serverReference)}`
  return new BrokerError('ERR_BROKER_REFUSED', message, { reasonCode, serverReference })
}

/** The error for a connection that is ended because of what the broker sent. */
export function violation(address: string, reasonCode: number, text: string): BrokerError {
  const message = `The connection to ${address} was ended: ${text}: ${describeReason(reasonCode)}`
  return new BrokerError('ERR_BROKER_PROTOCOL', message, { reasonCode })
}

/** Whether a connection ended because the broker sent what MQTT forbids, not only too much of it. */
export function isProtocolError(error: Error | undefined): boolean {
  if (!(error instanceof BrokerError) || error.code !== 'ERR_BROKER_PROTOCOL') return false
  return error.reasonCode === REASON.protocolError
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

/** Subscribing as the subject of an error message. */
export function subscribing(filters: readonly string[]): string {
  return `Subscribing to ${inShort(filters)}`
}

/** Unsubscribing as the subject of an error message. */
export function unsubscribing(filters: readonly string[]): string {
  return `Unsubscribing from ${inShort(filters)}`
}

function inShort([first = '', ...others]: readonly string[]): string {
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  return `${quote(first)}${more}`
}
