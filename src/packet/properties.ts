/**
 * The properties of MQTT 5 (section 2.2.2): what each is called, holds, and which packets have it.
 *
 * @module
 */
import type { Body } from './body.ts'
import { malformed, protocolError } from './error.ts'
import {
  alias,
  binary,
  byteFlag,
  fourBytes,
  identifier,
  pair,
  positiveFour,
  positiveTwo,
  text,
  twoBytes,
  type Value,
} from './values.ts'
import { variableSize, type Writer } from './writer.ts'

/** The packets that have properties, as bits. */
export const CONNECT = 1
export const WILL = 2
export const CONNACK = 4
export const PUBLISH = 8
/** PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK. */
export const ACK = 16
export const SUBSCRIBE = 32
export const UNSUBSCRIBE = 64
export const DISCONNECT = 128
export const AUTH = 256

interface Property {
  readonly id: number
  /** As in the packets of `packet.ts`. */
  readonly name: string
  readonly value: Value<unknown>
  /** Whether it may come several times. */
  readonly isList: boolean
}

/** The properties of one packet. */
export interface PropertySet {
  readonly all: readonly Property[]
  readonly byId: readonly (Property | undefined)[]
}

type Row = readonly [id: number, name: string, value: Value<unknown>, packets: number]

const MESSAGE = PUBLISH | WILL
const ANSWER = CONNACK | ACK | DISCONNECT | AUTH
const EVERY = CONNECT | MESSAGE | ANSWER | SUBSCRIBE | UNSUBSCRIBE

/** Table 2-4. */
const SINGLE: readonly Row[] = [
  [0x01, 'payloadFormatIndicator', byteFlag, MESSAGE],
  [0x02, 'messageExpiryInterval', fourBytes, MESSAGE],
  [0x03, 'contentType', text, MESSAGE],
  [0x08, 'responseTopic', text, MESSAGE],
  [0x09, 'correlationData', binary, MESSAGE],
  [0x0b, 'subscriptionIdentifier', identifier, SUBSCRIBE],
  [0x11, 'sessionExpiryInterval', fourBytes, CONNECT | CONNACK | DISCONNECT],
  [0x12, 'assignedClientIdentifier', text, CONNACK],
  [0x13, 'serverKeepAlive', twoBytes, CONNACK],
  [0x15, 'authenticationMethod', text, CONNECT | CONNACK | AUTH],
  [0x16, 'authenticationData', binary, CONNECT | CONNACK | AUTH],
  [0x17, 'requestProblemInformation', byteFlag, CONNECT],
  [0x18, 'willDelayInterval', fourBytes, WILL],
  [0x19, 'requestResponseInformation', byteFlag, CONNECT],
  [0x1a, 'responseInformation', text, CONNACK],
  [0x1c, 'serverReference', text, CONNACK | DISCONNECT],
  [0x1f, 'reasonString', text, ANSWER],
  [0x21, 'receiveMaximum', positiveTwo, CONNECT | CONNACK],
  [0x22, 'topicAliasMaximum', twoBytes, CONNECT | CONNACK],
  [0x23, 'topicAlias', alias, PUBLISH],
  [0x24, 'maximumQos', byteFlag, CONNACK],
  [0x25, 'retainAvailable', byteFlag, CONNACK],
  [0x27, 'maximumPacketSize', positiveFour, CONNECT | CONNACK],
  [0x28, 'wildcardSubscriptionAvailable', byteFlag, CONNACK],
  [0x29, 'subscriptionIdentifiersAvailable', byteFlag, CONNACK],
  [0x2a, 'sharedSubscriptionAvailable', byteFlag, CONNACK],
]

const LISTS: readonly Row[] = [
  [0x0b, 'subscriptionIdentifiers', identifier, PUBLISH],
  [0x26, 'userProperties', pair, EVERY],
]

/** The properties of a packet, given as its bit. */
export function propertiesOf(packet: number): PropertySet {
  const all: Property[] = []
  const byId: (Property | undefined)[] = new Array(0x2b).fill(undefined)
  for (const rows of [SINGLE, LISTS]) {
    for (const [id, name, value, packets] of rows) {
      if ((packets & packet) === 0) continue
      const property = { id, name, value, isList: rows === LISTS }
      byId[id] = property
      all.push(property)
    }
  }
  return { all, byId }
}

/** A packet, seen by the names of its properties. */
type Named = Readonly<Record<string, unknown>>

/**
 * Reads the properties into the packet that is being made.
 *
 * @throws {PacketError} 0x81 for one that the packet does not have, 0x82 for one that comes twice, or
 * what the value is refused with.
 */
export function readProperties(body: Body, set: PropertySet, packet: object): void {
  const into = packet as Record<string, unknown>
  const length = body.variable()
  if (length === 0) return
  const outer = body.enter(length)
  while (body.left > 0) {
    const id = body.u8()
    const property = set.byId[id]
    if (!property) throw malformed(`the packet has no property ${id}`)
    const { name, value, isList } = property
    const before = into[name]
    if (isList) {
      const values = (before ?? []) as unknown[]
      values.push(value.read(body, name))
      into[name] = values
    } else {
      if (before !== undefined) throw protocolError(`${name} comes twice`)
      into[name] = value.read(body, name)
    }
  }
  body.leave(outer)
}

/** Bytes of the properties of a packet, without the length before them. */
export function propertiesSize(packet: object, { all }: PropertySet): number {
  let size = 0
  for (const { name, value, isList } of all) {
    const given = (packet as Named)[name]
    if (given === undefined) continue
    if (isList) for (const one of given as readonly unknown[]) size += 1 + value.size(one)
    else size += 1 + value.size(given)
  }
  return size
}

/** Bytes of the properties of a packet with the length before them. */
export function propertiesFieldSize(size: number): number {
  return variableSize(size) + size
}

/** Writes the properties of a packet, and the length before them. */
export function writeProperties(
  out: Writer,
  packet: object,
  set: PropertySet,
  size: number = propertiesSize(packet, set),
): void {
  out.variable(size)
  if (size === 0) return
  for (const { id, name, value, isList } of set.all) {
    const given = (packet as Named)[name]
    if (given === undefined) continue
    for (const one of isList ? (given as readonly unknown[]) : [given]) {
      out.u8(id)
      value.write(out, one)
    }
  }
}
