/**
 * SUBSCRIBE and UNSUBSCRIBE (MQTT 5, sections 3.8 and 3.10).
 *
 * @module
 */
import type { Body } from './body.ts'
import { malformed, protocolError } from './error.ts'
import type {
  PacketQos,
  PacketSubscription,
  ProtocolVersion,
  SubscribePacket,
  UnsubscribePacket,
} from './packet.ts'
import { propertiesOf, readProperties, SUBSCRIBE, UNSUBSCRIBE } from './properties.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(SUBSCRIBE)
const UNSUBSCRIBE_PROPERTIES = /* @__PURE__ */ propertiesOf(UNSUBSCRIBE)

/** Reads a SUBSCRIBE. */
export function readSubscribe(body: Body, version: ProtocolVersion): SubscribePacket {
  const subscriptions: PacketSubscription[] = []
  const packet: SubscribePacket = {
    kind: 'subscribe',
    packetId: body.packetId(),
    subscriptions,
  }
  if (version === 5) readProperties(body, PROPERTIES, packet)
  while (body.left > 0) subscriptions.push(readSubscription(body, version))
  if (subscriptions.length === 0) throw protocolError('a SUBSCRIBE has no filter')
  return packet
}

function readSubscription(body: Body, version: ProtocolVersion): PacketSubscription {
  const filter = body.text()
  const options = body.u8()
  const qos = options & 3
  const noLocal = (options & 4) !== 0
  const retainHandling = (options >> 4) & 3
  if (options & (version === 5 ? 0xc0 : 0xfc)) {
    throw malformed('a reserved bit of the subscription options is set')
  }
  if (qos === 3) {
    // MQTT 3.1.1 has its two bits among the reserved ones (its section 3.8.3).
    throw version === 5 ? protocolError('the maximum QoS is 3') : malformed('the maximum QoS is 3')
  }
  if (retainHandling === 3) throw protocolError('retain handling is 3')
  if (noLocal && filter.startsWith('$share/')) {
    throw protocolError('no local is set for a shared subscription')
  }
  return {
    filter,
    qos: qos as PacketQos,
    noLocal,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}

/** Reads an UNSUBSCRIBE. */
export function readUnsubscribe(body: Body, version: ProtocolVersion): UnsubscribePacket {
  const filters: string[] = []
  const packet: UnsubscribePacket = { kind: 'unsubscribe', packetId: body.packetId(), filters }
  if (version === 5) readProperties(body, UNSUBSCRIBE_PROPERTIES, packet)
  while (body.left > 0) filters.push(body.text())
  if (filters.length === 0) throw protocolError('an UNSUBSCRIBE has no filter')
  return packet
}
