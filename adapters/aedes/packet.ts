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
  if ('properties' in packet && holdsRepeated(packet.properties)) return 'a property comes twice'
  switch (packet.cmd) {
    case 'connect':
      return holdsRepeated(packet.will?.properties)
        ? 'a property of the will comes twice'
        : undefined
    case 'publish':
      // A subscriber would take it for its own subscription's (MQTT 5, section 3.3.2.3.8).
      return packet.properties?.subscriptionIdentifier === undefined
        ? undefined
        : 'a publish holds a subscription identifier'
    case 'subscribe':
      return packet.subscriptions.some(({ topic }) => isUnsafeKey(topic))
        ? 'a topic filter cannot be used here'
        : undefined
    case 'unsubscribe':
      return packet.unsubscriptions.some(isUnsafeKey)
        ? 'a topic filter cannot be used here'
        : undefined
  }
  return undefined
}

/**
 * A property that must be there once comes as a list when it was sent more often. Passed on, it
 * would break the connections of those who receive it.
 */
function holdsRepeated(properties: object | undefined): boolean {
  return (
    properties !== undefined &&
    Object.entries(properties).some(
      ([name, value]) => name !== 'userProperties' && Array.isArray(value),
    )
  )
}

/** Whether a filter names a member of every object, which `aedes` would take for a subscription. */
function isUnsafeKey(filter: string): boolean {
  return filter in {}
}
