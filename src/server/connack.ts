/**
 * The answer to a CONNECT (MQTT 5, section 3.2).
 *
 * @module
 */
import type { ConnackPacket, ConnectPacket, ProtocolVersion } from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import type { ServerSettings } from './settings.ts'

/** The return codes of MQTT 3.1.1, section 3.2.2.3. */
const RETURN_CODES: Readonly<Record<number, number>> = {
  [REASON.unsupportedProtocolVersion]: 1,
  [REASON.clientIdentifierNotValid]: 2,
  [REASON.serverUnavailable]: 3,
  [REASON.serverBusy]: 3,
  [REASON.serverShuttingDown]: 3,
  [REASON.quotaExceeded]: 3,
  [REASON.badUserNameOrPassword]: 4,
}
const NOT_AUTHORIZED = 5

/** What was settled with a client. */
export interface Terms {
  readonly version: ProtocolVersion
  /** Whether its session was to outlive its connection from the beginning. */
  readonly isLasting: boolean
  /** Whether it takes reason strings. */
  readonly takesReasons: boolean
  /** Seconds; as MQTT 5 has it, also for a client of MQTT 3.1.1. */
  readonly sessionExpiryInterval: number
  /** Seconds; 0 is none. */
  readonly keepAlive: number
  /** Most messages of QoS 1 and 2 in flight to the client. */
  readonly window: number
  /** Bytes. */
  readonly maximumPacketSize: number
  /** Topic aliases towards the client. */
  readonly topicAliases: number
}

/** Settles the terms with a client. */
export function settle(connect: ConnectPacket, settings: ServerSettings): Terms {
  const { version, cleanStart, keepAlive, sessionExpiryInterval = 0 } = connect
  const { receiveMaximum = 0xffff, maximumPacketSize = Infinity, topicAliasMaximum = 0 } = connect
  const { maxSessionExpiry, maxInFlight, serverKeepAlive, serverTopicAliases = 0 } = settings
  // What MQTT 3.1.1 calls no clean session has no end of its own.
  const wanted = version === 5 ? sessionExpiryInterval : cleanStart ? 0 : Infinity
  const isShortened = version === 5 && serverKeepAlive !== undefined
  return {
    version,
    isLasting: wanted > 0,
    // They are taken unless the client says otherwise (section 3.1.2.11.7).
    takesReasons: version === 5 && connect.requestProblemInformation !== 0,
    sessionExpiryInterval: Math.min(wanted, maxSessionExpiry),
    keepAlive: isShortened ? Math.min(keepAlive || Infinity, serverKeepAlive) : keepAlive,
    window: Math.min(receiveMaximum, maxInFlight),
    maximumPacketSize,
    topicAliases: Math.min(topicAliasMaximum, serverTopicAliases),
  }
}

/** The CONNACK of a connection that is accepted. What is as MQTT has it by default is not said. */
export function accept(
  connect: ConnectPacket,
  terms: Terms,
  settings: ServerSettings,
  sessionPresent: boolean,
  assignedClientIdentifier: string | undefined,
): ConnackPacket {
  const { maxPacketSize, receiveMaximum, topicAliasMaximum } = settings
  const { sessionExpiryInterval, keepAlive } = terms
  return {
    kind: 'connack',
    sessionPresent,
    reasonCode: REASON.success,
    receiveMaximum,
    maximumPacketSize: maxPacketSize,
    topicAliasMaximum,
    ...(sessionExpiryInterval !== (connect.sessionExpiryInterval ?? 0) && {
      sessionExpiryInterval,
    }),
    ...(keepAlive !== connect.keepAlive && { serverKeepAlive: keepAlive }),
    ...(assignedClientIdentifier !== undefined && { assignedClientIdentifier }),
  }
}

/** The CONNACK of one that is not. */
export function refuse(version: 4 | 5, reasonCode: number): ConnackPacket {
  const code = version === 5 ? reasonCode : (RETURN_CODES[reasonCode] ?? NOT_AUTHORIZED)
  return { kind: 'connack', sessionPresent: false, reasonCode: code }
}
