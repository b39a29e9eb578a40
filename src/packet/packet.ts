/**
 * The control packets of MQTT 5 and 3.1.1 as values (MQTT 5, section 3). What only MQTT 5 has is
 * absent in packets of 3.1.1.
 *
 * @module
 */

/** The protocol version of a CONNECT (section 3.1.2.2): 4 is MQTT 3.1.1, and 5 is MQTT 5. */
export type ProtocolVersion = 4 | 5

/** Quality of service of a message (section 4.3). */
export type PacketQos = 0 | 1 | 2

/** User properties in the order in which they stand; a name may come several times. */
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** What may travel with a message (section 3.3.2.3), and with a will (section 3.1.3.2). */
export interface PublishProperties {
  /** Whether the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1
  /** Seconds, 0 to 4,294,967,295. */
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
  readonly userProperties?: UserProperties
}

/** A will message (section 3.1.2.5). */
export interface PacketWill extends PublishProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: PacketQos
  readonly retain: boolean
  /** Seconds, 0 to 4,294,967,295. */
  readonly willDelayInterval?: number
}

/** Section 3.1. */
export interface ConnectPacket {
  readonly kind: 'connect'
  readonly version: ProtocolVersion
  /** In MQTT 3.1.1: clean session. */
  readonly cleanStart: boolean
  /** Seconds, 0 to 65,535; 0 turns the keep alive off. */
  readonly keepAlive: number
  /** May be empty. */
  readonly clientId: string
  readonly will?: PacketWill
  readonly username?: string
  readonly password?: Uint8Array
  /** Seconds, 0 to 4,294,967,295. */
  readonly sessionExpiryInterval?: number
  /** 1 to 65,535. */
  readonly receiveMaximum?: number
  /** Bytes, 1 to 4,294,967,295. */
  readonly maximumPacketSize?: number
  /** 0 to 65,535. */
  readonly topicAliasMaximum?: number
  readonly requestResponseInformation?: 0 | 1
  readonly requestProblemInformation?: 0 | 1
  readonly userProperties?: UserProperties
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** What an answer of MQTT 5 may say beside its reason code. */
export interface ReasonProperties {
  readonly reasonString?: string
  readonly userProperties?: UserProperties
}

/** Section 3.2. */
export interface ConnackPacket extends ReasonProperties {
  readonly kind: 'connack'
  readonly sessionPresent: boolean
  /** In MQTT 3.1.1 the return code of its section 3.2.2.3, 0 to 5. */
  readonly reasonCode: number
  readonly sessionExpiryInterval?: number
  readonly receiveMaximum?: number
  readonly maximumQos?: 0 | 1
  readonly retainAvailable?: 0 | 1
  readonly maximumPacketSize?: number
  readonly assignedClientIdentifier?: string
  readonly topicAliasMaximum?: number
  readonly wildcardSubscriptionAvailable?: 0 | 1
  readonly subscriptionIdentifiersAvailable?: 0 | 1
  readonly sharedSubscriptionAvailable?: 0 | 1
  readonly serverKeepAlive?: number
  readonly responseInformation?: string
  readonly serverReference?: string
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** Section 3.3. */
export interface PublishPacket extends PublishProperties {
  readonly kind: 'publish'
  /** Empty where a topic alias stands for it. */
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: PacketQos
  readonly retain: boolean
  readonly dup: boolean
  /** 1 to 65,535; absent at QoS 0. */
  readonly packetId?: number
  /** 1 to 65,535. */
  readonly topicAlias?: number
  /** 1 to 268,435,455 each; only from a server. */
  readonly subscriptionIdentifiers?: readonly number[]
}

/** Sections 3.4 to 3.7. */
export interface AckPacket extends ReasonProperties {
  readonly kind: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
  readonly packetId: number
  /** 0 in MQTT 3.1.1, which has none. */
  readonly reasonCode: number
}

/** One filter of a SUBSCRIBE with its options (section 3.8.3.1). */
export interface PacketSubscription {
  /** With its share prefix. */
  readonly filter: string
  readonly qos: PacketQos
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

/** Section 3.8. */
export interface SubscribePacket {
  readonly kind: 'subscribe'
  readonly packetId: number
  /** At least one. */
  readonly subscriptions: readonly PacketSubscription[]
  /** 1 to 268,435,455. */
  readonly subscriptionIdentifier?: number
  readonly userProperties?: UserProperties
}

/** Section 3.9. */
export interface SubackPacket extends ReasonProperties {
  readonly kind: 'suback'
  readonly packetId: number
  /** One for each filter. */
  readonly reasonCodes: readonly number[]
}

/** Section 3.10. */
export interface UnsubscribePacket {
  readonly kind: 'unsubscribe'
  readonly packetId: number
  /** At least one. */
  readonly filters: readonly string[]
  readonly userProperties?: UserProperties
}

/** Section 3.11. */
export interface UnsubackPacket extends ReasonProperties {
  readonly kind: 'unsuback'
  readonly packetId: number
  /** One for each filter; none in MQTT 3.1.1. */
  readonly reasonCodes: readonly number[]
}

/** Sections 3.12 and 3.13. */
export interface PingPacket {
  readonly kind: 'pingreq' | 'pingresp'
}

/** Section 3.14. */
export interface DisconnectPacket extends ReasonProperties {
  readonly kind: 'disconnect'
  /** 0 in MQTT 3.1.1, which has none. */
  readonly reasonCode: number
  readonly sessionExpiryInterval?: number
  readonly serverReference?: string
}

/** Section 3.15; only in MQTT 5. */
export interface AuthPacket extends ReasonProperties {
  readonly kind: 'auth'
  readonly reasonCode: number
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** What a client sends. */
export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | AckPacket
  | SubscribePacket
  | UnsubscribePacket
  | (PingPacket & { readonly kind: 'pingreq' })
  | DisconnectPacket
  | AuthPacket

/** What a server sends. */
export type ServerPacket =
  | ConnackPacket
  | PublishPacket
  | AckPacket
  | SubackPacket
  | UnsubackPacket
  | (PingPacket & { readonly kind: 'pingresp' })
  | DisconnectPacket
  | AuthPacket

/** Any control packet. */
export type Packet = ClientPacket | ServerPacket
