/**
 * The server's end of one connection: what it says and hears, packet by packet.
 *
 * @module
 */
import { toError } from '../base/errors.ts'
import { andThen, orElse } from '../base/maybe-promise.ts'
import { encodeServerPacket } from '../packet/encode-server.ts'
import type { PacketError } from '../packet/error.ts'
import type {
  AckPacket,
  ClientPacket,
  ConnectPacket,
  DisconnectPacket,
  PacketWill,
  PublishPacket,
  ServerPacket,
} from '../packet/packet.ts'
import { publishSize } from '../packet/publish.ts'
import { REASON } from '../packet/reason.ts'
import { carefulRights } from './careful.ts'
import { accept, refuse, settle, type Terms } from './connack.ts'
import type { ServerCore } from './core.ts'
import type { ClientRef } from './events.ts'
import type { ClientRights, Login } from './guard.ts'
import type { Endpoint, Link } from './link.ts'
import { type Delivery, publishPacket } from './message.ts'
import { ReceivedAliases, takePublish, wrongWill } from './publishing.ts'
import type { Session, SessionConnection } from './session.ts'
import { type FilterAnswer, reviewSession, takeSubscribe, takeUnsubscribe } from './subscribing.ts'

/** How much is done for one connection until others have their turn, in copies of messages. */
const WORK_PER_TURN = 5_000
/** What a packet counts for, and each filter in it. */
const PACKET_WORK = 10
/** How long a client has to take what it is told last, in milliseconds. */
const GOODBYE_MS = 1_000
/** Most that a topic alias adds to a packet: itself, and a byte to each of two lengths. */
const ALIAS_BYTES = 5

/** What is known of a client that is logged in. */
interface Established {
  readonly session: Session
  /** Those it logged in with: its session may have those of a later login already. */
  readonly rights: ClientRights
  readonly terms: Terms
}

/** What connections tell the server they belong to. */
export interface ConnectionEvents {
  /** The client of one is logged in. */
  onEstablished(connection: Connection): void
  /** One was sent something, and is to be looked at until that has left. */
  onSent(): void
  /** One is gone. */
  onClosed(connection: Connection): void
}

/** One connection. */
export class Connection implements Endpoint, SessionConnection {
  readonly #core: ServerCore
  readonly #link: Link
  readonly #peer: string | undefined
  readonly #events: ConnectionEvents
  readonly #since: number
  #state: 'fresh' | 'pending' | 'open' | 'closed' = 'fresh'
  #client: ClientRef | undefined
  #established: Established | undefined
  #will: PacketWill | undefined
  #aliases: ReceivedAliases | undefined
  #sentAliases: Map<string, number> | undefined
  /** Whether more retained messages are sent in the next turn. */
  #isReplaying = false
  #heardAt: number
  /** How much had left at that time. */
  #departed = 0
  #departedAt: number
  #work = 0
  /** Whether it waits for its next turn. */
  #isResting = false
  /** Whether it waits until its next publish is in time. */
  #isEarly = false
  /** Whether it is looked at for what is due. */
  #isWatched = true
  /** For the end of the connection. */
  #stopWaiting: (() => void) | undefined

  constructor(core: ServerCore, link: Link, peer: string | undefined, events: ConnectionEvents) {
    this.#core = core
    this.#link = link
    this.#peer = peer
    this.#events = events
    this.#since = core.clock.now()
    this.#heardAt = this.#since
    this.#departedAt = this.#since
  }

  get isReady(): boolean {
    if (this.#state !== 'fresh' && this.#state !== 'open') return false
    return !this.#isResting && !this.#isEarly && !this.isBacklogged
  }

  get isBacklogged(): boolean {
    return this.#link.backlog > this.#core.settings.maxBacklog
  }

  get client(): ClientRef {
    return this.#client!
  }

  heard(bytes: number): void {
    this.#heardAt = this.#core.clock.now()
    this.#core.notices.bytesReceived += bytes
  }

  wrote(bytes: number): void {
    this.#core.notices.bytesSent += bytes
  }

  receive(packet: ClientPacket): void {
    if (this.#state === 'fresh') {
      if (packet.kind === 'connect') this.#connect(packet)
      else this.#drop()
      return
    }
    const established = this.#established
    if (this.#state !== 'open' || !established) return
    this.#spend(PACKET_WORK)
    this.#take(packet, established)
  }

  fail({ reasonCode, message }: PacketError): void {
    const { owner, clientId } = this.#client ?? {}
    this.#core.notices.tell({
      kind: 'malformed',
      owner,
      clientId,
      peer: this.#peer,
      problem: message,
    })
    if (this.#state !== 'fresh') {
      this.close(reasonCode)
      return
    }
    // A server of MQTT 3.1.1 says this to whoever speaks another version (its section 3.1.2.2).
    if (reasonCode === REASON.unsupportedProtocolVersion) this.#link.send(refuse(4, reasonCode))
    this.#drop()
  }

  drained(): void {
    const session = this.#established?.session
    if (!session || this.#state !== 'open' || this.isBacklogged) return
    session.outgoing.pump()
    this.#replay(session)
    this.#link.resume()
  }

  closed(): void {
    this.#stopWaiting?.()
    this.#leave(undefined, this.#will)
    this.#events.onClosed(this)
  }

  publish(delivery: Delivery, packetId: number | undefined, dup: boolean): boolean {
    const { version, maximumPacketSize, topicAliases } = this.#established!.terms
    let packet = publishPacket(delivery, packetId, dup, this.#core.clock.now())
    const size = maximumPacketSize === Infinity ? 0 : publishSize(packet, version)
    if (size > maximumPacketSize) return false
    if (topicAliases > 0 && size + ALIAS_BYTES <= maximumPacketSize) {
      packet = this.#withAlias(packet, topicAliases)
    }
    this.#core.notices.messagesSent++
    this.send(packet)
    return true
  }

  send(packet: ServerPacket): void {
    if (this.#state !== 'open') return
    this.#link.send(packet)
    if (this.#isWatched) return
    this.#isWatched = true
    this.#departedAt = this.#core.clock.now()
    this.#events.onSent()
  }

  close(reasonCode: number): void {
    if (this.#state === 'closed') return
    if (this.#established?.terms.version === 5 && !this.isBacklogged) {
      this.#link.send({ kind: 'disconnect', reasonCode })
    }
    this.#leave(reasonCode, this.#will)
    this.#hangUp()
  }

  /**
   * Ends the connection if its client is silent, or takes nothing, for too long. Returns whether there is
   * something to look at again.
   */
  check(now: number): boolean {
    const { connectTimeout, stallTimeout } = this.#core.settings
    const isFresh = this.#state === 'fresh'
    if (isFresh && now - this.#since > connectTimeout * 1_000) this.#link.destroy()
    const { backlog, departed } = this.#link
    if (backlog === 0 || departed !== this.#departed) {
      this.#departed = departed
      this.#departedAt = now
    } else if (now - this.#departedAt > stallTimeout * 1_000) this.#link.destroy()
    // What was held back here was not heard.
    if (!this.isReady) this.#heardAt = now
    const keepAlive = this.#established?.terms.keepAlive ?? 0
    // One and a half times, says section 3.1.2.10.
    if (this.#state === 'open' && keepAlive > 0 && now - this.#heardAt > keepAlive * 1_500) {
      this.close(REASON.keepAliveTimeout)
    }
    this.#isWatched = isFresh || backlog > 0 || keepAlive > 0
    return this.#isWatched
  }

  #connect(connect: ConnectPacket): void {
    const { version, clientId, cleanStart, username, password, authenticationMethod } = connect
    const wrong = connect.will && wrongWill(connect.will)
    if (wrong !== undefined) {
      // MQTT 3.1.1 has no return code for it (its section 3.1.4).
      if (version === 5) this.#refuse(version, wrong)
      else this.#drop()
      return
    }
    if (authenticationMethod !== undefined) {
      this.#refuse(version, REASON.badAuthenticationMethod)
      return
    }
    if (clientId === '' && version === 4 && !cleanStart) {
      this.#refuse(version, REASON.clientIdentifierNotValid)
      return
    }
    this.#state = 'pending'
    const id = clientId || `auto-${crypto.randomUUID()}`
    const request = { clientId: id, username, password, peer: this.#peer }
    const failed = (error: unknown): Login => {
      this.#core.notices.tell({ kind: 'error', error: toError(error) })
      return { effect: 'deny', reasonCode: REASON.serverUnavailable }
    }
    void andThen(
      orElse<Login>(() => this.#core.guard.login(request), failed),
      (login) => {
        if (this.#state !== 'pending') return
        if (login.effect === 'deny') this.#refuse(version, login.reasonCode)
        else this.#establish(connect, id, login)
      },
    )
  }

  #establish(connect: ConnectPacket, clientId: string, login: Login & { effect: 'allow' }): void {
    const { settings, sessions, notices } = this.#core
    const client = { owner: login.owner, clientId, peer: this.#peer }
    const rights = carefulRights(login.rights, (error) => notices.tell({ kind: 'error', error }))
    const terms = settle(connect, settings)
    const assigned = connect.clientId === '' ? clientId : undefined
    const welcome = (isPresent: boolean) => accept(connect, terms, settings, isPresent, assigned)
    if (!fits(welcome(false), terms)) {
      this.#refuse(connect.version, REASON.packetTooLarge)
      return
    }
    const opened = sessions.open(client, rights, connect)
    if (!opened) {
      notices.onRefused('sessions-full', this.#peer, login.owner)
      this.#refuse(connect.version, REASON.quotaExceeded)
      return
    }
    const { session, isPresent } = opened
    this.#client = client
    this.#established = { session, rights: login.rights, terms }
    this.#will = connect.will
    this.#aliases = new ReceivedAliases(settings.topicAliasMaximum)
    this.#state = 'open'
    // What the client sent since was held back.
    this.#heardAt = this.#core.clock.now()
    this.#events.onEstablished(this)
    session.expiryInterval = terms.sessionExpiryInterval
    sessions.attach(session, this)
    this.send(welcome(isPresent))
    notices.clients++
    notices.tell({ kind: 'connected', client, rights: login.rights })
    if (isPresent) reviewSession(this.#core, session)
    session.outgoing.attach(this, terms.window)
    this.#replay(session)
    this.#link.resume()
  }

  #take(packet: ClientPacket, { session, terms }: Established): void {
    switch (packet.kind) {
      case 'publish':
        this.#publish(packet, session, terms)
        break
      case 'puback':
        session.outgoing.acknowledged(packet.packetId)
        this.#replay(session)
        break
      case 'pubrec':
        session.outgoing.received(packet.packetId, packet.reasonCode)
        this.#replay(session)
        break
      case 'pubrel':
        this.#release(packet.packetId, session)
        break
      case 'pubcomp':
        session.outgoing.completed(packet.packetId)
        this.#replay(session)
        break
      case 'subscribe': {
        const answers = takeSubscribe(this.#core, session, packet)
        this.#spend(answers.length * PACKET_WORK)
        this.#answerFilters('suback', packet.packetId, answers)
        this.#replay(session)
        break
      }
      case 'unsubscribe': {
        const answers = takeUnsubscribe(this.#core, session, packet)
        this.#spend(answers.length * PACKET_WORK)
        for (const { filter, reasonCode } of answers) {
          if (reasonCode !== REASON.success) continue
          this.#core.notices.tell({ kind: 'unsubscribed', client: this.client, filter })
        }
        this.#answerFilters('unsuback', packet.packetId, answers)
        break
      }
      case 'pingreq':
        this.send({ kind: 'pingresp' })
        break
      case 'disconnect':
        this.#disconnect(packet, session, terms)
        break
      default:
        // A second CONNECT, or an AUTH that nobody asked for.
        this.close(REASON.protocolError)
    }
  }

  #publish(packet: PublishPacket, session: Session, { version }: Terms): void {
    const { notices, rate, clock } = this.#core
    notices.messagesReceived++
    const outcome = takePublish(this.#core, session, packet, this.#aliases!, version)
    if (outcome.kind === 'end') {
      this.close(outcome.reasonCode)
      return
    }
    const { reasonCode, receivers, explain } = outcome
    this.#spend(receivers)
    const wait = rate.take(session.owner, clock.now())
    if (wait > 0) this.#waitForRate(wait)
    const { qos, packetId } = packet
    // MQTT 3.1.1 has no word for a publish that is refused (its section 3.3.5).
    if (outcome.kind === 'refuse' && version === 4) {
      this.close(reasonCode)
      return
    }
    if (qos === 0) return
    const kind = qos === 1 ? 'puback' : 'pubrec'
    this.#answer({ kind, packetId: packetId!, reasonCode }, explain)
  }

  #release(packetId: number, session: Session): void {
    const isKnown = session.received.delete(packetId)
    const reasonCode = isKnown ? REASON.success : REASON.packetIdentifierNotFound
    this.send({ kind: 'pubcomp', packetId, reasonCode })
  }

  #disconnect(packet: DisconnectPacket, session: Session, { isLasting }: Terms): void {
    const { reasonCode, sessionExpiryInterval } = packet
    if (sessionExpiryInterval !== undefined) {
      // Section 3.14.2.2.2.
      if (sessionExpiryInterval > 0 && !isLasting) {
        this.close(REASON.protocolError)
        return
      }
      const { maxSessionExpiry } = this.#core.settings
      session.expiryInterval = Math.min(sessionExpiryInterval, maxSessionExpiry)
    }
    // Section 3.14.4: only this reason discards the will.
    this.#leave(reasonCode, reasonCode === REASON.success ? undefined : this.#will)
    this.#hangUp()
  }

  #answerFilters(
    kind: 'suback' | 'unsuback',
    packetId: number,
    answers: readonly FilterAnswer[],
  ): void {
    const reasonCodes = answers.map(({ reasonCode }) => reasonCode)
    const explain = answers.find((answer) => answer.explain)?.explain
    this.#answer({ kind, packetId, reasonCodes }, explain)
  }

  #answer(
    packet: AckPacket | Extract<ServerPacket, { kind: 'suback' | 'unsuback' }>,
    explain: (() => string) | undefined,
  ): void {
    const { terms } = this.#established!
    const reasonString = terms.takesReasons ? explain?.() : undefined
    const explained = reasonString ? { ...packet, reasonString } : packet
    if (fits(explained, terms)) this.send(explained)
    else if (fits(packet, terms)) this.send(packet)
    else this.close(REASON.packetTooLarge)
  }

  #withAlias(packet: PublishPacket, most: number): PublishPacket {
    this.#sentAliases ??= new Map()
    const known = this.#sentAliases.get(packet.topic)
    if (known !== undefined) return { ...packet, topic: '', topicAlias: known }
    if (this.#sentAliases.size >= most) return packet
    const topicAlias = this.#sentAliases.size + 1
    this.#sentAliases.set(packet.topic, topicAlias)
    return { ...packet, topicAlias }
  }

  /** Sends what is retained for new subscriptions, in this turn and those after it. */
  #replay(session: Session): void {
    const { clock } = this.#core
    if (this.#isReplaying || !session.replay.run(clock.now())) return
    this.#isReplaying = true
    clock.soon(() => {
      this.#isReplaying = false
      if (session.connection === this) this.#replay(session)
    })
  }

  #spend(work: number): void {
    this.#work += work
    if (this.#work < WORK_PER_TURN || this.#isResting) return
    this.#isResting = true
    this.#core.clock.soon(() => {
      this.#work = 0
      this.#isResting = false
      if (this.isReady) this.#link.resume()
    })
  }

  #waitForRate(delay: number): void {
    this.#isEarly = true
    this.#core.clock.after(delay, () => {
      this.#isEarly = false
      if (this.isReady) this.#link.resume()
    })
  }

  #refuse(version: 4 | 5, reasonCode: number): void {
    this.#link.send(refuse(version, reasonCode))
    this.#drop()
  }

  /** Ends a connection that is not logged in. */
  #drop(): void {
    this.#state = 'closed'
    this.#hangUp()
  }

  #hangUp(): void {
    this.#link.end()
    this.#stopWaiting = this.#core.clock.after(GOODBYE_MS, () => this.#link.destroy())
  }

  /** Leaves the session, once. */
  #leave(reasonCode: number | undefined, will: PacketWill | undefined): void {
    const isOpen = this.#state === 'open'
    this.#state = 'closed'
    if (!isOpen) return
    const { session, rights } = this.#established!
    const { sessions, notices } = this.#core
    notices.clients--
    sessions.detach(session, will)
    notices.tell({ kind: 'disconnected', client: this.client, rights, reasonCode })
  }
}

/** Whether a client takes a packet as large (MQTT 5, section 3.1.2.11.4). */
function fits(packet: ServerPacket, { version, maximumPacketSize }: Terms): boolean {
  if (maximumPacketSize === Infinity) return true
  let size = 0
  for (const { length } of encodeServerPacket(packet, version)) size += length
  return size <= maximumPacketSize
}
