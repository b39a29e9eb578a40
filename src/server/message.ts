/**
 * Application messages as a server keeps them.
 *
 * @module
 */
import type { PacketQos, PublishPacket, PublishProperties } from '../packet/packet.ts'

/** A message as it was published, without its topic name. */
export interface Published extends PublishProperties {
  readonly payload: Uint8Array
  readonly qos: PacketQos
  readonly retain: boolean
}

/** A message on its way to subscribers. */
export interface ApplicationMessage {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: PacketQos
  /** As it was published. */
  readonly retain: boolean
  readonly properties: PublishProperties | undefined
  /** What it takes in memory, roughly, with its properties. */
  readonly bytes: number
  /** By the server's clock, in milliseconds. */
  readonly expiresAt: number
  /** The packet for those who get it at QoS 0 as it is, so that it is made and encoded once. */
  plain: PublishPacket | undefined
}

/** One message for one client. */
export interface Delivery {
  readonly message: ApplicationMessage
  readonly qos: PacketQos
  readonly retain: boolean
  readonly subscriptionIdentifiers: readonly number[] | undefined
  /** The shared subscription it came by, with its prefix: another member may take it on. */
  readonly shared: string | undefined
}

/** What an object and its fields take beside their texts and bytes. */
const OVERHEAD_BYTES = 200
const PROPERTY_BYTES = 120

/** Makes a message of what was published. */
export function applicationMessage(
  source: Published,
  topic: string,
  now: number,
): ApplicationMessage {
  const { payload, qos, retain, messageExpiryInterval } = source
  const properties = propertiesOf(source)
  return {
    topic,
    payload,
    qos,
    retain,
    properties,
    bytes: OVERHEAD_BYTES + topic.length + payload.length + propertyBytes(properties),
    expiresAt: messageExpiryInterval === undefined ? Infinity : now + messageExpiryInterval * 1_000,
    plain: undefined,
  }
}

/**
 * The PUBLISH of a delivery. What is left of its expiry goes with it (MQTT 5, section 3.3.2.3.3).
 */
export function publishPacket(
  { message, qos, retain, subscriptionIdentifiers }: Delivery,
  packetId: number | undefined,
  dup: boolean,
  now: number,
): PublishPacket {
  const { topic, payload, properties, expiresAt } = message
  const isPlain = qos === 0 && !retain && !subscriptionIdentifiers && expiresAt === Infinity
  if (isPlain && message.plain) return message.plain
  const packet: PublishPacket = {
    kind: 'publish',
    topic,
    payload,
    qos,
    retain,
    dup,
    ...(packetId !== undefined && { packetId }),
    ...properties,
    ...(expiresAt !== Infinity && { messageExpiryInterval: secondsLeft(expiresAt, now) }),
    ...(subscriptionIdentifiers && { subscriptionIdentifiers }),
  }
  if (isPlain) message.plain = packet
  return packet
}

function secondsLeft(expiresAt: number, now: number): number {
  return Math.max(Math.ceil((expiresAt - now) / 1_000), 0)
}

function propertiesOf(source: PublishProperties): PublishProperties | undefined {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } =
    source
  if (
    payloadFormatIndicator === undefined &&
    contentType === undefined &&
    responseTopic === undefined &&
    correlationData === undefined &&
    userProperties === undefined
  ) {
    return undefined
  }
  return {
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator }),
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData && { correlationData }),
    ...(userProperties && { userProperties }),
  }
}

function propertyBytes(properties: PublishProperties | undefined): number {
  if (!properties) return 0
  const { contentType = '', responseTopic = '', correlationData, userProperties = [] } = properties
  let bytes = contentType.length + responseTopic.length + (correlationData?.length ?? 0)
  for (const [name, value] of userProperties) bytes += PROPERTY_BYTES + name.length + value.length
  return bytes
}

/** The QoS of a message for a subscription (MQTT 5, section 3.8.4). */
export function lowerQos(one: PacketQos, other: PacketQos): PacketQos {
  return Math.min(one, other) as PacketQos
}
