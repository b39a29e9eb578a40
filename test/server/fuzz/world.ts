/**
 * One server in memory with those who look on, and connections that send it packets, broken ones among
 * them, as they come out of a {@link Draw}.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { AckPacket, PublishPacket, ServerPacket } from '../../../src/packet/packet.ts'
import type { ServerEvent } from '../../../src/server/events.ts'
import { type MqttServer, mqttServer } from '../../../src/server/server.ts'
import type { ServerSettings } from '../../../src/server/settings.ts'
import { joined } from '../../packet/bytes.ts'
import { encodeClientPacket } from '../../support/client-codec/encode-client.ts'
import type { Draw } from '../../support/fuzz-seed.ts'
import { MovedClock } from './clock.ts'
import { Generator } from './generate.ts'
import { cutAtRandom, mutate } from './mutate.ts'
import { type Asked, Peer } from './peer.ts'
import { Oracle, OWNERS, WATCHER } from './rights.ts'
import type { Tally } from './tally.ts'

/** Small, so that they are met. */
const SETTINGS: Partial<ServerSettings> = {
  maxPacketSize: 4_096,
  maxConnectSize: 3_000,
  maxConnections: 40,
  maxUnauthenticated: 20,
  maxSessionsPerOwner: 2,
  maxSessions: 9,
  maxSessionExpiry: 200,
  maxQueuedMessages: 8,
  maxSessionBytes: 8_000,
  maxStoredBytes: 40_000,
  maxInFlight: 100,
  receiveMaximum: 2,
  maxSubscriptions: 6,
  maxFiltersPerPacket: 3,
  maxRetained: 12,
  maxRetainedPerOwner: 6,
  maxBacklog: 2_000,
  topicAliasMaximum: 3,
  serverTopicAliases: 2,
}
/** The watcher's filters. */
const EVERYTHING = ['#', '$x/#']
/** Connections that stay for a while after their packets were sent. */
const MAX_STANDING = 6
/** Longer than each session lives without a connection, in seconds. */
const LONG = 1_000
/** Where a CONNECT of less than 128 bytes has its protocol level. */
const LEVEL_AT = 8
const ADMINISTRATIVE_ACTION = 0x98
const FAILED = 0x80

/** Whether the watcher's filters match a topic name. */
function isWatched(topic: string): boolean {
  return !topic.startsWith('$') || topic === '$x' || topic.startsWith('$x/')
}

/** A message, as what it is told from others by. */
function keyOf({ topic, payload }: Pick<PublishPacket, 'topic' | 'payload'>): string {
  return `${topic}\0${payload.length}\0${payload.subarray(0, 40).join()}`
}

/** A server, and all that happens to it. */
export class World {
  readonly #draw: Draw
  readonly #tally: Tally
  readonly #clock = new MovedClock()
  readonly #oracle = new Oracle()
  readonly #server: MqttServer
  readonly #generator: Generator
  readonly #watcher: Peer
  readonly #standing: Peer[] = []
  /** All that are not gone. */
  readonly #peers = new Set<Peer>()
  /** What the watcher got. */
  readonly #seen = new Set<string>()
  /**
   * Topics of messages that expired while the watcher was backlogged, or that its session had no room for,
   * which MQTT 3.1.1 has no word for.
   */
  readonly #lost = new Set<string>()
  /** What the watcher has to have got when all has come to rest. */
  #acknowledged: Pick<PublishPacket, 'topic' | 'payload'>[] = []
  /** Packet identifiers of QoS 2 that are not released, by session. */
  readonly #unreleased = new Map<string, Set<number>>()
  /** Whose bytes are read now; of nobody while time passes. */
  #acting: Peer | undefined
  #dropped = 0
  #count = 0

  constructor(draw: Draw, tally: Tally) {
    this.#draw = draw
    this.#tally = tally
    const hasRate = draw.below(4) === 0
    this.#server = mqttServer({
      guard: this.#oracle,
      clock: this.#clock,
      settings: hasRate ? { ...SETTINGS, maxPublishRate: 50 } : SETTINGS,
      onEvent: (event) => this.#onEvent(event),
    })
    this.#generator = new Generator(draw)
    this.#watcher = this.#open(false)
  }

  /** Runs some sequences, and ends all. */
  async run(sequences: number): Promise<void> {
    await this.#watch()
    for (let i = 0; i < sequences; i++) await this.#sequence()
    await this.#end()
  }

  /** Somebody who gets everything, and acknowledges it at once. */
  async #watch(): Promise<void> {
    const watcher = this.#watcher
    this.#acting = watcher
    const login = { username: WATCHER, clientId: WATCHER, cleanStart: true, keepAlive: 0 }
    watcher.sendPacket({ kind: 'connect', version: 5, ...login })
    const options = { qos: 2, noLocal: false, retainAsPublished: true, retainHandling: 0 } as const
    const subscriptions = EVERYTHING.map((filter) => ({ filter, ...options }))
    watcher.sendPacket({ kind: 'subscribe', packetId: 1, subscriptions })
    await this.#settle()
    assert.ok(watcher.isIn)
  }

  /** One connection, its packets, and now and then something else between them. */
  async #sequence(): Promise<void> {
    const { below } = this.#draw
    this.#tally.sequences++
    const peer = this.#open(below(10) === 0)
    for (const bytes of this.#script()) {
      if (peer.isEnded) break
      for (const chunk of cutAtRandom(bytes, this.#draw)) {
        // What was on its way when it was paused may still come.
        if (peer.isPaused && below(2) === 0) await this.#pass(1_000)
        await this.#act(peer, () => peer.send(chunk))
      }
      if (below(12) === 0) await this.#somethingElse()
    }
    if (peer.isIn) this.#tally.letIn++
    await this.#leave(peer)
  }

  /** What a client sends, in parts that begin with a packet. */
  #script(): readonly Uint8Array[] {
    const { below } = this.#draw
    const version = below(10) < 7 ? 5 : 4
    const first = this.#generator.connect(version)
    const packets = [
      first,
      ...Array.from({ length: below(14) }, () => this.#generator.next(version)),
    ]
    for (const packet of packets) this.#tally.add('client', packet)
    const parts: Uint8Array[] = []
    for (let at = 0; at < packets.length; ) {
      const some = packets.slice(at, at + 1 + below(below(2) === 0 ? 1 : 5))
      const bytes = joined(some.flatMap((packet) => encodeClientPacket(packet, version)))
      const isFirst = at === 0
      if (isFirst && below(50) === 0) bytes[LEVEL_AT] = below(10)
      const isChanged = below(isFirst ? 25 : 60) === 0
      parts.push(isChanged ? mutate(bytes, this.#draw) : bytes)
      at += some.length
    }
    return parts
  }

  async #leave(peer: Peer): Promise<void> {
    const { below } = this.#draw
    if (below(2) === 0) {
      await this.#act(peer, () => peer.hangUp())
      return
    }
    this.#standing.push(peer)
    const oldest = this.#standing.length > MAX_STANDING ? this.#standing.shift() : undefined
    if (oldest) await this.#act(oldest, () => oldest.hangUp())
  }

  /** What happens beside. */
  async #somethingElse(): Promise<void> {
    const { below, one } = this.#draw
    switch (below(10)) {
      case 0:
      case 1:
        await this.#pass(below(40_000))
        break
      case 2:
        this.#oracle.day++
        for (const owner of OWNERS) this.#server.review(owner)
        await this.#settle()
        break
      case 3:
        await this.#endOwner(one(OWNERS))
        break
      default: {
        if (this.#standing.length === 0) break
        const peer = one(this.#standing)
        if (below(3) === 0) await this.#act(peer, () => peer.drain())
        else {
          const packet = this.#generator.next(peer.connect?.version ?? 5)
          await this.#act(peer, () => peer.sendPacket(packet))
        }
      }
    }
  }

  async #endOwner(owner: string): Promise<void> {
    this.#acting = [...this.#peers].find(({ name }) => this.#oracle.owners.get(name) === owner)
    this.#server.end(owner, ADMINISTRATIVE_ACTION)
    await this.#settle()
    this.#acting = undefined
  }

  /** Does something as one client, and all that comes of it. */
  async #act(peer: Peer, act: () => void): Promise<void> {
    this.#acting = peer
    act()
    await this.#settle()
    this.#acting = undefined
  }

  /** Lets time pass. */
  async #pass(milliseconds: number): Promise<void> {
    const end = this.#clock.now() + milliseconds
    while (this.#clock.step(end)) await this.#settle()
    await this.#settle()
  }

  /** Until nothing more comes of what was done. */
  async #settle(): Promise<void> {
    let isMore = true
    while (isMore) {
      isMore = this.#clock.turn()
      await undefined
      // Logins that take a while take several steps.
      for (; this.#oracle.later > 0; this.#oracle.later--) {
        for (let i = 0; i < 10; i++) await undefined
      }
      for (const peer of this.#peers) {
        for (const packet of peer.take()) {
          isMore = true
          this.#hear(peer, packet)
        }
        peer.finish()
        if (peer.isGone) this.#peers.delete(peer)
      }
    }
    this.#check()
  }

  #check(): void {
    const { connections, sessions, retained, dropped } = this.#server.counters
    assert.equal(connections, this.#peers.size)
    assert.ok(sessions <= SETTINGS.maxSessions! && retained <= SETTINGS.maxRetained!)
    const counted = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.equal(counted, this.#dropped)
    for (const message of this.#acknowledged) {
      const isThere = this.#seen.has(keyOf(message)) || this.#lost.has(message.topic)
      assert.ok(isThere, `what was acknowledged is lost: ${keyOf(message)}`)
    }
    this.#acknowledged = []
    this.#lost.clear()
    for (const peer of this.#peers) {
      if (peer.isEnded || peer.isPaused || !peer.isIn) continue
      assert.ok(!peer.isBroken, 'a connection stays that sent what is no packet')
      assert.equal(peer.asked.length, 0, 'something was not answered')
    }
  }

  #hear(peer: Peer, packet: ServerPacket): void {
    this.#tally.add('server', packet)
    if (packet.kind === 'publish') this.#receive(peer, packet)
    else if (packet.kind === 'pubrel' && peer === this.#watcher) {
      peer.sendPacket({ kind: 'pubcomp', packetId: packet.packetId, reasonCode: 0 })
    }
    const asked = peer.answered(packet)
    if (packet.kind === 'connack') {
      peer.isIn = packet.reasonCode === 0
      // A login that is refused leaves the session as it was.
      if (peer.isIn && !packet.sessionPresent) this.#unreleased.delete(this.#sessionOf(peer))
    }
    if (packet.kind === 'puback' || packet.kind === 'pubrec') {
      this.#checkAnswer(peer, packet, asked!)
    } else if (packet.kind === 'pubcomp') {
      const isKnown = this.#unreleased.get(this.#sessionOf(peer))?.delete(packet.packetId) ?? false
      if (peer.connect?.version === 5) assert.equal(packet.reasonCode === 0, isKnown)
    }
  }

  /** A message that came to somebody. */
  #receive(peer: Peer, packet: PublishPacket): void {
    const { topic, qos, retain, packetId } = packet
    const owner = this.#oracle.owners.get(peer.name)!
    assert.ok(this.#oracle.mayReceive(owner, topic), `${owner} got ${topic}`)
    if (peer !== this.#watcher) {
      // Some acknowledge, some do not; and none where that would complete a PUBLISH, as another one acts.
      if (qos > 0 && this.#draw.below(2) === 0 && !peer.isWithinPacket) {
        const kind = qos === 1 ? 'puback' : 'pubrec'
        peer.sendPacket({ kind, packetId: packetId!, reasonCode: 0 })
      }
      return
    }
    const from = this.#acting && this.#oracle.owners.get(this.#acting.name)
    const isGranted = from
      ? this.#oracle.mayPublish(from, topic, qos, retain)
      : this.#oracle.mayAnybodyPublish(topic, qos, retain)
    assert.ok(isGranted, `${from ?? 'somebody'} published to ${topic}`)
    this.#seen.add(keyOf(packet))
    if (qos > 0) {
      peer.sendPacket({ kind: qos === 1 ? 'puback' : 'pubrec', packetId: packetId!, reasonCode: 0 })
    }
  }

  /** What a PUBLISH was answered with. */
  #checkAnswer(peer: Peer, { reasonCode, packetId }: AckPacket, { packet, topic }: Asked): void {
    const { qos, retain, payload } = packet as PublishPacket
    const session = this.#sessionOf(peer)
    const unreleased = this.#unreleased.get(session) ?? new Set()
    this.#unreleased.set(session, unreleased)
    // It came before: what this one holds is not looked at.
    if (qos === 2 && unreleased.has(packetId)) {
      assert.equal(reasonCode, 0)
      return
    }
    const isGranted = this.#oracle.mayPublish(this.#ownerOf(peer), topic, qos, retain)
    const isKept = reasonCode < FAILED
    assert.ok(isGranted || !isKept, `a denied publish was answered with ${reasonCode}`)
    if (isKept && qos === 2) unreleased.add(packetId)
    if (isKept && isWatched(topic)) this.#acknowledged.push({ topic, payload })
  }

  #ownerOf(peer: Peer): string {
    return this.#oracle.owners.get(peer.name)!
  }

  #sessionOf(peer: Peer): string {
    return `${this.#oracle.owners.get(peer.name)}\0${peer.connect?.clientId || peer.name}`
  }

  #open(isSlow: boolean): Peer {
    const peer = new Peer(this.#server, `p${this.#count++}`, isSlow)
    this.#peers.add(peer)
    return peer
  }

  #onEvent(event: ServerEvent): void {
    if (event.kind === 'dropped') {
      this.#dropped++
      if (event.owner === WATCHER) this.#lost.add(event.topic)
    }
    if (event.kind === 'error') assert.match(event.error.message, /as it was to/)
  }

  /** All go, and nothing is left of them. */
  async #end(): Promise<void> {
    for (const peer of this.#standing) await this.#act(peer, () => peer.hangUp())
    await this.#pass(LONG * 1_000)
    assert.equal(this.#server.counters.sessions, 1)
    assert.equal(this.#server.counters.subscriptions, EVERYTHING.length)
    const unsubscribe = { kind: 'unsubscribe', packetId: 1, filters: EVERYTHING } as const
    await this.#act(this.#watcher, () => this.#watcher.sendPacket(unsubscribe))
    assert.equal(this.#server.counters.storedBytes, 0)
    await this.#close()
  }

  async #close(): Promise<void> {
    for (const username of OWNERS) {
      const peer = this.#open(false)
      const login = { username, clientId: 'last', cleanStart: true, keepAlive: 0 }
      await this.#act(peer, () => peer.sendPacket({ kind: 'connect', version: 5, ...login }))
      assert.ok(peer.isIn)
    }
    this.#server.close()
    await this.#settle()
    await this.#pass(LONG * 1_000)
    assert.equal(this.#server.counters.connections, 0)
  }
}
