/**
 * What a server does with a SUBSCRIBE and an UNSUBSCRIBE (MQTT 5, sections 3.8 to 3.11).
 *
 * @module
 */
import type { PacketSubscription, SubscribePacket, UnsubscribePacket } from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import { TopicScan } from '../topic/scan.ts'
import type { ServerCore } from './core.ts'
import type { Session, Subscription } from './session.ts'

/** The answer to one filter. */
export interface FilterAnswer {
  readonly filter: string
  readonly reasonCode: number
  readonly explain?: (() => string) | undefined
}

/** What a filter takes beside its text, and each of its levels. */
const FILTER_BYTES = 300
const LEVEL_BYTES = 150

// Nothing runs between reading a topic and looking at what was found.
const scan = /* @__PURE__ */ new TopicScan()

/** Makes the subscriptions of a SUBSCRIBE. What is retained for them is sent when they are answered. */
export function takeSubscribe(
  core: ServerCore,
  session: Session,
  { subscriptions, subscriptionIdentifier }: SubscribePacket,
): readonly FilterAnswer[] {
  const { maxFiltersPerPacket } = core.settings
  return subscriptions.map((wanted, i) => {
    if (i >= maxFiltersPerPacket) return refuse(wanted, REASON.quotaExceeded)
    return subscribe(core, session, wanted, subscriptionIdentifier)
  })
}

/** Ends the subscriptions of an UNSUBSCRIBE. */
export function takeUnsubscribe(
  { subscriptions }: ServerCore,
  session: Session,
  { filters }: UnsubscribePacket,
): readonly FilterAnswer[] {
  return filters.map((filter) => {
    if (!subscriptions.delete(session, filter)) {
      return { filter, reasonCode: REASON.noSubscriptionExisted }
    }
    session.replay.remove(filter)
    session.budget.give(bytesOf(filter))
    return { filter, reasonCode: REASON.success }
  })
}

/**
 * Looks again at what a session subscribed to, and at what waits for it, after its rights changed. What it
 * may not have any more of a shared subscription goes to another member.
 */
export function reviewSession({ router }: ServerCore, session: Session): void {
  const { rights, subscriptions, outgoing } = session
  for (const subscription of subscriptions.values()) {
    const { filter, qos } = subscription
    subscription.isNarrowed = !rights.holdsSubscription(filter, qos)
  }
  const dropped = outgoing.keepOnly(({ message, shared }) =>
    rights.mayReceive(message.topic, shareOf(shared)),
  )
  for (const delivery of dropped) router.handOn(delivery)
}

function subscribe(
  { settings, subscriptions, notices }: ServerCore,
  session: Session,
  wanted: PacketSubscription,
  identifier: number | undefined,
): FilterAnswer {
  const { filter, qos, noLocal, retainAsPublished, retainHandling } = wanted
  if (scan.readFilter(filter) !== undefined) return refuse(wanted, REASON.topicFilterInvalid)
  const refusal = session.rights.refuseSubscribe(filter, qos)
  if (refusal) {
    const explain = refusal.explain && (() => refusal.explain!())
    return { filter, reasonCode: refusal.reasonCode, explain }
  }
  const isNew = !session.subscriptions.has(filter)
  if (isNew) {
    const isFull = session.subscriptions.size >= settings.maxSubscriptions
    if (isFull || !session.budget.take(bytesOf(filter))) {
      return refuse(wanted, REASON.quotaExceeded)
    }
  }
  const share = shareOf(filter)
  const subscription: Subscription = {
    session,
    filter,
    share,
    qos,
    noLocal,
    retainAsPublished,
    identifier,
    isNarrowed: false,
  }
  subscriptions.add(subscription)
  // A shared subscription gets no retained messages (section 4.8.2).
  const isReplayed = retainHandling === 0 || (retainHandling === 1 && isNew)
  if (isReplayed && share === undefined) session.replay.add(subscription)
  const { owner, clientId, connection } = session
  const client = connection?.client ?? { owner, clientId, peer: undefined }
  notices.tell({ kind: 'subscribed', client, filter })
  return { filter, reasonCode: qos }
}

function refuse({ filter }: PacketSubscription, reasonCode: number): FilterAnswer {
  return { filter, reasonCode }
}

/** The share name of a filter, if it has one. */
function shareOf(filter: string | undefined): string | undefined {
  return filter?.startsWith('$share/') ? filter.split('/', 2)[1] : undefined
}

function bytesOf(filter: string): number {
  return FILTER_BYTES + LEVEL_BYTES * filter.split('/').length + filter.length
}
