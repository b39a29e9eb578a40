/**
 * Reads what a server sends, in MQTT 5.
 *
 * @module
 */
import type { Message, Qos } from '../../src/broker/broker.ts'
import type { Body } from '../../src/packet/body.ts'
import { malformed, protocolError } from '../../src/packet/error.ts'

/** How each kind of value that a property has is read (section 2.2.2.2). A pair is two texts. */
const READERS = { 1: 'u8', 2: 'u16', 4: 'u32', v: 'variable', t: 'text', b: 'binary' } as const

/** The kind of each property (table 2-4), at the place of its identifier; a space where there is none. */
const KINDS = ' 14t    tb v     4t2 tb141t t  t 22211t4111'

const SUBSCRIPTION_ID = 11
const USER_PROPERTY = 38

/** The properties of a packet, by their identifiers. User properties are pairs; of others there is one. */
export type Properties = readonly unknown[]

/**
 * Reads the properties of a packet.
 *
 * @throws {PacketError} 0x81 for what is none, or cut short; 0x82 for one that comes twice.
 */
export function readProperties(body: Body): Properties {
  const found: unknown[] = []
  const pairs: [string, string][] = []
  const outer = body.enter(body.variable())
  while (body.left > 0) {
    const id = body.u8()
    const reader = READERS[KINDS[id] as keyof typeof READERS]
    if (!reader) throw malformed(`there is no property ${id}`)
    if (id in found && id !== SUBSCRIPTION_ID) throw protocolError(`property ${id} comes twice`)
    if (id === USER_PROPERTY) pairs.push([body.text(), body.text()])
    else found[id] = body[reader]()
  }
  body.leave(outer)
  if (pairs.length > 0) found[USER_PROPERTY] = pairs
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
  const packetId = qos > 0 ? body.packetId() : 0
  const properties = readProperties(body)
  const message: Record<string, unknown> = {
    topic,
    payload: body.raw(body.left),
    qos,
    retain: (first & 1) === 1,
  }
  for (const [id, name] of NAMES) if (id in properties) message[name] = properties[id]
  const pairs = properties[USER_PROPERTY] as readonly [string, string][] | undefined
  if (pairs) message.userProperties = toRecord(pairs)
  return [message as unknown as Message, packetId]
}

const NAMES: readonly (readonly [id: number, name: keyof Message])[] = [
  [2, 'messageExpiry'],
  [3, 'contentType'],
  [8, 'responseTopic'],
  [9, 'correlationData'],
]

/** User properties by key; a key that comes several times has an array. */
function toRecord(pairs: readonly [string, string][]): Record<string, string | string[]> {
  const record = new Map<string, string | string[]>()
  for (const [key, value] of pairs) {
    const before = record.get(key)
    record.set(key, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(record)
}
