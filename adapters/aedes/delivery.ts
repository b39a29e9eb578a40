/**
 * With which QoS a message leaves the broker for one client.
 *
 * @module
 */
import type { AedesPublishPacket, Client, Subscription } from 'aedes'
import { levelsCover } from '../../src/topic/relation.ts'

/** The part of `aedes` that its types leave out: what a client subscribed to, by filter. */
type Subscriber = Client & {
  readonly subscriptions: Readonly<Record<string, Pick<Subscription, 'qos'>>>
}

/**
 * The highest QoS that was granted for a topic name: a message is delivered with no higher one
 * (MQTT 5, section 3.8.4).
 */
export function grantedQos(
  subscriptions: Iterable<readonly [filter: string, Pick<Subscription, 'qos'>]>,
  topic: string,
): 0 | 1 | 2 {
  const name = topic.split('/')
  let granted: 0 | 1 | 2 = 0
  for (const [filter, { qos }] of subscriptions) {
    if (qos > granted && levelsCover(filter.split('/'), name)) granted = qos
  }
  return granted
}

/**
 * The message for one client, which others may be sent as it is. `aedes` itself lowers the QoS
 * where the filter is the very name.
 */
export function lowerQos(client: Client, packet: AedesPublishPacket): AedesPublishPacket {
  if (packet.qos === 0) return packet
  const { subscriptions } = client as Subscriber
  const granted = grantedQos(Object.entries(subscriptions), packet.topic)
  return granted < packet.qos ? { ...packet, qos: granted } : packet
}
