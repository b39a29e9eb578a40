/**
 * The client's end of a connection: bytes to a server and back, and what its answers have to be.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { PacketError } from '../../../src/packet/error.ts'
import type {
  ClientPacket,
  ConnectPacket,
  PublishPacket,
  ServerPacket,
} from '../../../src/packet/packet.ts'
import type { PacketReader } from '../../../src/packet/reader.ts'
import { serverReader } from '../../../src/packet/server-reader.ts'
import type { MqttServer } from '../../../src/server/server.ts'
import { type ByteReceiver, type ByteTransport, serveBytes } from '../../../src/server/wire.ts'
import { clientReader } from '../../support/client-codec/client-reader.ts'
import { encodeClientPacket } from '../../support/client-codec/encode-client.ts'

/** Something that a server answers, in its order. */
export interface Asked {
  readonly packet: ClientPacket
  /** The topic name of a PUBLISH, whose packet may have an alias in its place. */
  readonly topic: string
}

/** The answer to each packet that has one. */
const ANSWERS: Readonly<Record<string, ServerPacket['kind']>> = {
  connect: 'connack',
  pubrel: 'pubcomp',
  subscribe: 'suback',
  unsubscribe: 'unsuback',
  pingreq: 'pingresp',
}

/** A connection, as its client sees it. */
export class Peer implements ByteTransport {
  readonly name: string
  /** Whether it takes what it is sent only when it is told to. */
  readonly isSlow: boolean
  pending = 0
  /** Whether the server takes no bytes now. */
  isPaused = false
  /** Whether the server has ended it. */
  isEnded = false
  /** Whether it is over, and both sides know. */
  isGone = false
  /** As the server has read it. */
  connect: ConnectPacket | undefined
  /** Whether it was let in. */
  isIn = false
  /** Whether bytes came that are no packet. */
  isBroken = false
  readonly asked: Asked[] = []
  #isCut = false
  readonly #receiver: ByteReceiver
  readonly #read: ReturnType<typeof serverReader>
  #answers: PacketReader<ServerPacket> | undefined
  readonly #aliases = new Map<number, string>()
  readonly #serverAliases = new Map<number, string>()
  #news: Uint8Array[] = []

  constructor(server: MqttServer, name: string, isSlow: boolean) {
    this.name = name
    this.isSlow = isSlow
    const { maxPacketSize, maxConnectSize } = server.settings
    this.#read = serverReader({
      maximumPacketSize: maxPacketSize,
      maximumConnectSize: maxConnectSize,
    })
    this.#receiver = serveBytes(server, this, name)
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#isCut || this.isGone) return
    for (const chunk of chunks) {
      this.#news.push(chunk)
      if (this.isSlow) this.pending += chunk.length
    }
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.isEnded = true
    this.#isCut = true
  }

  /** Whether the bytes it sent end in the middle of a packet, which the next ones would complete. */
  get isWithinPacket(): boolean {
    return this.#read.heldBytes > 0
  }

  /** Sends bytes, and reads them as the server should. */
  send(bytes: Uint8Array): void {
    if (this.isEnded || this.isGone) return
    this.#note(bytes)
    this.#receiver.bytes(bytes)
  }

  /** Sends a packet. */
  sendPacket(packet: ClientPacket): void {
    const version = this.connect?.version ?? 5
    for (const chunk of encodeClientPacket(packet, version)) this.send(chunk)
  }

  /** Takes what is pending. */
  drain(): void {
    if (this.pending === 0 || this.isGone) return
    this.pending = 0
    this.#receiver.drained()
  }

  /** Tells the server of the end, if it has ended it and nothing waits to leave. */
  finish(): void {
    if (this.isEnded && !this.isGone && (this.pending === 0 || this.#isCut)) this.hangUp()
  }

  /** Is gone without a word. */
  hangUp(): void {
    if (this.isGone) return
    this.isGone = true
    this.#receiver.closed()
  }

  /** The packets that came since the last look. A PUBLISH has its topic name. */
  take(): readonly ServerPacket[] {
    if (this.#news.length === 0) return []
    const { version = 4, maximumPacketSize = Infinity } = this.connect ?? {}
    this.#answers ??= clientReader({ version, maximumPacketSize })
    for (const chunk of this.#news) this.#answers.push(chunk)
    this.#news = []
    const packets: ServerPacket[] = []
    for (let packet = this.#answers.next(); packet; packet = this.#answers.next()) {
      packets.push(packet.kind === 'publish' ? this.#named(packet) : packet)
    }
    assert.equal(this.#answers.heldBytes, 0, 'a packet is cut short')
    return packets
  }

  /** What a packet from the server answers, if it answers something. */
  answered(packet: ServerPacket): Asked | undefined {
    const { kind } = packet
    if (kind === 'publish' || kind === 'pubrel' || kind === 'disconnect' || kind === 'auth') return
    if (kind === 'connack' && !this.connect) return
    const asked = this.asked.shift()
    assert.ok(asked, `${kind} answers nothing`)
    assert.equal(kind, answerOf(asked.packet))
    if ('packetId' in packet && 'packetId' in asked.packet) {
      assert.equal(packet.packetId, asked.packet.packetId)
    }
    return asked
  }

  #note(bytes: Uint8Array): void {
    if (this.isBroken) return
    this.#read.push(bytes)
    try {
      for (let packet = this.#read.next(); packet; packet = this.#read.next()) this.#ask(packet)
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.isBroken = true
    }
  }

  #ask(packet: ClientPacket): void {
    if (packet.kind === 'connect') this.connect ??= packet
    let topic = ''
    if (packet.kind === 'publish') {
      topic = packet.topic
      if (packet.topicAlias !== undefined) {
        if (topic === '') topic = this.#aliases.get(packet.topicAlias) ?? ''
        else this.#aliases.set(packet.topicAlias, topic)
      }
    }
    if (answerOf(packet)) this.asked.push({ packet, topic })
  }

  #named(packet: PublishPacket): PublishPacket {
    const { topic, topicAlias } = packet
    if (topicAlias === undefined) return packet
    assert.ok(topicAlias <= (this.connect!.topicAliasMaximum ?? 0))
    if (topic !== '') this.#serverAliases.set(topicAlias, topic)
    return { ...packet, topic: topic || this.#serverAliases.get(topicAlias)! }
  }
}

function answerOf(packet: ClientPacket): ServerPacket['kind'] | undefined {
  if (packet.kind !== 'publish') return ANSWERS[packet.kind]
  return packet.qos === 0 ? undefined : packet.qos === 1 ? 'puback' : 'pubrec'
}
