/**
 * Messages and the list of those that go to one session, without a server.
 *
 * @module
 */
import { ByteBudget } from '../../src/server/budget.ts'
import type { DropCode } from '../../src/server/events.ts'
import {
  type ApplicationMessage,
  applicationMessage,
  type Delivery,
} from '../../src/server/message.ts'
import { Outgoing, type Recipient } from '../../src/server/outgoing.ts'
import { type PublishFields, publishPacket } from './fixture.ts'

/** A message as it was published at the time 0. */
export function message(topic = 't', text = '', fields: PublishFields = {}): ApplicationMessage {
  return applicationMessage(publishPacket(topic, text, fields), topic, 0)
}

/** A message for one client. */
export function delivery(
  fields: PublishFields = {},
  more: Partial<Delivery> = {},
  text = '',
): Delivery {
  const made = message('t', text, fields)
  const { qos } = made
  return {
    message: made,
    qos,
    retain: false,
    subscriptionIdentifiers: undefined,
    shared: undefined,
    ...more,
  }
}

/** A client that keeps what it is sent. */
export class Inbox implements Recipient {
  isBacklogged = false
  /** What it takes; else it is too large for it. */
  takes: (delivery: Delivery) => boolean = () => true
  readonly sent: {
    readonly delivery: Delivery
    readonly packetId?: number
    readonly dup: boolean
  }[] = []
  readonly acks: { readonly kind: string; readonly packetId: number }[] = []
  readonly #ids: number[]

  constructor(ids: number[] = []) {
    this.#ids = ids
  }

  publish(one: Delivery, packetId: number | undefined, dup: boolean): boolean {
    if (!this.takes(one)) return false
    if (packetId !== undefined) this.#ids.push(packetId)
    this.sent.push({ delivery: one, ...(packetId !== undefined && { packetId }), dup })
    return true
  }

  send(packet: { readonly kind: string; readonly packetId: number }): void {
    this.acks.push(packet)
  }
}

/** A session's messages, and the client that they go to. */
export function outgoingTo(limit = 10_000, window = 65_535, bytes = 1_000_000) {
  const ids: number[] = []
  const inbox = new Inbox(ids)
  const budget = new ByteBudget(bytes)
  const dropped: DropCode[] = []
  const clock = { now: 0 }
  const outgoing = new Outgoing(
    limit,
    budget,
    () => clock.now,
    (code) => dropped.push(code),
  )
  outgoing.attach(inbox, window)
  return { outgoing, inbox, ids, budget, dropped, clock }
}
