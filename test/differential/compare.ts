/**
 * What a broker did, against what `decide()` says: publish by publish, delivery by delivery.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { decide } from '../../src/rule/decide.ts'
import type { Decision } from '../../src/rule/decision.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { levelsCover } from '../../src/topic/relation.ts'
import { type Case, SEED } from './cases.ts'
import { type Delivery, KEPT, LIVE, type Outcome, type Result } from './run.ts'

/**
 * What may differ, and why. Everything else is a failure; a message that a client gets, or a
 * publish of its that is forwarded, without a grant always is.
 */
export const DIFFERENCES = {
  'subscribe-granted':
    'mosquitto.conf(5), acl_file: no SUBSCRIBE is refused, "read" is applied to each delivery; ' +
    'nothing beyond the rules was delivered',
  'partly-denied':
    'dynamic security judges a subscription by the patterns that cover it, so a deny that merely ' +
    'overlaps it stops its messages and not the subscription (its acl.c; seen on 2.0.11)',
  'reserved-root':
    'dynamic security of 2.0 lets "#" and "+/…" cover filters that begin with "$"; MQTT 5, 4.7.2 ' +
    'does not; nothing was delivered',
  'reported-narrower':
    'the compiler said beforehand, naming the rule, that this is not expressible',
  'retained-to-group':
    'Mosquitto 2.0 sends retained messages to who joins a share group; by MQTT 5, 3.3.1.3 they are ' +
    'sent for new non-shared subscriptions; each was granted',
  'no-shared-subscriptions':
    'the embedded broker has none: it says so in CONNACK and answers 0x9E (MQTT 5, 3.2.2.3.13)',
} as const

export type Difference = keyof typeof DIFFERENCES

/** What is known of a broker. */
export interface Expectation {
  /** Why it refused what is granted, if that is known of it. */
  less(one: Case, decision: Decision, outcome: Outcome): Difference | undefined
  /** Why it granted a subscription that is denied, and on which it delivered nothing beyond. */
  wider(one: Case): Difference | undefined
  /** What it is called that it sends retained messages to who joins a share group, if it does. */
  readonly more?: Difference
}

/** How a broker and the rules went together. */
export interface Comparison {
  readonly cases: number
  /** How many the rules grant. */
  readonly allowed: number
  readonly agreed: number
  /** How many messages were forwarded, delivered, delivered as retained ones, or kept as such. */
  readonly messages: ReadonlyMap<string, number>
  readonly differences: ReadonlyMap<Difference, number>
  readonly failures: readonly string[]
}

export function isAllowed({ client, request }: Case): boolean {
  return decide(client.principal, request).effect === 'allow'
}

/** Compares the outcomes of cases. */
export function compare(
  cases: readonly Case[],
  { outcomes, kept }: Result,
  expectation: Expectation,
): Comparison {
  const differences = new Map<Difference, number>()
  const messages = new Map<string, number>(kindsOf(cases).map((kind) => [kind, 0]))
  messages.set('kept', kept.size)
  const failures: string[] = []
  let agreed = 0
  for (const one of cases) {
    const outcome = outcomes.get(one)!
    for (const { text, qos } of outcome.deliveries) {
      const kind = text === KEPT ? 'retained' : text === LIVE ? 'delivered' : 'forwarded'
      add(messages, `${kind} with QoS ${qos}`)
    }
    const verdict =
      one.request.action === 'publish'
        ? judgePublish(one, outcome, expectation)
        : judgeSubscription(one, outcome, expectation)
    if (verdict === 'agreed') agreed++
    else if (verdict in DIFFERENCES) add(differences, verdict as Difference)
    else failures.push(`${verdict}: ${show(one, outcome)}`)
  }
  failures.push(...judgeKept(cases, outcomes, kept))
  const allowed = cases.filter(isAllowed).length
  return { cases: cases.length, allowed, agreed, messages, differences, failures }
}

/** The kinds of messages there must be some of. */
function kindsOf(cases: readonly Case[]): readonly string[] {
  const subscribes = cases.some(({ request }) => request.action === 'subscribe')
  const kinds = subscribes ? ['forwarded', 'delivered', 'retained'] : ['forwarded']
  return kinds.flatMap((kind) => [0, 1, 2].map((qos) => `${kind} with QoS ${qos}`))
}

/** `agreed`, a listed difference, or what is wrong. */
type Verdict = 'agreed' | Difference | (string & {})

function judgePublish(one: Case, outcome: Outcome, expectation: Expectation): Verdict {
  const { request, client } = one
  const { granted, code, deliveries } = outcome
  const decision = decide(client.principal, request)
  if (granted && decision.effect === 'deny') return 'forwarded a publish that is not granted'
  if (code !== undefined && code < 0x80 !== granted) return 'answered other than it did'
  if (!granted) {
    if (decision.effect === 'deny') return 'agreed'
    return expectation.less(one, decision, outcome) ?? 'refused a publish that is granted'
  }
  const [first, ...more] = deliveries
  if (more.length > 0) return 'forwarded a publish twice'
  const { topic, qos, retain } = first!
  const isSound = topic === request.topic && qos === request.qos && !retain
  return isSound ? 'agreed' : 'changed a publish'
}

function judgeSubscription(one: Case, outcome: Outcome, expectation: Expectation): Verdict {
  const { request, client } = one
  const { granted, deliveries, offered } = outcome
  const decision = decide(client.principal, request)
  const { levels, share } = parseTopicFilter(request.topic)
  const isAsked = (name: string) => levelsCover(levels, name.split('/'))
  const asked = [
    ...offered.kept.filter(isAsked).map((topic) => ({ topic, text: KEPT })),
    ...offered.live.filter(isAsked).map((topic) => ({ topic, text: LIVE })),
  ]
  const beyond = deliveries.filter(
    (message) =>
      !asked.some((other) => isSame(other, message)) || !mayReceive(one, message.topic, share),
  )
  if (beyond.length > 0) return `delivered ${JSON.stringify(beyond)} without a grant`
  const twice = deliveries.filter((a, i) => deliveries.findIndex((b) => isSame(a, b)) !== i)
  if (twice.length > 0) return `delivered ${JSON.stringify(twice)} twice`
  if (deliveries.some(({ text, retain }) => (text === KEPT) !== retain)) return 'lost a retain flag'
  if (deliveries.some(({ qos }) => qos !== request.qos)) return 'delivered with another QoS'
  if (decision.effect === 'deny') {
    if (!granted) return 'agreed'
    return expectation.wider(one) ?? 'granted a subscription that is not'
  }
  // MQTT 5, 3.3.1.3: a shared subscription gets no retained messages.
  const owed = asked.filter(({ text }) => share === undefined || text === LIVE)
  const missing = owed.filter((other) => !deliveries.some((message) => isSame(other, message)))
  if (granted && missing.length === 0) {
    const hasMore = deliveries.length > owed.length
    return hasMore ? (expectation.more ?? 'sent retained messages to a share group') : 'agreed'
  }
  return expectation.less(one, decision, outcome) ?? `lacks ${JSON.stringify(missing)}`
}

/** Retained messages are those of publishes that are granted, and each topic has one. */
function judgeKept(
  cases: readonly Case[],
  outcomes: ReadonlyMap<Case, Outcome>,
  kept: ReadonlyMap<string, number>,
): readonly string[] {
  const retained = cases.filter((one) => one.request.action === 'publish' && one.request.retain)
  const failures: string[] = []
  for (const [topic, number] of kept) {
    const one = retained.find((known) => known.number === number)
    if (one?.request.topic !== topic || !isAllowed(one)) {
      failures.push(`keeps the message ${number} for ${JSON.stringify(topic)} without a grant`)
    }
  }
  for (const one of retained) {
    if (outcomes.get(one)!.granted && !kept.has(one.request.topic)) {
      failures.push(`keeps no message for ${show(one, outcomes.get(one)!)}`)
    }
  }
  return failures
}

/** Whether a message may be delivered: by a subscription to its very name, in that group or none. */
function mayReceive({ client, request }: Case, name: string, share: string | undefined): boolean {
  const topics = share === undefined ? [name] : [name, `$share/${share}/${name}`]
  return topics.some((topic) => decide(client.principal, { ...request, topic }).effect === 'allow')
}

type Message = Pick<Delivery, 'topic' | 'text'>

function isSame(a: Message, b: Message): boolean {
  return a.topic === b.topic && a.text === b.text
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function show({ client, request }: Case, { deliveries, granted, code }: Outcome): string {
  const { username, rules, attributes: values } = client.principal
  return JSON.stringify({ username, request, granted, code, deliveries, rules, values })
}

/** Prints the counts, and fails if there is a failure or hardly anything was tried. */
export function report(t: { diagnostic(text: string): void }, comparison: Comparison): void {
  const { cases, allowed, agreed, messages, differences, failures } = comparison
  t.diagnostic(`${cases} cases, of which the rules grant ${allowed}: ${agreed} agreed`)
  const counts = [...messages].map(([kind, count]) => `${count} ${kind}`)
  t.diagnostic(`Messages: ${counts.join(', ')}`)
  for (const [difference, count] of differences) {
    t.diagnostic(`${count} ${difference}: ${DIFFERENCES[difference]}`)
  }
  const shown = failures.slice(0, 5).join('\n')
  const title = `${failures.length} failures with DIFFERENTIAL_SEED=${SEED}`
  assert.equal(failures.length, 0, `${title}\n${shown}`)
  assert.ok(allowed > cases / 10, 'hardly anything was granted')
  for (const [kind, count] of messages) assert.ok(count > 0, `no message was ${kind}`)
}
