/**
 * Packets of the `mqtt` package as what the contract calls them: messages, and back, and capabilities.
 *
 * @module
 */
import type { IClientOptions, IConnackPacket, IPublishPacket } from 'mqtt'
import type {
  BrokerCapabilities,
  Message,
  MessageProperties,
  OutgoingMessage,
  Will,
} from '../../src/broker/broker.ts'
import { hasProperties, userPairs } from '../../src/broker/properties.ts'

/** A received packet as a message. */
export function toMessage({ topic, payload, qos, retain, properties }: IPublishPacket): Message {
  return {
    topic,
    payload: toBytes(payload),
    qos,
    retain,
    ...(properties && toProperties(properties)),
  }
}

function toProperties(properties: NonNullable<IPublishPacket['properties']>): MessageProperties {
  const { userProperties, correlationData, responseTopic, contentType, messageExpiryInterval } =
    properties
  return {
    ...(userProperties && { userProperties: { ...userProperties } }),
    ...(correlationData && { correlationData: toBytes(correlationData) }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(contentType !== undefined && { contentType }),
    ...(messageExpiryInterval !== undefined && { messageExpiry: messageExpiryInterval }),
  }
}

/** A checked message as a packet, without the packet identifier that one of QoS 1 or 2 needs. */
export function toPacket(message: OutgoingMessage, protocolVersion: 4 | 5): IPublishPacket {
  const { topic, payload, qos = 1, retain = false } = message
  const packet = {
    cmd: 'publish',
    topic,
    payload: asBuffer(payload),
    qos,
    retain,
    dup: false,
  } as const
  return protocolVersion === 5 && hasProperties(message)
    ? { ...packet, properties: toPacketProperties(message) }
    : packet
}

/** A checked will as the package takes it for CONNECT. MQTT 3.1.1 has none of its properties. */
export function toPacketWill(will: Will, protocolVersion: 4 | 5): IClientOptions['will'] {
  const { topic, payload, qos = 1, retain = false, delay = 0 } = will
  const packet = { topic, payload: asBuffer(payload), qos, retain }
  if (protocolVersion === 4) return packet
  const properties = {
    ...toPacketProperties(will),
    ...(delay > 0 && { willDelayInterval: delay }),
  }
  return { ...packet, properties }
}

function toPacketProperties(message: MessageProperties): NonNullable<IPublishPacket['properties']> {
  const {
    userProperties = {},
    correlationData,
    responseTopic,
    contentType,
    messageExpiry,
  } = message
  // The package never sends a packet whose user properties are there but empty.
  const hasUserProperties = userPairs(userProperties).length > 0
  return {
    ...(hasUserProperties && {
      userProperties: userProperties as Record<string, string | string[]>,
    }),
    ...(correlationData && { correlationData: asBuffer(correlationData) }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(contentType !== undefined && { contentType }),
    ...(messageExpiry !== undefined && { messageExpiryInterval: messageExpiry }),
  }
}

/** What the broker said of itself. */
export function toCapabilities(
  { properties = {} }: IConnackPacket,
  protocolVersion: 4 | 5,
): BrokerCapabilities {
  const { retainAvailable, maximumQoS, maximumPacketSize, sharedSubscriptionAvailable } = properties
  return {
    sharedSubscriptions: protocolVersion === 5 && sharedSubscriptionAvailable !== false,
    retain: retainAvailable !== false,
    maxQos: maximumQoS === 0 || maximumQoS === 1 ? maximumQoS : 2,
    maxPacketSize: maximumPacketSize,
  }
}

/** The package's types ask for a Buffer, which a browser does not have; it takes any bytes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return bytes as Buffer
}

/** The same bytes without what a runtime adds to them. */
function toBytes(bytes: string | Uint8Array): Uint8Array {
  if (typeof bytes === 'string') return new TextEncoder().encode(bytes)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
