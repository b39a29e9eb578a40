/**
 * What the upper half of a client asks of what speaks the packets of one connection, and is told by it:
 * all that the `mqtt` package and the codec have to have in common.
 *
 * @module
 */
import type { BrokerCapabilities, Message, OutgoingMessage, Qos, Will } from '../broker/broker.ts'

/** As whom one connection is made. */
export interface Login {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly clientId: string
  /** Seconds for which the broker is asked to keep the session. */
  readonly sessionExpiry: number
  /** Milliseconds after which it is to be renewed. Default: it has no end, or nothing gives another one. */
  readonly renewAfter?: number | undefined
}

/** What goes into a CONNECT. */
export interface ConnectWith {
  readonly login: Login
  /** Whether to start without what the broker kept of an earlier session. */
  readonly cleanStart: boolean
  /** A checked one. */
  readonly will: Will | undefined
}

/** What the broker answered to a CONNECT (MQTT 5, section 3.2). */
export interface Connack {
  /** That of MQTT 5, or the return code of 3.1.1. */
  readonly reasonCode: number
  readonly sessionPresent: boolean
  readonly capabilities: BrokerCapabilities
  /** Default: 65,535. */
  readonly receiveMaximum?: number | undefined
  readonly serverReference?: string | undefined
  /** What to do about a refusal, to stand behind it. */
  readonly hint?: string
}

/** Types of packets that acknowledge (MQTT 5, table 2-1). */
export const PUBACK = 4
export const PUBREC = 5
export const PUBREL = 6
export const PUBCOMP = 7

/** Answers to a message that was sent. */
export type AnswerType = typeof PUBACK | typeof PUBREC | typeof PUBCOMP
/** Tells of the answer to a SUBSCRIBE or UNSUBSCRIBE, a code for each filter; or why there is none. */
export type Answered = (error: Error | undefined, codes: readonly number[]) => void

/** A filter of a SUBSCRIBE, and the highest QoS that is asked for. */
export type FilterQos = readonly [filter: string, qos: Qos]

/** A message as the wire sends it. */
export interface WirePacket {
  readonly topic: string
  readonly qos: Qos
}

/** Speaks the packets of one connection. Once it has closed it does nothing. */
export interface Wire {
  /** Makes a packet of a checked message. What of the message changes later is not in it, but for bytes. */
  pack(message: OutgoingMessage): WirePacket
  /** Whether a packet is longer than the broker takes, in bytes. */
  exceeds(packet: WirePacket, maxPacketSize: number, message: OutgoingMessage): boolean
  /**
   * Sends a packet that {@link pack} made.
   *
   * @param packetId Left out with QoS 0.
   * @returns Whether more may follow at once. If not, {@link WireEvents.drained} tells when.
   */
  send(packet: WirePacket, packetId?: number): boolean
  acknowledge(
    type: typeof PUBACK | typeof PUBREC | typeof PUBREL,
    packetId: number,
    reasonCode: number,
  ): void
  subscribe(filters: readonly FilterQos[], answered: Answered): void
  unsubscribe(filters: readonly string[], answered: Answered): void
  /** Closes when what was sent has been handed over. @param isOpen Whether to say DISCONNECT before. */
  end(isOpen: boolean): void
  /** Reads nothing more, says why in a DISCONNECT, and closes. */
  leave(reasonCode: number): void
  /** Closes at once, unless it is about to {@link leave}. */
  destroy(): void
}

/** What a wire tells. */
export interface WireEvents {
  /** The CONNACK, as soon as it is read. Messages of the session may follow in the same turn. */
  connack(connack: Connack): void
  /** After a CONNACK that does not refuse: from now on packets can be sent. */
  opened(): void
  /**
   * A message.
   *
   * @param packetId 0 with QoS 0.
   * @param size Bytes that it takes in memory, roughly.
   * @param readOn To be called, once, when the next one may come.
   */
  message(message: Message, packetId: number, size: number, readOn: () => void): void
  answer(type: AnswerType, packetId: number, reasonCode: number | undefined): void
  /** A PUBREL. The wire answers it. */
  released(packetId: number): void
  /** A DISCONNECT of the broker. */
  disconnect(reasonCode: number, serverReference: string | undefined): void
  /** What is not taken from the broker. The wire leaves then. */
  violation(reasonCode: number, text: string): void
  drained(): void
  failed(error: Error): void
  /** It has closed. Returns what is to be called when nothing of it lingers. */
  closed(): () => void
}

/** Starts a connection. It tells nothing before it is returned. */
export type OpenWire = (connect: ConnectWith, events: WireEvents) => Wire
