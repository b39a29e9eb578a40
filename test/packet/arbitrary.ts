/**
 * Any packet, as a client and as a server may send it.
 *
 * @module
 */
import fc, { type Arbitrary } from 'fast-check'
import type {
  AckPacket,
  AuthPacket,
  ClientPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  PacketQos,
  ProtocolVersion,
  PublishPacket,
  ServerPacket,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
} from '../../src/packet/packet.ts'
import {
  CLIENT_AUTH_CODES,
  CLIENT_DISCONNECT_CODES,
  RECEIVED_CODES,
  RELEASED_CODES,
} from '../../src/packet/reason-codes.ts'
import {
  CONNACK_CODES,
  GRANTED_CODES,
  RETURN_CODES,
  SERVER_AUTH_CODES,
  SERVER_DISCONNECT_CODES,
  SERVER_RECEIVED_CODES,
  SUBACK_CODES,
  UNSUBACK_CODES,
} from '../support/client-codec/server-codes.ts'

/** A text of MQTT: well formed, and without NUL. */
export const text: Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
    // Beyond what is read character by character.
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 60, maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constantFrom('\ufeff', '\uffff', '\ufeffa', 'a/+/#', '$share/g/a') },
  )
  .map((value) => value.replaceAll('\0', '0'))

/** Bytes of a field that has its length before it. */
export const binary: Arbitrary<Uint8Array> = fc
  .uint8Array({ maxLength: 24 })
  .map((bytes) => Uint8Array.from(bytes))

const payload = fc.oneof(
  { weight: 6, arbitrary: binary },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 2000, max: 20_000 }).map((size) => new Uint8Array(size).fill(7)),
  },
)

const u16 = edges(0, 0xffff)
const u32 = edges(0, 0xffff_ffff)
const qos = fc.constantFrom<PacketQos>(0, 1, 2)
const flag = fc.constantFrom<0 | 1>(0, 1)
const packetId = edges(1, 0xffff)
const identifier = edges(1, 268_435_455)
const userProperties = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 })

/** Integers, the ends more often. */
function edges(min: number, max: number): Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(min, max),
    fc.integer({ min, max }),
    fc.integer({ min, max: 300 }),
  )
}

type Fields<T> = { readonly [Key in keyof T]?: Arbitrary<NonNullable<T[Key]>> }

/** A packet that always has some fields, and others only in MQTT 5 and not always. */
function record<T>(
  version: ProtocolVersion,
  always: Fields<T>,
  properties: Fields<T>,
): Arbitrary<T> {
  const fields = (version === 5 ? { ...properties, ...always } : always) as Record<
    string,
    Arbitrary<unknown>
  >
  const requiredKeys = Object.keys(always)
  return fc.record(fields, { requiredKeys, noNullPrototype: true }) as Arbitrary<T>
}

/** One of several, by weight. */
function either<T>(...choices: readonly (readonly [weight: number, Arbitrary<T>])[]): Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}

const reasons = { reasonString: text, userProperties }

const message = {
  payloadFormatIndicator: flag,
  messageExpiryInterval: u32,
  contentType: text,
  responseTopic: text,
  correlationData: binary,
  userProperties,
}

function connect(version: ProtocolVersion): Arbitrary<ConnectPacket> {
  const will = record<NonNullable<ConnectPacket['will']>>(
    version,
    { topic: text, payload: binary, qos, retain: fc.boolean() },
    { ...message, willDelayInterval: u32 },
  )
  const required = record<ConnectPacket>(
    version,
    {
      kind: fc.constant('connect' as const),
      version: fc.constant(version),
      cleanStart: fc.boolean(),
      keepAlive: u16,
      clientId: text,
    },
    {
      sessionExpiryInterval: u32,
      receiveMaximum: edges(1, 0xffff),
      maximumPacketSize: edges(1, 0xffff_ffff),
      topicAliasMaximum: u16,
      requestResponseInformation: flag,
      requestProblemInformation: flag,
      userProperties,
      authenticationMethod: text,
    },
  )
  const optional = fc.record(
    { will, username: text, password: binary },
    { requiredKeys: [], noNullPrototype: true },
  )
  return fc.tuple(required, optional, fc.option(binary)).map(([packet, more, data]) => {
    const { password, ...others } = more
    return {
      ...packet,
      ...others,
      ...(password && (version === 5 || others.username !== undefined) && { password }),
      ...(data && packet.authenticationMethod !== undefined && { authenticationData: data }),
    }
  })
}

function connack(version: ProtocolVersion): Arbitrary<ConnackPacket> {
  return record<ConnackPacket>(
    version,
    {
      kind: fc.constant('connack' as const),
      sessionPresent: fc.boolean(),
      reasonCode: fc.constantFrom(0, ...(version === 5 ? CONNACK_CODES : RETURN_CODES)),
    },
    {
      ...reasons,
      sessionExpiryInterval: u32,
      receiveMaximum: edges(1, 0xffff),
      maximumQos: flag,
      retainAvailable: flag,
      maximumPacketSize: edges(1, 0xffff_ffff),
      assignedClientIdentifier: text,
      topicAliasMaximum: u16,
      wildcardSubscriptionAvailable: flag,
      subscriptionIdentifiersAvailable: flag,
      sharedSubscriptionAvailable: flag,
      serverKeepAlive: u16,
      responseInformation: text,
      serverReference: text,
      authenticationMethod: text,
      authenticationData: binary,
    },
  ).map((packet) => ({
    ...packet,
    sessionPresent: packet.sessionPresent && packet.reasonCode === 0,
  }))
}

function publish(version: ProtocolVersion, fromServer: boolean): Arbitrary<PublishPacket> {
  const identifiers = fc.array(identifier, { minLength: 1, maxLength: 4 })
  return record<PublishPacket>(
    version,
    {
      kind: fc.constant('publish' as const),
      topic: text,
      payload,
      qos,
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId,
    },
    {
      ...message,
      topicAlias: edges(1, 0xffff),
      ...(fromServer && { subscriptionIdentifiers: identifiers }),
    },
  ).map((packet) => {
    const { packetId, ...others } = packet
    const topic = packet.topic === '' && packet.topicAlias === undefined ? 't' : packet.topic
    if (packet.qos === 0) return { ...others, topic, dup: false }
    return { ...packet, topic }
  })
}

function ack(version: ProtocolVersion, receivedCodes: readonly number[]): Arbitrary<AckPacket> {
  return fc
    .constantFrom<AckPacket['kind']>('puback', 'pubrec', 'pubrel', 'pubcomp')
    .chain((kind) => {
      const codes = kind === 'puback' || kind === 'pubrec' ? receivedCodes : RELEASED_CODES
      return record<AckPacket>(
        version,
        {
          kind: fc.constant(kind),
          packetId,
          reasonCode: version === 5 ? fc.constantFrom(...codes) : fc.constant(0),
        },
        reasons,
      )
    })
}

function disconnect(version: ProtocolVersion, fromServer: boolean): Arbitrary<DisconnectPacket> {
  const codes = fromServer ? SERVER_DISCONNECT_CODES : CLIENT_DISCONNECT_CODES
  return record<DisconnectPacket>(
    version,
    {
      kind: fc.constant('disconnect' as const),
      reasonCode: version === 5 ? fc.constantFrom(...codes) : fc.constant(0),
    },
    { ...reasons, serverReference: text, ...(!fromServer && { sessionExpiryInterval: u32 }) },
  )
}

function auth(codes: readonly number[]): Arbitrary<AuthPacket> {
  return record<AuthPacket>(
    5,
    {
      kind: fc.constant('auth' as const),
      reasonCode: fc.constantFrom(...codes),
      authenticationMethod: text,
    },
    { ...reasons, authenticationData: binary },
  )
}

function subscribe(version: ProtocolVersion): Arbitrary<SubscribePacket> {
  const option = version === 5 ? fc.boolean() : fc.constant(false)
  const subscription = fc
    .record({
      filter: text,
      qos,
      noLocal: option,
      retainAsPublished: option,
      retainHandling: fc.constantFrom<0 | 1 | 2>(
        ...(version === 5 ? ([0, 1, 2] as const) : ([0] as const)),
      ),
    })
    .map((one) => ({ ...one, noLocal: one.noLocal && !one.filter.startsWith('$share/') }))
  return record<SubscribePacket>(
    version,
    {
      kind: fc.constant('subscribe' as const),
      packetId,
      subscriptions: fc.array(subscription, { minLength: 1, maxLength: 4 }),
    },
    { subscriptionIdentifier: identifier, userProperties },
  )
}

function unsubscribe(version: ProtocolVersion): Arbitrary<UnsubscribePacket> {
  return record<UnsubscribePacket>(
    version,
    {
      kind: fc.constant('unsubscribe' as const),
      packetId,
      filters: fc.array(text, { minLength: 1, maxLength: 4 }),
    },
    { userProperties },
  )
}

const someOf = (codes: readonly number[]) =>
  fc.array(fc.constantFrom(...codes), { minLength: 1, maxLength: 4 })

function suback(version: ProtocolVersion): Arbitrary<SubackPacket> {
  return record<SubackPacket>(
    version,
    {
      kind: fc.constant('suback' as const),
      packetId,
      reasonCodes: someOf(version === 5 ? SUBACK_CODES : GRANTED_CODES),
    },
    reasons,
  )
}

function unsuback(version: ProtocolVersion): Arbitrary<UnsubackPacket> {
  return record<UnsubackPacket>(
    version,
    {
      kind: fc.constant('unsuback' as const),
      packetId,
      reasonCodes: version === 5 ? someOf(UNSUBACK_CODES) : fc.constant([]),
    },
    reasons,
  )
}

/** A CONNECT. */
export function connectPacket(version: ProtocolVersion): Arbitrary<ConnectPacket> {
  return connect(version)
}

/** What a client sends after its CONNECT. */
export function clientPacket(version: ProtocolVersion): Arbitrary<ClientPacket> {
  return either<ClientPacket>(
    [3, publish(version, false)],
    [2, ack(version, RECEIVED_CODES)],
    [1, subscribe(version)],
    [1, unsubscribe(version)],
    [1, fc.constant({ kind: 'pingreq' })],
    [1, disconnect(version, false)],
    [version === 5 ? 1 : 0, auth(CLIENT_AUTH_CODES)],
  )
}

/** What a server sends. */
export function serverPacket(version: ProtocolVersion): Arbitrary<ServerPacket> {
  return either<ServerPacket>(
    [2, connack(version)],
    [3, publish(version, true)],
    [2, ack(version, SERVER_RECEIVED_CODES)],
    [1, suback(version)],
    [1, unsuback(version)],
    [1, fc.constant({ kind: 'pingresp' })],
    [version === 5 ? 1 : 0, disconnect(version, true)],
    [version === 5 ? 1 : 0, auth(SERVER_AUTH_CODES)],
  )
}
