/**
 * The codec held against `mqtt-packet`, by which MQTT.js and Aedes read and write: it reads what is
 * written here as the same, and what it writes is read here as the same.
 *
 * Some packets are not asked of it, because it is wrong or has no word for them:
 *
 * - Several user properties. It keeps them by name, without their order, and forgets an empty value
 *   before another of the same name.
 * - A password without a user name, an empty client id without a clean start, and a will with an empty
 *   topic, which it does not write in MQTT 5 either.
 *
 * It reads one packet at a time here: behind a DISCONNECT without properties it takes the next packet
 * for them. What it takes that the specification forbids (texts that are no UTF-8, properties of another
 * packet or twice, identifiers of 0, bytes behind the end, lengths with needless bytes) is refused here:
 * the tables are in `server-strict.test.ts` and `client-strict.test.ts`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import mqttPacket, { type Packet as Theirs } from 'mqtt-packet'
import { encodeServerPacket } from '../../src/packet/encode-server.ts'
import type {
  ClientPacket,
  ConnectPacket,
  Packet,
  ProtocolVersion,
  ServerPacket,
  UserProperties,
} from '../../src/packet/packet.ts'
import type { PacketReader } from '../../src/packet/reader.ts'
import { serverReader } from '../../src/packet/server-reader.ts'
import { clientReader } from '../support/client-codec/client-reader.ts'
import { encodeClientPacket } from '../support/client-codec/encode-client.ts'
import { clientPacket, connectPacket, serverPacket } from './arbitrary.ts'
import { drain, joined } from './bytes.ts'

type Fields = Readonly<Record<string, unknown>>

const maximumPacketSize = 1 << 20

/** What both have as a field of the packet. Everything else is a property of MQTT 5. */
const FIELDS: Readonly<Record<string, string>> = {
  version: 'protocolVersion',
  cleanStart: 'clean',
  keepAlive: 'keepalive',
  clientId: 'clientId',
  will: 'will',
  username: 'username',
  password: 'password',
  sessionPresent: 'sessionPresent',
  reasonCode: 'reasonCode',
  topic: 'topic',
  payload: 'payload',
  qos: 'qos',
  retain: 'retain',
  dup: 'dup',
  packetId: 'messageId',
  subscriptions: 'subscriptions',
  filters: 'unsubscriptions',
  reasonCodes: 'granted',
  filter: 'topic',
  noLocal: 'nl',
  retainAsPublished: 'rap',
  retainHandling: 'rh',
}

/** The properties that it calls otherwise. */
const PROPERTIES: Readonly<Record<string, string>> = {
  maximumQos: 'maximumQoS',
  subscriptionIdentifiers: 'subscriptionIdentifier',
}

/** Those that it has as booleans. */
const BOOLEANS: readonly string[] = [
  'payloadFormatIndicator',
  'requestResponseInformation',
  'requestProblemInformation',
  'retainAvailable',
  'wildcardSubscriptionAvailable',
  'subscriptionIdentifiersAvailable',
  'sharedSubscriptionAvailable',
]

/** What MQTT 3.1.1 lacks, and it does not have then either. */
const ONLY_5: readonly string[] = ['reasonCode', 'noLocal', 'retainAsPublished', 'retainHandling']

/** A packet in its words. */
function toTheirs(packet: Packet, version: ProtocolVersion): Theirs {
  const { kind, ...fields } = packet
  const theirs: Record<string, unknown> = { cmd: kind, ...toWords({ ...fields }, version) }
  if (version === 4 && packet.kind === 'connack') theirs.returnCode = packet.reasonCode
  if (version === 4 && kind === 'unsuback') delete theirs.granted
  return theirs as unknown as Theirs
}

function toWords(fields: Fields, version: ProtocolVersion): Fields {
  const own: Record<string, unknown> = {}
  const properties: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (version === 4 && ONLY_5.includes(name)) continue
    const field = FIELDS[name]
    const word = toWord(name, value, version)
    if (field) own[field] = word
    else properties[PROPERTIES[name] ?? name] = word
  }
  return Object.keys(properties).length > 0 ? { ...own, properties } : own
}

function toWord(name: string, value: unknown, version: ProtocolVersion): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (BOOLEANS.includes(name)) return value === 1
  if (name === 'will') return toWords(value as Fields, version)
  if (name === 'subscriptions') {
    return (value as readonly Fields[]).map((one) => toWords(one, version))
  }
  if (name === 'subscriptionIdentifiers') {
    const identifiers = value as readonly number[]
    return identifiers.length === 1 ? identifiers[0] : identifiers
  }
  if (name !== 'userProperties') return value
  const byName = Object.create(null) as Record<string, string>
  for (const [key, text] of value as UserProperties) byName[key] = text
  return byName
}

/** A packet as far as it can be asked of it. */
function adapted<P extends Packet>(packet: P): P {
  const some = { ...packet }
  if ('userProperties' in some && some.userProperties) {
    Object.assign(some, { userProperties: some.userProperties.slice(0, 1) })
  }
  return some.kind === 'connect' ? (adaptedConnect(some) as P) : some
}

function adaptedConnect({ password, will, ...packet }: ConnectPacket): ConnectPacket {
  const [property] = will?.userProperties ?? []
  return {
    ...packet,
    clientId: packet.clientId || 'c',
    ...(will && {
      will: { ...will, topic: will.topic || 't', ...(property && { userProperties: [property] }) },
    }),
    ...(password && packet.username !== undefined && { password }),
  }
}

/** It reads a packet as the same. */
function assertReadByIt(packet: Packet, bytes: Uint8Array, version: ProtocolVersion): void {
  const read: Fields[] = []
  const parser = mqttPacket.parser({ protocolVersion: version })
  parser.on('packet', (one) => read.push({ ...one }))
  parser.on('error', (error) => {
    throw error
  })
  parser.parse(Buffer.from(bytes))
  assert.equal(read.length, 1)
  const expected = { ...toTheirs(packet, version) } as Fields
  // Those that may be absent must be so there too.
  const names = new Set([...Object.keys(expected), 'properties', 'will', 'username', 'password'])
  for (const name of names) assert.deepEqual(read[0]?.[name], expected[name], name)
}

/** What it writes is read here as the same. */
function assertReadHere(
  packet: Packet,
  reader: PacketReader<Packet>,
  version: ProtocolVersion,
): void {
  const bytes = mqttPacket.generate(toTheirs(packet, version), { protocolVersion: version })
  reader.push(bytes)
  assert.deepEqual(drain(reader), [packet])
  assert.equal(reader.heldBytes, 0)
}

for (const version of [4, 5] as const) {
  describe(`MQTT ${version === 5 ? '5' : '3.1.1'}`, () => {
    const ofClient = fc
      .oneof<[fc.Arbitrary<ClientPacket>, fc.Arbitrary<ClientPacket>]>(
        connectPacket(version),
        clientPacket(version),
      )
      .map(adapted)
    const ofServer = serverPacket(version).map<ServerPacket>(adapted)

    /** A server's reader that takes this packet next. */
    function serverReaderFor({ kind }: ClientPacket) {
      const reader = serverReader({ maximumPacketSize })
      if (kind === 'connect') return reader
      const connect = {
        kind: 'connect',
        version,
        cleanStart: true,
        keepAlive: 0,
        clientId: '',
      } as const
      reader.push(joined(encodeClientPacket(connect, version)))
      drain(reader)
      return reader
    }

    test('it reads what a client writes here', () => {
      fc.assert(
        fc.property(ofClient, (packet) => {
          assertReadByIt(packet, joined(encodeClientPacket(packet, version)), version)
        }),
        { numRuns: 300 },
      )
    })

    test('it reads what a server writes here', () => {
      fc.assert(
        fc.property(ofServer, (packet) => {
          assertReadByIt(packet, joined(encodeServerPacket(packet, version)), version)
        }),
        { numRuns: 300 },
      )
    })

    test('a server reads here what it writes', () => {
      fc.assert(
        fc.property(ofClient, (packet) => {
          assertReadHere(packet, serverReaderFor(packet), version)
        }),
        { numRuns: 300 },
      )
    })

    test('a client reads here what it writes', () => {
      fc.assert(
        fc.property(ofServer, (packet) => {
          assertReadHere(packet, clientReader({ version, maximumPacketSize }), version)
        }),
        { numRuns: 300 },
      )
    })
  })
}
