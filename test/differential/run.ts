/**
 * Runs the table on a broker, with real MQTT 5 clients over a socket.
 *
 * @module
 */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { within } from '../support/wait.ts'
import { type Case, type Client, nameUnder, type Table } from './cases.ts'

/** A message that came to a client. */
export interface Delivery {
  readonly topic: string
  readonly text: string
  readonly qos: number
  readonly retain: boolean
}

/** What came of a case. */
export interface Outcome {
  /** For a publish or a will whether it was forwarded, for a subscription whether it was granted. */
  readonly granted: boolean
  /** The reason code of the answer. A publish with QoS 0, and a will, have none. */
  readonly code: number | undefined
  /** The messages: of a publish or will what the observer got, else what the client got. */
  readonly deliveries: readonly Delivery[]
  /** What was published for a subscription: retained before it, and while it was held. */
  readonly offered: { readonly kept: readonly string[]; readonly live: readonly string[] }
}

/** What came of all cases. */
export interface Result {
  readonly outcomes: ReadonlyMap<Case, Outcome>
  /** By topic, the case whose publish or will is the retained message. */
  readonly kept: ReadonlyMap<string, number>
}

/** Of a message that is published for subscriptions: retained before them, or while they are held. */
export const KEPT = 'kept'
export const LIVE = 'live'

/** How long anything may take. */
export const LIMIT = 20_000
/** All an observer can see. Two filters, since a wildcard reaches no name that begins with `$`. */
const EVERYTHING = ['#', '$r/#']

/** Connects. No client comes back by itself. */
export async function connect(
  url: string,
  { login }: Client,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await within(
    connectAsync(url, { ...login, ...options, protocolVersion: 5, reconnectPeriod: 0 }),
    `connection of ${login.username}`,
    LIMIT,
  )
  client.on('error', () => {})
  return client
}

/** Tries every subscription, then every publish. */
export async function runTable(
  url: string,
  table: Table,
  options: IClientOptions = {},
): Promise<Result> {
  const outcomes = new Map<Case, Outcome>()
  const clients = new Map<Client, MqttClient>()
  try {
    const observer = await connect(url, table.observer, options)
    clients.set(table.observer, observer)
    await Promise.all(
      table.clients.map(async (client) => clients.set(client, await connect(url, client, options))),
    )
    await publishAll(observer, table.names, KEPT)
    for (const round of planRounds(table.cases)) {
      const own = round.map(({ request }) => nameUnder(request.topic))
      const offered = { kept: table.names, live: [...new Set([...table.names, ...own])] }
      await runSubscriptions(round, offered, clients, observer, outcomes)
    }
    await publishAll(observer, table.names, '')
    await runPublishes(table.cases, clients, observer, outcomes)
    return { outcomes, kept: await takeKept(observer) }
  } finally {
    await Promise.all([...clients.values()].map((client) => client.endAsync(true)))
  }
}

/** Subscriptions to hold at the same time: one a client, and one in each share group. */
function planRounds(cases: readonly Case[]): readonly (readonly Case[])[] {
  const rounds: { readonly taken: Set<string>; readonly cases: Case[] }[] = []
  for (const one of cases) {
    const { client, request } = one
    if (request.action !== 'subscribe') continue
    const keys = [client.login.username]
    if (request.topic.startsWith('$share/')) keys.push(request.topic)
    let round = rounds.find(({ taken }) => !keys.some((key) => taken.has(key)))
    if (!round) {
      round = { taken: new Set(), cases: [] }
      rounds.push(round)
    }
    for (const key of keys) round.taken.add(key)
    round.cases.push(one)
  }
  return rounds.map((round) => round.cases)
}

async function runSubscriptions(
  round: readonly Case[],
  offered: Outcome['offered'],
  clients: ReadonlyMap<Client, MqttClient>,
  observer: MqttClient,
  outcomes: Map<Case, Outcome>,
): Promise<void> {
  const started = await Promise.all(
    round.map(async (one) => {
      const client = clients.get(one.client)!
      const heard = listen(client)
      const { topic, qos = 0 } = one.request
      const code = await answerOf(client.subscribeAsync(topic, { qos }), 'SUBACK')
      await heard.quiet()
      return { one, client, heard, code }
    }),
  )
  await publishAll(observer, offered.live, LIVE)
  await Promise.all(
    started.map(async ({ one, client, heard, code }) => {
      await heard.quiet()
      await roundTrip(client, one.request.topic)
      const deliveries = heard.stop()
      outcomes.set(one, { granted: code < 0x80, code, deliveries, offered })
    }),
  )
}

async function runPublishes(
  cases: readonly Case[],
  clients: ReadonlyMap<Client, MqttClient>,
  observer: MqttClient,
  outcomes: Map<Case, Outcome>,
): Promise<void> {
  const heard = await observe(observer)
  const publishes = cases.filter(({ request }) => request.action === 'publish')
  const codes = await Promise.all(
    publishes.map(({ number, client, request }) => {
      const { topic, qos = 0, retain = false } = request
      const sent = clients.get(client)!.publishAsync(topic, `${number}`, { qos, retain })
      return answerOf(sent, 'answer to a publish')
    }),
  )
  // A publish with QoS 0 is answered by nothing, but a broker reads a client's packets in order.
  await Promise.all([...clients.values()].map((client) => roundTrip(client, 'none')))
  const forwarded = await heard()
  for (const [i, one] of publishes.entries()) {
    const code = one.request.qos === 0 ? undefined : codes[i]
    outcomes.set(one, { ...outcomeOf(one, forwarded), code })
  }
}

/** What the observer got of a publish or will. */
export function outcomeOf({ number }: Case, forwarded: readonly Delivery[]): Outcome {
  const deliveries = forwarded.filter(({ text }) => text === `${number}`)
  return {
    granted: deliveries.length > 0,
    code: undefined,
    deliveries,
    offered: { kept: [], live: [] },
  }
}

/** Listens to everything published from now on. What is returned stops it. */
export async function observe(observer: MqttClient): Promise<() => Promise<readonly Delivery[]>> {
  const heard = listen(observer)
  await within(observer.subscribeAsync(EVERYTHING, { qos: 2 }), 'SUBACK', LIMIT)
  return async () => {
    await heard.quiet()
    await within(observer.unsubscribeAsync(EVERYTHING), 'UNSUBACK', LIMIT)
    return heard.stop()
  }
}

/** Takes the retained messages away, and tells which cases they are of. */
export async function takeKept(observer: MqttClient): Promise<ReadonlyMap<string, number>> {
  const heard = await observe(observer)
  const kept = new Map((await heard()).map(({ topic, text }) => [topic, Number(text)]))
  await publishAll(observer, [...kept.keys()], '')
  return kept
}

/** Waits until a client has all that it was sent so far. */
async function roundTrip(client: MqttClient, filter: string): Promise<void> {
  await within(client.unsubscribeAsync(filter), 'UNSUBACK', LIMIT)
}

/** Publishes with QoS 2 to every name: retained, to be kept or to be removed, or as it comes. */
async function publishAll(
  client: MqttClient,
  names: readonly string[],
  text: typeof KEPT | typeof LIVE | '',
): Promise<void> {
  const options = { qos: 2, retain: text !== LIVE } as const
  const sent = Promise.all(names.map((name) => client.publishAsync(name, text, options)))
  await within(sent, `answers to ${names.length} publishes`, LIMIT)
}

interface Listener {
  /** Settles when the client has all that it was sent so far. */
  quiet(): Promise<void>
  /** Ends listening, and returns what was heard. */
  stop(): readonly Delivery[]
}

function listen(client: MqttClient): Listener {
  const deliveries: Delivery[] = []
  const add = (
    topic: string,
    payload: Uint8Array,
    packet: { readonly qos: number; readonly retain: boolean },
  ) => {
    const { qos, retain } = packet
    deliveries.push({ topic, text: new TextDecoder().decode(payload), qos, retain })
  }
  client.on('message', add)
  return {
    async quiet() {
      // An answer comes after the messages before it. With QoS 2 a second one releases them, and a
      // broker may still be reading retained messages one by one.
      for (let count = -1; count < deliveries.length; ) {
        count = deliveries.length
        for (let i = 0; i < 3; i++) await roundTrip(client, 'none')
      }
    },
    stop() {
      client.removeListener('message', add)
      return deliveries
    },
  }
}

/** The reason code of a broker's answer. */
async function answerOf(answer: Promise<unknown>, what: string): Promise<number> {
  try {
    await within(answer, what, LIMIT)
    return 0
  } catch (error) {
    const { code, packet } = error as { code?: number; packet?: { granted?: number[] } }
    const found = packet?.granted?.[0] ?? code
    if (found === undefined) throw error
    return found
  }
}
