/**
 * Packets that the protocol forbids and that `aedes` would let through, or fall over.
 *
 * @module
 */
import type {
  Client,
  ConnectPacket,
  PingreqPacket,
  PublishPacket,
  SubscribePacket,
  UnsubscribePacket,
} from 'aedes'

/** What a client sends, as far as it is looked at here. */
export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | SubscribePacket
  | UnsubscribePacket
  | PingreqPacket

/** The packet parser of a client, which `aedes` has no public name for. */
interface Parser {
  prependListener(event: 'packet', listener: (packet: ClientPacket) => void): void
}

/** Ends a client's connection when it sends a packet it must not, before `aedes` looks at that. */
export function screenPackets(client: Client, report: (problem: string) => void): void {
  const { _parser: parser } = client as Client & { readonly _parser: Parser }
  parser.prependListener('packet', (packet) => {
    const problem = findPacketProblem(packet)
    if (!problem) return
    report(problem)
    // A packet of a type that no client may send ends the connection, at its turn.
    Object.assign(packet, { cmd: 'reserved' })
  })
}

/** What is wrong with a packet, if anything. */
export function findPacketProblem(packet: ClientPacket): string | undefined {
  switch (packet.cmd) {
    case 'connect':
      // The parser lets a will's QoS be 3; the subscribers' connections would break with it.
      if (packet.will && packet.will.qos! > 2) return 'the QoS of the will is malformed'
      return (
        findPropertyProblem(packet.properties) ??
        findPropertyProblem(packet.will?.properties, WILL_PROPERTIES)
      )
    case 'publish':
      return findPropertyProblem(packet.properties, PUBLISH_PROPERTIES)
    case 'subscribe':
      return packet.subscriptions.some(({ topic }) => isUnsafeKey(topic))
        ? UNSAFE_FILTER
        : findPropertyProblem(packet.properties)
    case 'unsubscribe':
      return packet.unsubscriptions.some(isUnsafeKey) ? UNSAFE_FILTER : undefined
  }
  return undefined
}

/** MQTT 5, section 3.3.2.3, without the subscription identifier, which no client may send. */
const PUBLISH_PROPERTIES: ReadonlySet<string> = new Set([
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'topicAlias',
  'responseTopic',
  'correlationData',
  'userProperties',
  'contentType',
])
const WILL_PROPERTIES: ReadonlySet<string> = new Set([...PUBLISH_PROPERTIES, 'willDelayInterval'])
const UNSAFE_FILTER = 'a topic filter cannot be used here'

/**
 * What is wrong with properties. The parser gives a list where one was sent twice, and `null` or a
 * negative number where the packet was too short for it. `aedes` would fall over some, and with
 * others break the connections of those that it passes them on to.
 */
function findPropertyProblem(
  properties: object | undefined,
  allowed?: ReadonlySet<string>,
): string | undefined {
  for (const [name, value] of Object.entries(properties ?? {}) as [string, unknown][]) {
    if (allowed && !allowed.has(name)) return `the property ${name} does not belong there`
    if (name === 'userProperties') {
      const texts = Object.values(value as object).flat()
      if (!texts.every((text) => typeof text === 'string')) return 'a user property is malformed'
    } else if (Array.isArray(value)) {
      return `the property ${name} is there twice`
    } else if (value === undefined || value === null || (value as number) < 0) {
      return `the property ${name} is malformed`
    }
  }
  return undefined
}

/** Whether a filter names a member of every object, which `aedes` would take for a subscription. */
function isUnsafeKey(filter: string): boolean {
  return filter in {}
}
