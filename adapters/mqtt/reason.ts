/**
 * Reason codes as errors (MQTT 5, section 2.4; MQTT 3.1.1, section 3.2.2.3).
 *
 * @module
 */
import { BrokerError } from '../../src/base/errors.ts'
import { quote } from '../../src/base/quote.ts'

/** Reason codes used here by name. Any from `unspecified` up is a failure. */
export const reason = {
  unspecified: 0x80,
  protocolError: 0x82,
  notAuthorized: 0x87,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  sharedSubscriptionsNotSupported: 0x9e,
} as const

const WORDS: Readonly<Record<number, string>> = {
  1: 'Unacceptable protocol version',
  2: 'Client identifier rejected',
  3: 'Server unavailable',
  4: 'Bad user name or password',
  5: 'Not authorized',
  128: 'Unspecified error',
  129: 'Malformed packet',
  130: 'Protocol error',
  131: 'Implementation specific error',
  132: 'Unsupported protocol version',
  133: 'Client identifier not valid',
  134: 'Bad user name or password',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  138: 'Banned',
  139: 'Server shutting down',
  140: 'Bad authentication method',
  141: 'Keep alive timeout',
  142: 'Session taken over by another client with this client id',
  143: 'Topic filter invalid',
  144: 'Topic name invalid',
  145: 'Packet identifier in use',
  147: 'Receive maximum exceeded',
  148: 'Topic alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  152: 'Administrative action',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  156: 'Use another server',
  157: 'Server moved',
  158: 'Shared subscriptions not supported',
  159: 'Connection rate exceeded',
  160: 'Maximum connect time',
  161: 'Subscription identifiers not supported',
  162: 'Wildcard subscriptions not supported',
}

/** What a refused CONNECT says of the login itself, so that repeating it is pointless. */
const LOGIN_REASONS: readonly number[] = [2, 4, 5, 133, 134, 135, 138, 140]
const VERSION_REASONS: readonly number[] = [1, 132]

function describe(code: number): string {
  return `${WORDS[code] ?? 'Unknown reason'} (0x${code.toString(16).padStart(2, '0')})`
}

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
    const message = `${address} refused the login: ${describe(reasonCode)}`
    return new BrokerError('ERR_BROKER_LOGIN_REFUSED', message, { reasonCode })
  }
  const hint = VERSION_REASONS.includes(reasonCode) ? '; try another protocolVersion' : ''
  const message = `${address} refused the connection: ${describe(reasonCode)}${hint}${elsewhere(serverReference)}`
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
  const message = `The broker ended the connection: ${describe(reasonCode)}${elsewhere(serverReference)}`
  return new BrokerError('ERR_BROKER_REFUSED', message, { reasonCode, serverReference })
}

/** The error for a connection that is ended because of what the broker sent. */
export function violation(address: string, reasonCode: number, text: string): BrokerError {
  const message = `The connection to ${address} was ended: ${text}: ${describe(reasonCode)}`
  return new BrokerError('ERR_BROKER_PROTOCOL', message, { reasonCode })
}

/** Whether a connection ended because the broker sent what MQTT forbids, not only too much of it. */
export function isProtocolError(error: Error | undefined): boolean {
  if (!(error instanceof BrokerError) || error.code !== 'ERR_BROKER_PROTOCOL') return false
  return error.reasonCode === reason.protocolError
}

/** The error for a publish, subscribe or unsubscribe that was refused, by the broker or in its name. */
export function refusal(what: string, reasonCode: number): BrokerError {
  const code =
    reasonCode === reason.notAuthorized ? 'ERR_BROKER_NOT_AUTHORIZED' : 'ERR_BROKER_REFUSED'
  return new BrokerError(code, `${what} was refused: ${describe(reasonCode)}`, { reasonCode })
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
