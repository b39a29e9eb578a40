/**
 * What a server does with a PUBLISH (MQTT 5, section 3.3).
 *
 * @module
 */
import type { PacketWill, ProtocolVersion, PublishPacket } from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import { TopicScan } from '../topic/scan.ts'
import type { ServerCore } from './core.ts'
import type { Session } from './session.ts'

/** What came of a PUBLISH. */
export type PublishOutcome =
  /** It is to be answered, at QoS 1 and 2; `refuse` if the client may not publish it. */
  | {
      readonly kind: 'answer' | 'refuse'
      readonly reasonCode: number
      /** How many clients it was for. */
      readonly receivers: number
      readonly explain?: (() => string) | undefined
    }
  /** It breaks the protocol: the connection ends with this. */
  | { readonly kind: 'end'; readonly reasonCode: number }

// Nothing runs between reading a topic and looking at what was found.
const scan = /* @__PURE__ */ new TopicScan()

/** The topic aliases that a client set on one connection. */
export class ReceivedAliases {
  readonly #maximum: number
  #topics: Map<number, string> | undefined

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** The topic name of a PUBLISH; or the reason code that its alias is wrong with. */
  resolve({ topic, topicAlias }: PublishPacket): string | number {
    if (topicAlias === undefined) return topic
    if (topicAlias > this.#maximum) return REASON.topicAliasInvalid
    if (topic === '') return this.#topics?.get(topicAlias) ?? REASON.protocolError
    this.#topics ??= new Map()
    this.#topics.set(topicAlias, topic)
    return topic
  }
}

/**
 * The reason code that a will is refused with, if it is one that could not be published (MQTT 5, sections
 * 3.1.3.2.5 and 3.1.3.3).
 */
export function wrongWill({ topic, responseTopic }: PacketWill): number | undefined {
  return wrongTopic(topic, responseTopic)
}

function wrongTopic(topic: string, responseTopic: string | undefined): number | undefined {
  if (scan.readName(topic) !== undefined) return REASON.topicNameInvalid
  const isWrong = responseTopic !== undefined && scan.readName(responseTopic) !== undefined
  return isWrong ? REASON.protocolError : undefined
}

/** Takes a PUBLISH. */
export function takePublish(
  core: ServerCore,
  session: Session,
  packet: PublishPacket,
  aliases: ReceivedAliases,
  version: ProtocolVersion,
): PublishOutcome {
  const topic = aliases.resolve(packet)
  if (typeof topic === 'number') return { kind: 'end', reasonCode: topic }
  const { qos, retain, packetId, responseTopic } = packet
  const { received } = session
  const wrong = wrongTopic(topic, responseTopic)
  if (wrong !== undefined) return { kind: 'end', reasonCode: wrong }
  if (qos === 2) {
    // It came before, and its acknowledgement did not reach the client (section 4.3.3).
    if (received.has(packetId!)) return answer(REASON.success, 0)
    // MQTT 3.1.1 knows no receive maximum.
    if (version === 5 && received.size >= core.settings.receiveMaximum) {
      return { kind: 'end', reasonCode: REASON.receiveMaximumExceeded }
    }
    if (!received.add(packetId!)) {
      if (version === 4) return { kind: 'end', reasonCode: REASON.quotaExceeded }
      return answer(REASON.quotaExceeded, 0)
    }
  }
  const refusal = session.rights.refusePublish(topic, qos, retain)
  if (refusal) {
    if (qos === 2) received.delete(packetId!)
    const explain = refusal.explain && (() => refusal.explain!())
    return { kind: 'refuse', reasonCode: refusal.reasonCode, receivers: 0, explain }
  }
  const { reasonCode, receivers } = core.publish(session, topic, packet)
  // A client of MQTT 3.1.1 is not told, and goes on with the exchange.
  if (qos === 2 && reasonCode >= REASON.unspecifiedError && version === 5) {
    received.delete(packetId!)
  }
  return answer(reasonCode, receivers)
}

function answer(reasonCode: number, receivers: number): PublishOutcome {
  return { kind: 'answer', reasonCode, receivers }
}
