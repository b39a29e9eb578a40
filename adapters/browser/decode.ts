/**
 * Reads what a server sends, in MQTT 5.
 *
 * @module
 */
import type { Message, Qos } from '../../src/broker/broker.ts'
import { malformed, protocolError } from '../../src/packet/error.ts'
import { Body } from './body.ts'
import { KINDS, NAMES, USER_PROPERTY } from './properties.ts'

/** How each kind of value that a property has is read (section 2.2.2.2). */
const READERS = { 1: 'u8', 2: 'u16', 4: 'u32', v: 'variable', t: 'text', b: 'binary' } as const

const SUBSCRIPTION_ID = 11

/** The properties of a packet, by their identifiers. User properties are pairs; of others there is one. */
export type Properties = readonly unknown[]

/**
 * Reads the properties of a packet.
 *
 * @throws {PacketError} 0x81 for what is none, or cut short; 0x82 for one that comes twice.
 */
export function readProperties(packet: Body): Properties {
  const found: unknown[] = []
  const pairs: [string, string][] = []
  const body = new Body(packet.raw(packet.variable()))
  while (body.left > 0) {
    const id = body.u8()
    const reader = READERS[KINDS[id] as keyof typeof READERS]
    if (!reader) throw malformed(`there is no property ${id}`)
    if (id === USER_PROPERTY) {
      pairs.push([body.text(), body.text()])
      found[id] = pairs
    } else {
      if (id in found && id !== SUBSCRIPTION_ID) throw protocolError(`property ${id} comes twice`)
      found[id] = body[reader]()
    }
  }
  return found
}

/** Reads a reason code and properties, both of which may be left out from the end. */
export function readReason(body: Body): readonly [reasonCode: number, properties: Properties] {
  const reasonCode = body.left > 0 ? body.u8() : 0
  return [reasonCode, body.left > 0 ? readProperties(body) : []]
}

/** Reads a PUBLISH (section 3.3). The packet identifier is 0 with QoS 0. */
export function readPublish(
  first: number,
  body: Body,
): readonly [message: Message, packetId: number] {
  const qos = ((first >> 1) & 3) as Qos
  if (qos > 2) throw malformed('the QoS is 3')
  const topic = body.text()
  if (!topic) throw protocolError('the topic is empty')
  const packetId = qos && body.packetId()
  const properties = readProperties(body)
  const message: Record<string, unknown> = {
    topic,
    // Of its own, so that whoever keeps it keeps nothing else.
    payload: body.raw(body.left).slice(),
    qos,
    retain: (first & 1) === 1,
  }
  for (const [id, name] of NAMES) if (id in properties) message[name] = properties[id]
  const pairs = properties[USER_PROPERTY] as readonly [string, string][] | undefined
  if (pairs) message.userProperties = toRecord(pairs)
  return [message as unknown as Message, packetId]
}

/** User properties by key; a key that comes several times has an array. */
function toRecord(pairs: readonly [string, string][]): Record<string, string | string[]> {
  const record = new Map<string, string | string[]>()
  for (const [key, value] of pairs) {
    const before = record.get(key)
    record.set(key, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(record)
}
