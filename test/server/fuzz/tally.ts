/**
 * What the fuzz has come by, to tell whether it has seen enough.
 *
 * @module
 */
import type { Packet } from '../../../src/packet/packet.ts'
import { REASON } from '../../../src/packet/reason.ts'
import {
  CLIENT_AUTH_CODES,
  CLIENT_DISCONNECT_CODES,
  RECEIVED_CODES,
  RELEASED_CODES,
} from '../../../src/packet/reason-codes.ts'

/** Each packet type that clients send, with each reason code that it may have. */
const SENT: Readonly<Record<string, readonly (number | undefined)[]>> = {
  connect: [undefined],
  publish: [undefined],
  puback: RECEIVED_CODES,
  pubrec: RECEIVED_CODES,
  pubrel: RELEASED_CODES,
  pubcomp: RELEASED_CODES,
  subscribe: [undefined],
  unsubscribe: [undefined],
  pingreq: [undefined],
  disconnect: CLIENT_DISCONNECT_CODES,
  auth: CLIENT_AUTH_CODES,
}

/** Each packet type that this server sends, with each reason code that it gives; CONNACK of both versions. */
const RECEIVED: Readonly<Record<string, readonly (number | undefined)[]>> = {
  connack: [
    ...[REASON.success, 1, 2, 3, 4, 5],
    ...[REASON.badUserNameOrPassword, REASON.notAuthorized, REASON.serverUnavailable],
    ...[REASON.serverBusy, REASON.badAuthenticationMethod, REASON.quotaExceeded],
  ],
  publish: [undefined],
  puback: [
    ...[REASON.success, REASON.noMatchingSubscribers],
    ...[REASON.notAuthorized, REASON.quotaExceeded],
  ],
  pubrec: [
    ...[REASON.success, REASON.noMatchingSubscribers],
    ...[REASON.notAuthorized, REASON.quotaExceeded],
  ],
  pubrel: [REASON.success, REASON.packetIdentifierNotFound],
  pubcomp: [REASON.success, REASON.packetIdentifierNotFound],
  suback: [
    ...[0, 1, 2, REASON.unspecifiedError],
    ...[REASON.notAuthorized, REASON.topicFilterInvalid, REASON.quotaExceeded],
  ],
  unsuback: [REASON.success, REASON.noSubscriptionExisted],
  pingresp: [undefined],
  disconnect: [
    ...[REASON.malformedPacket, REASON.protocolError, REASON.serverShuttingDown],
    ...[REASON.keepAliveTimeout, REASON.sessionTakenOver, REASON.topicNameInvalid],
    ...[REASON.receiveMaximumExceeded, REASON.topicAliasInvalid, REASON.packetTooLarge],
    ...[REASON.administrativeAction],
  ],
}

/** Counts packets. */
export class Tally {
  readonly #counts = new Map<string, number>()
  /** Connections, and those that were let in. */
  sequences = 0
  letIn = 0
  /** Packets of clients and of servers. */
  packets = 0

  /** Counts one that a client sends or a server does. */
  add(from: 'client' | 'server', packet: Packet): void {
    this.packets++
    if ('reasonCodes' in packet) {
      for (const code of packet.reasonCodes) this.#count(`${from} ${packet.kind} ${code}`)
    } else if ('reasonCode' in packet) this.#count(`${from} ${packet.kind} ${packet.reasonCode}`)
    else this.#count(`${from} ${packet.kind} undefined`)
  }

  /** What was seen fewer than so many times, in words. */
  rare(least: number): readonly string[] {
    const wanted = [...named('client', SENT), ...named('server', RECEIVED)]
    return wanted
      .map((name) => [name, this.#counts.get(name) ?? 0] as const)
      .filter(([, count]) => count < least)
      .map(([name, count]) => `${name}: ${count}`)
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }
}

function named(from: string, codes: Readonly<Record<string, readonly (number | undefined)[]>>) {
  return Object.entries(codes).flatMap(([kind, all]) =>
    all.map((code) => `${from} ${kind} ${code}`),
  )
}
