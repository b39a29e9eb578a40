/**
 * Packets of clients, drawn at random: of few topics, filters and identifiers, so that they meet.
 *
 * @module
 */
import type {
  AckPacket,
  ClientPacket,
  ConnectPacket,
  PacketQos,
  ProtocolVersion,
  PublishPacket,
  SubscribePacket,
} from '../../../src/packet/packet.ts'
import {
  CLIENT_AUTH_CODES,
  CLIENT_DISCONNECT_CODES,
  RECEIVED_CODES,
  RELEASED_CODES,
} from '../../../src/packet/reason-codes.ts'
import type { Draw } from '../../support/fuzz-seed.ts'
import { LATER, OWNERS, REFUSED, SECRET } from './rights.ts'

const LEVELS = ['a', 'b', 'c', 'd', '', 'ü', SECRET] as const
/** A first level that the watcher does not see. */
const UNSEEN = '$y'
const KINDS = ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const

/** Draws packets, with payloads that tell them apart. */
export class Generator {
  readonly #draw: Draw
  #payloads = 0

  constructor(draw: Draw) {
    this.#draw = draw
  }

  /** One that is let in, more often than not. */
  connect(version: ProtocolVersion): ConnectPacket {
    const { below, one } = this.#draw
    const isOwner = below(8) > 0
    const owner = one(OWNERS)
    const username = isOwner ? (below(6) === 0 ? LATER + owner : owner) : one(REFUSED)
    const isNameless = below(8) === 0
    const packet: ConnectPacket = {
      kind: 'connect',
      version,
      cleanStart: below(2) === 0,
      keepAlive: one([0, 0, 3, 20]),
      clientId: isNameless ? '' : one(['c0', 'c1', 'c2', 'c3', 'c4']),
      username,
      ...(below(4) === 0 && { password: Uint8Array.of(1, 2, 3) }),
      ...(below(3) === 0 && { will: this.#will(version) }),
    }
    if (version === 4) return packet
    return {
      ...packet,
      ...(below(2) === 0 && { sessionExpiryInterval: one([0, 10, 100, 0xffff_ffff]) }),
      ...(below(4) === 0 && { receiveMaximum: one([1, 2, 10]) }),
      ...(below(6) === 0 && { maximumPacketSize: one([20, 40, 60, 100, 1_000]) }),
      ...(below(3) === 0 && { topicAliasMaximum: one([0, 1, 5]) }),
      ...(below(4) === 0 && { requestProblemInformation: one([0, 1] as const) }),
      ...(below(8) === 0 && { userProperties: [['name', 'value']] as const }),
      ...(below(20) === 0 && { authenticationMethod: 'SCRAM' }),
    }
  }

  /** What comes after a CONNECT. */
  next(version: ProtocolVersion): ClientPacket {
    const { below } = this.#draw
    const kind = below(100)
    if (kind < 50) return this.publish(version)
    if (kind < 62) return this.#ack(version)
    if (kind < 80) return this.#subscribe(version)
    if (kind < 88) return this.#unsubscribe()
    if (kind < 92) return { kind: 'pingreq' }
    if (kind < 93) return this.connect(version)
    if (kind < 96 && version === 5) return this.#auth()
    return this.#disconnect(version)
  }

  publish(version: ProtocolVersion): PublishPacket {
    const { below, one } = this.#draw
    const qos = below(3) as PacketQos
    const hasAlias = version === 5 && below(6) === 0
    return {
      kind: 'publish',
      topic: hasAlias && below(2) === 0 ? '' : this.#topic(),
      payload: this.#payload(),
      qos,
      retain: below(5) === 0,
      dup: qos > 0 && below(6) === 0,
      ...(qos > 0 && { packetId: this.#packetId() }),
      ...(hasAlias && { topicAlias: 1 + below(below(8) === 0 ? 6 : 3) }),
      ...(version === 5 && below(6) === 0 && { messageExpiryInterval: one([0, 5, 1_000]) }),
      ...(version === 5 && below(10) === 0 && { responseTopic: this.#topic() }),
      ...(version === 5 && below(10) === 0 && { userProperties: [['n', 'ü']] as const }),
    }
  }

  #will(version: ProtocolVersion): NonNullable<ConnectPacket['will']> {
    const { below, one } = this.#draw
    return {
      topic: this.#topic(),
      payload: this.#payload(),
      qos: below(3) as PacketQos,
      retain: below(4) === 0,
      ...(version === 5 && below(2) === 0 && { willDelayInterval: one([0, 5, 50]) }),
    }
  }

  #ack(version: ProtocolVersion): AckPacket {
    const { below, one } = this.#draw
    const at = below(4)
    const codes = at < 2 ? RECEIVED_CODES : RELEASED_CODES
    return {
      kind: KINDS[at]!,
      packetId: this.#packetId(),
      reasonCode: version === 5 && below(2) === 0 ? one(codes) : 0,
      ...(version === 5 && below(10) === 0 && { reasonString: 'why' }),
    }
  }

  #subscribe(version: ProtocolVersion): SubscribePacket {
    const { below } = this.#draw
    const isNew = version === 5
    const subscriptions = Array.from({ length: 1 + below(3) }, () => {
      const filter = this.#filter()
      return {
        filter,
        qos: below(3) as PacketQos,
        noLocal: isNew && below(4) === 0 && !filter.startsWith('$share/'),
        retainAsPublished: isNew && below(2) === 0,
        retainHandling: (isNew ? below(3) : 0) as 0 | 1 | 2,
      }
    })
    return {
      kind: 'subscribe',
      packetId: this.#packetId(),
      subscriptions,
      ...(isNew && below(3) === 0 && { subscriptionIdentifier: 1 + below(300) }),
    }
  }

  #unsubscribe(): ClientPacket {
    const filters = Array.from({ length: 1 + this.#draw.below(2) }, () => this.#filter())
    return { kind: 'unsubscribe', packetId: this.#packetId(), filters }
  }

  #disconnect(version: ProtocolVersion): ClientPacket {
    const { below, one } = this.#draw
    const isNew = version === 5
    return {
      kind: 'disconnect',
      reasonCode: isNew && below(4) > 0 ? one(CLIENT_DISCONNECT_CODES) : 0,
      ...(isNew && below(3) === 0 && { sessionExpiryInterval: one([0, 30, 0xffff_ffff]) }),
    }
  }

  #auth(): ClientPacket {
    const authenticationMethod = 'SCRAM'
    return { kind: 'auth', reasonCode: this.#draw.one(CLIENT_AUTH_CODES), authenticationMethod }
  }

  #packetId(): number {
    return 1 + this.#draw.below(6)
  }

  #payload(): Uint8Array {
    const { below } = this.#draw
    const kind = below(40)
    if (kind === 0) return new Uint8Array(0)
    const size = kind === 1 ? 2_100 : kind === 2 && below(4) === 0 ? 5_000 : 4 + below(30)
    const payload = new Uint8Array(size)
    new DataView(payload.buffer).setUint32(0, ++this.#payloads)
    return payload
  }

  #topic(): string {
    const { below, one } = this.#draw
    const levels: string[] = Array.from({ length: 1 + below(3) }, () => one(LEVELS))
    const kind = below(60)
    if (kind === 0) levels.push('+')
    if (kind === 1) levels.unshift('$x')
    if (kind < 5 && kind > 1) levels.unshift(UNSEEN)
    return levels.join('/') || 'a'
  }

  #filter(): string {
    const { below, one } = this.#draw
    const levels: string[] = Array.from({ length: 1 + below(3) }, () =>
      below(4) === 0 ? '+' : one(LEVELS),
    )
    const kind = below(20)
    if (kind === 0) levels.splice(0, 0, '#')
    else if (kind === 1) levels.push('a+')
    else if (kind === 2) levels.unshift('$x')
    else if (kind < 8) levels.push('#')
    const filter = levels.join('/') || '#'
    return below(5) === 0 ? `$share/${one(['g', 'h'])}/${filter}` : filter
  }
}
