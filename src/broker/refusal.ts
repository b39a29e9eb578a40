/**
 * Reason codes as errors (MQTT 5, section 2.4; MQTT 3.1.1, section 3.2.2.3).
 *
 * @module
 */
import { BrokerError } from '../base/errors.ts'
import { REASON } from '../packet/reason.ts'

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

/** A reason code in words. */
export function describeReason(code: number): string {
  return `${WORDS[code] ?? 'Unknown reason'} (0x${code.toString(16).padStart(2, '0')})`
}

/** The error for a publish, subscribe or unsubscribe that was refused, by the broker or in its name. */
export function refusal(what: string, reasonCode: number): BrokerError {
  const code =
    reasonCode === REASON.notAuthorized ? 'ERR_BROKER_NOT_AUTHORIZED' : 'ERR_BROKER_REFUSED'
  return new BrokerError(code, `${what} was refused: ${describeReason(reasonCode)}`, { reasonCode })
}
