/**
 * Messages of a {@link Broker} as packets, and back.
 *
 * @module
 */
import type { PublishPacket, PublishProperties, UserProperties } from '../packet/packet.ts'
import type { Message, MessageProperties } from './broker.ts'
import { userPairs } from './properties.ts'

/** What travels with a message, as a PUBLISH has it. */
export function publishProperties(message: MessageProperties): PublishProperties {
  const { userProperties, correlationData, responseTopic, contentType, messageExpiry } = message
  return {
    ...(userProperties && { userProperties: userPairs(userProperties) }),
    ...(correlationData && { correlationData }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(contentType !== undefined && { contentType }),
    ...(messageExpiry !== undefined && { messageExpiryInterval: messageExpiry }),
  }
}

/** The message of a PUBLISH. */
export function readPublish(packet: PublishPacket): Message {
  const { topic, payload, qos, retain, userProperties } = packet
  const { correlationData, responseTopic, contentType, messageExpiryInterval } = packet
  return {
    topic,
    payload,
    qos,
    retain,
    ...(userProperties && { userProperties: userRecord(userProperties) }),
    ...(correlationData && { correlationData }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(contentType !== undefined && { contentType }),
    ...(messageExpiryInterval !== undefined && { messageExpiry: messageExpiryInterval }),
  }
}

/** User properties by name, without a prototype: names are what somebody sent. */
function userRecord(pairs: UserProperties): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of pairs) {
    const before = record[name]
    record[name] = before === undefined ? value : [before, value].flat()
  }
  return record
}
