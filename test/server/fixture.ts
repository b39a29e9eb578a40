/**
 * A server whose clock is in the test's hands, and clients in memory that speak bytes to it. Nothing
 * waits for time, and nothing is left to chance.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers'
import type {
  AckPacket,
  ClientPacket,
  ConnackPacket,
  ConnectPacket,
  PacketQos,
  PacketSubscription,
  ProtocolVersion,
  PublishPacket,
  ServerPacket,
  SubscribePacket,
} from '../../src/packet/packet.ts'
import type { PacketReader } from '../../src/packet/reader.ts'
import type { ServerClock } from '../../src/server/clock.ts'
import type { ServerEvent } from '../../src/server/events.ts'
import { type ClientRights, OPEN_GUARD, type ServerGuard } from '../../src/server/guard.ts'
import { type MqttServer, mqttServer } from '../../src/server/server.ts'
import type { ServerSettings } from '../../src/server/settings.ts'
import { type ByteReceiver, type ByteTransport, serveBytes } from '../../src/server/wire.ts'
import { hex, joined } from '../packet/bytes.ts'
import { clientReader } from '../support/client-codec/client-reader.ts'
import { encodeClientPacket } from '../support/client-codec/encode-client.ts'

/** A clock that stands still until told. */
export class HandClock implements ServerClock {
  #now = 1_000_000
  #timers: { readonly at: number; readonly run: () => void }[] = []
  #soon: (() => void)[] = []

  now(): number {
    return this.#now
  }

  /** Whether there are timers. */
  get isWaiting(): boolean {
    return this.#timers.length > 0
  }

  after(delay: number, run: () => void): () => void {
    const timer = { at: this.#now + delay, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  /** Lets milliseconds pass. Timers run when they are due, in their order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#now = due.at
      due.run()
    }
    this.#now = end
  }

  /** One turn of the event loop: runs what was to run soon. Tells whether there was something. */
  turn(): boolean {
    const soon = this.#soon
    this.#soon = []
    for (const run of soon) run()
    return soon.length > 0
  }
}

/** Waits until no promise has anything more to do. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Less than a client has to take what it is sent. */
const STEP_MS = 5_000

/** What a {@link Site} is to be like. */
export interface SiteOptions {
  /** What its clients speak, where they do not say otherwise. Default: MQTT 5. */
  readonly version?: ProtocolVersion
  readonly settings?: Partial<ServerSettings>
  /** Default: lets everybody do everything. */
  readonly guard?: ServerGuard
}

/** A server and its clients. */
export class Site {
  readonly clock = new HandClock()
  readonly events: ServerEvent[] = []
  readonly server: MqttServer
  readonly version: ProtocolVersion

  constructor({ version = 5, settings = {}, guard = OPEN_GUARD }: SiteOptions = {}) {
    this.version = version
    const { clock } = this
    this.server = mqttServer({
      guard,
      settings,
      clock,
      onEvent: (event) => this.events.push(event),
    })
  }

  /** A connection over which nothing was sent yet. */
  raw(version: ProtocolVersion = this.version, peer?: string): Client {
    return new Client(this.server, version, peer)
  }

  /** A client that is logged in, with a session that ends with its connection if nothing else is said. */
  async connect(clientId: string, fields: Partial<ConnectPacket> = {}): Promise<Client> {
    const client = this.raw(fields.version)
    const { reasonCode } = await client.connect(clientId, fields)
    assert.equal(reasonCode, 0, 'the connection is refused')
    return client
  }

  /** A client with a session that outlives its connection, the one it has if there is one. */
  persist(clientId: string, fields: Partial<ConnectPacket> = {}): Promise<Client> {
    const lasting = { cleanStart: false, sessionExpiryInterval: 1_000 }
    return this.connect(clientId, { ...lasting, ...fields })
  }

  /** Lets milliseconds pass, and what comes of them reach the network every few seconds. */
  async advance(ms: number): Promise<void> {
    let left = ms
    while (left > 0) {
      const step = this.clock.isWaiting ? Math.min(left, STEP_MS) : left
      this.clock.advance(step)
      left -= step
      await settle()
    }
  }

  /** Lets turns of the event loop pass until nothing is left to do in them. Returns how many there were. */
  async turns(): Promise<number> {
    for (let count = 0; ; count++) {
      await settle()
      if (!this.clock.turn()) return count
    }
  }

  /** The events of a kind. */
  told<K extends ServerEvent['kind']>(kind: K): readonly (ServerEvent & { readonly kind: K })[] {
    return this.events.filter((event) => event.kind === kind) as (ServerEvent & { kind: K })[]
  }
}

/** What stands in a PUBLISH beside its topic and payload. */
export type PublishFields = Partial<Omit<PublishPacket, 'kind' | 'topic' | 'payload'>>

/** What stands in a SUBSCRIBE beside its filter. */
export type SubscribeFields = Partial<Omit<PacketSubscription, 'filter'>> & {
  readonly identifier?: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A client and the network between it and the server. */
export class Client implements ByteTransport {
  readonly version: ProtocolVersion
  /** Whether the server asked for no more bytes. */
  isPaused = false
  /** How the connection ended. */
  state: 'open' | 'ending' | 'ended' | 'destroyed' | 'lost' = 'open'
  /** Bytes that the network did not take yet. */
  pending = 0
  /** Bytes that came. */
  received = 0
  readonly #receiver: ByteReceiver
  readonly #reader: PacketReader<ServerPacket>
  /** What is wrong with what the server sent. */
  #error: unknown
  #isTaking = true
  #inbox: ServerPacket[] = []
  #outgoing: Uint8Array[] = []
  #held: Uint8Array[] = []
  #lastId = 0

  constructor(server: MqttServer, version: ProtocolVersion, peer?: string) {
    this.version = version
    this.#reader = clientReader({ version, maximumPacketSize: 268_435_460 })
    this.#receiver = serveBytes(server, this, peer)
  }

  /** Sends some bytes, in one chunk. */
  bytes(chunk: Uint8Array | string): Promise<void> {
    const data = typeof chunk === 'string' ? hex(chunk) : chunk
    if (this.isPaused) this.#held.push(data)
    else this.#receiver.bytes(data)
    return settle()
  }

  /** Sends some packets, in one chunk. */
  send(...packets: readonly ClientPacket[]): Promise<void> {
    return this.bytes(
      joined(packets.flatMap((packet) => [...encodeClientPacket(packet, this.version)])),
    )
  }

  /** Takes all packets that came. */
  packets(): readonly ServerPacket[] {
    if (this.#error) throw this.#error
    const packets = this.#inbox
    this.#inbox = []
    return packets
  }

  /** Takes the messages that came. */
  messages(): readonly PublishPacket[] {
    if (this.#error) throw this.#error
    const messages = this.#inbox.filter((packet) => packet.kind === 'publish')
    this.#inbox = this.#inbox.filter((packet) => packet.kind !== 'publish')
    return messages
  }

  /** Takes the payloads of the messages that came, as texts. */
  texts(): readonly string[] {
    return this.messages().map(textOf)
  }

  /** Takes the first packet of a kind that came. */
  next<K extends ServerPacket['kind']>(kind: K): ServerPacket & { readonly kind: K } {
    if (this.#error) throw this.#error
    const at = this.#inbox.findIndex((packet) => packet.kind === kind)
    const kinds = this.#inbox.map((packet) => packet.kind).join(', ')
    assert.notEqual(at, -1, `there is no ${kind} among: ${kinds}; the connection is ${this.state}`)
    return this.#inbox.splice(at, 1)[0] as ServerPacket & { kind: K }
  }

  /** A packet identifier that is not in use. */
  newId(): number {
    return ++this.#lastId
  }

  async connect(clientId: string, fields: Partial<ConnectPacket> = {}): Promise<ConnackPacket> {
    await this.send(connectPacket(this.version, clientId, fields))
    return this.next('connack')
  }

  /** Subscribes, and returns the reason codes. */
  async subscribe(
    filters: string | readonly string[],
    { identifier, ...fields }: SubscribeFields = {},
  ): Promise<readonly number[]> {
    await this.send(subscribePacket(this.newId(), filters, fields, identifier))
    return this.next('suback').reasonCodes
  }

  /** Unsubscribes, and returns the reason codes. */
  async unsubscribe(...filters: readonly string[]): Promise<readonly number[]> {
    await this.send({ kind: 'unsubscribe', packetId: this.newId(), filters })
    return this.next('unsuback').reasonCodes
  }

  /** Publishes, at QoS 0 if nothing else is said, and returns the reason code of the answer. */
  async publish(topic: string, payload = '', fields: PublishFields = {}): Promise<number> {
    const { qos = 0, packetId = this.newId() } = fields
    await this.send(publishPacket(topic, payload, { ...fields, packetId }))
    if (qos === 0) return 0
    const answer = this.next(qos === 1 ? 'puback' : 'pubrec')
    assert.equal(answer.packetId, packetId)
    if (qos === 2 && answer.reasonCode < 0x80) {
      await this.ack('pubrel', packetId)
      assert.equal(this.next('pubcomp').packetId, packetId)
    }
    return answer.reasonCode
  }

  /** Sends an acknowledgement. */
  ack(kind: AckPacket['kind'], packetId: number | undefined, reasonCode = 0): Promise<void> {
    return this.send({ kind, packetId: packetId!, reasonCode })
  }

  disconnect(reasonCode = 0, sessionExpiryInterval?: number): Promise<void> {
    return this.send({
      kind: 'disconnect',
      reasonCode,
      ...(sessionExpiryInterval !== undefined && { sessionExpiryInterval }),
    })
  }

  /** The network breaks. */
  async lose(): Promise<void> {
    this.state = 'lost'
    this.#receiver.closed()
    await settle()
  }

  /** The network takes no bytes from now on. */
  stall(): void {
    this.#isTaking = false
  }

  /** The network takes some bytes, or all and those to come. */
  async take(bytes = Number.POSITIVE_INFINITY): Promise<void> {
    if (bytes === Number.POSITIVE_INFINITY) this.#isTaking = true
    this.#leave(bytes)
    this.#receiver.drained()
    await settle()
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.state !== 'open') return
    for (const chunk of chunks) {
      this.#outgoing.push(chunk)
      this.pending += chunk.length
    }
    if (this.#isTaking) this.#leave(this.pending)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    queueMicrotask(() => {
      while (!this.isPaused && this.#held.length > 0) this.#receiver.bytes(this.#held.shift()!)
    })
  }

  end(): void {
    if (this.state !== 'open') return
    this.state = 'ending'
    if (this.pending === 0) this.#close('ended')
  }

  destroy(): void {
    if (this.state !== 'open' && this.state !== 'ending') return
    this.#close('destroyed')
  }

  #leave(bytes: number): void {
    let left = bytes
    while (left > 0 && this.#outgoing.length > 0) {
      const chunk = this.#outgoing.shift()!
      const taken = chunk.subarray(0, left)
      if (taken.length < chunk.length) this.#outgoing.unshift(chunk.subarray(taken.length))
      left -= taken.length
      this.pending -= taken.length
      this.received += taken.length
      this.#reader.push(taken)
    }
    try {
      for (let packet = this.#reader.next(); packet; packet = this.#reader.next()) {
        this.#inbox.push(packet)
      }
    } catch (error) {
      this.#error = error
    }
    if (this.state === 'ending' && this.pending === 0) this.#close('ended')
  }

  #close(state: 'ended' | 'destroyed'): void {
    this.state = state
    queueMicrotask(() => this.#receiver.closed())
  }
}

/** Expects that the server ended a connection: with a DISCONNECT in MQTT 5, and without in MQTT 3.1.1. */
export function assertEnded(client: Client, reasonCode: number): void {
  const last = client.packets().at(-1)
  if (client.version === 5) assert.deepEqual(last, { kind: 'disconnect', reasonCode })
  else assert.notEqual(last?.kind, 'disconnect')
  assert.equal(client.state, 'ended')
}

/** The payload of a message as a text. */
export function textOf({ payload }: PublishPacket): string {
  return decoder.decode(payload)
}

export function connectPacket(
  version: ProtocolVersion,
  clientId: string,
  fields: Partial<ConnectPacket> = {},
): ConnectPacket {
  return { kind: 'connect', version, cleanStart: true, keepAlive: 0, clientId, ...fields }
}

export function publishPacket(
  topic: string,
  payload: string,
  { qos = 0, packetId, ...fields }: PublishFields = {},
): PublishPacket {
  return {
    kind: 'publish',
    topic,
    payload: encoder.encode(payload),
    retain: false,
    dup: false,
    qos,
    ...(qos > 0 && packetId !== undefined && { packetId }),
    ...fields,
  }
}

export function subscribePacket(
  packetId: number,
  filters: string | readonly string[],
  fields: Partial<Omit<PacketSubscription, 'filter'>> = {},
  subscriptionIdentifier?: number,
): SubscribePacket {
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  return {
    kind: 'subscribe',
    packetId,
    subscriptions: [filters].flat().map((filter) => ({ filter, ...options, ...fields })),
    ...(subscriptionIdentifier !== undefined && { subscriptionIdentifier }),
  }
}

/** A will, at QoS 0 if nothing else is said. */
export function will(
  topic: string,
  payload: string,
  fields: Partial<NonNullable<ConnectPacket['will']>> = {},
): { readonly will: NonNullable<ConnectPacket['will']> } {
  return {
    will: {
      topic,
      payload: encoder.encode(payload),
      qos: 0 as PacketQos,
      retain: false,
      ...fields,
    },
  }
}

/** A guard that lets everybody in, each user name as an owner, with rights that are as open as is not said. */
export function guardOf(rights: Partial<ClientRights>): ServerGuard {
  const open = OPEN_GUARD.login({
    clientId: '',
    username: undefined,
    password: undefined,
    peer: undefined,
  })
  assert(!(open instanceof Promise) && open.effect === 'allow')
  return {
    login: ({ username = '' }) => ({
      effect: 'allow',
      owner: username,
      rights: { ...open.rights, ...rights },
    }),
  }
}
