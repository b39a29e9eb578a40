/**
 * What the `mqtt` package does not document: all that is relied on of it stands here, and
 * `test/mqtt/package.test.ts` tells when a release of the package changes it.
 *
 * @module
 */
import type { IClientOptions, IPublishPacket, IStream, MqttClient, Packet } from 'mqtt'
import { loadPackage } from '../../src/base/load-package.ts'
import type { PacketIds } from '../../src/client/packet-ids.ts'
import type { PacketStream } from './packet-stream.ts'

/** The part of the package used here. */
export type Mqtt = Pick<typeof import('mqtt').default, 'MqttClient' | 'nextTick'>

/** Loads the package. @throws {MissingDependencyError} If it is not installed. */
export async function loadMqtt(): Promise<Mqtt> {
  // The default import is the only one that every build of the package has.
  return (await loadPackage('mqtt', () => import('mqtt'))).default
}

/** A stream as the package takes it. It has only what the package calls. */
export function asStream(stream: PacketStream): IStream {
  return stream as unknown as IStream
}

/** Sends a packet of which the package is to keep no copy: it would send that again. */
export function sendUnkept(client: MqttClient, packet: Packet): void {
  // biome-ignore lint/complexity/useLiteralKeys: private in the types, and the only way to send without a copy being kept
  client['_sendPacket'](packet, undefined, undefined, true)
}

/**
 * Has messages of QoS 2 handed over before PUBREC is sent. The package sends it once `done` is called,
 * and not if that is with an error. Set on a client that is made: as an option the package drops it for
 * MQTT 3.1.1.
 */
export function takeBeforePubrec(
  client: MqttClient,
  take: (packet: IPublishPacket, done: (error?: Error) => void) => void,
): void {
  client.options.customHandleAcks = (_topic, _payload, packet: IPublishPacket, done) => {
    if (packet.qos === 2) take(packet, (error) => (error ? done(error) : done(0)))
    else done(0)
  }
}

/**
 * Gives out packet identifiers to the package. What it keeps ends with a connection, so it has no say in
 * which are in use.
 */
export function providerOf(ids: PacketIds): NonNullable<IClientOptions['messageIdProvider']> {
  return {
    allocate: () => ids.allocate(),
    deallocate: (id) => ids.delete(id),
    getLastAllocated: () => ids.last,
    register: () => true,
    clear() {},
  }
}
