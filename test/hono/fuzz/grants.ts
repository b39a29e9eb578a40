/**
 * What a product grants, held against what the rules grant.
 *
 * What a client sends is turned into questions as its broker turns it, and the answers into what the
 * broker does then. That is held against a decision with all facts about what the client sent, and
 * about what the broker makes of it.
 *
 * @module
 */
import type { Hono } from 'hono'
import * as v from 'valibot'
import {
  ConfigError,
  createFleet,
  defineDeviceType,
  type Fleet,
  memoryStore,
} from '../../../src/index.ts'
import type { AskingProduct } from '../../../src/product/product.ts'
import type { AccessRequest, Decision } from '../../../src/rule/decision.ts'
import type { AccessRule } from '../../../src/rule/rule.ts'
import type { Plan } from './arbitrary.ts'
import { type Client, isOwnId, type Language, type Packet, type Wish } from './language.ts'
import { ask, mount } from './mount.ts'

const SERVICE_PASSWORD = 'only-for-this-test-0123456789'

/** Who logs in. */
export type User = Omit<Client, 'clientId'>

/** A fleet, and everybody who asks. */
export interface Site {
  readonly fleet: Fleet
  readonly users: readonly User[]
  /** Whether all of its rules are known before anybody logs in. */
  readonly isKnown: boolean
}

/** Makes the fleet of a plan: a service, four devices, one that is revoked, and a stranger. */
export async function build({ typeRules, serviceRules, ownRules, ids }: Plan): Promise<Site> {
  const types = typeRules.map((rules, i) =>
    defineDeviceType('ab'.charAt(i), { data: v.object({}), rules }),
  )
  const service = { username: 's', password: SERVICE_PASSWORD, rules: serviceRules }
  const fleet = createFleet({ types, store: memoryStore(), services: [service] })
  const users: User[] = [service]
  for (const [i, type] of types.entries()) {
    const rules = ownRules[i] ?? []
    users.push(await fleet.provision(type, ids[0]!, { rules, attributes: { site: 'a' } }))
    users.push(await fleet.provision(type, ids[1]!, i === 0 ? {} : { username: 'u.b' }))
  }
  const gone = await fleet.provision(types[0]!, 'gone')
  await fleet.revoke(types[0]!, 'gone')
  users.push(gone, { username: 'nobody', password: gone.password })
  return { fleet, users, isKnown: ownRules.flat().length === 0 }
}

/** A broker of a product at a site. */
export interface Connected extends Site {
  readonly app: Hono
  readonly product: AskingProduct
  readonly language: Language
  /** Whose share groups nobody else joins. */
  readonly members: readonly string[]
}

/** Connects a broker, also one that would let share groups be joined. */
export function connect(site: Site, product: AskingProduct, language: Language): Connected {
  const whole = { ...site, product, language }
  try {
    const app = mount(site.fleet, { products: [product] })
    // What is found before anybody logs in speaks of rules of types and services alone.
    const members = site.isKnown ? site.users.map(({ username }) => username) : []
    return { ...whole, app, members }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const app = mount(site.fleet, { products: [product], accept: ['share-group'] })
    return { ...whole, app, members: [] }
  }
}

/** What was granted and what was not. */
export interface Counts {
  granted: number
  denied: number
}

/**
 * Sends a packet and counts what is granted. Returns what is wrong with the answers, if anything is.
 */
export async function findOverGrant(
  connected: Connected,
  client: Client,
  packet: Packet,
  encoding: number,
  counts: Counts,
): Promise<object | undefined> {
  const { app, product, language } = connected
  const written = language.encodings[encoding % language.encodings.length]!
  for (const { calls, wishes, grants } of language.ask(client, packet, written)) {
    const answers = []
    for (const call of calls) answers.push(await ask(app, product, call))
    const granted = grants(answers)
    for (const [i, wish] of wishes.entries()) {
      if (!granted[i]) counts.denied++
      else {
        counts.granted++
        const wrong = await findWrong(connected, client, wish)
        if (wrong) return { wrong, client, wish: { ...wish, delivered: [] }, calls, answers }
      }
    }
  }
  return undefined
}

/**
 * Why a wish must not be granted, if so.
 *
 * A deny is meant for what the client sent, however the broker reads it. An allow is needed for what
 * the broker makes of it, and for each topic that it delivers. Where the broker tells no share names,
 * whoever may subscribe may do so under any, but not in a group of others.
 */
async function findWrong(
  { fleet, product, members }: Connected,
  { username, clientId }: Client,
  { sent, done, delivered }: Wish,
): Promise<string | undefined> {
  const judge = (request: AccessRequest, name = username): Promise<Decision> =>
    fleet.authorize({ ...request, username: name, clientId })
  // Where it is told what is delivered, the filter says nothing further: it is read otherwise there.
  for (const one of delivered?.length ? delivered : [{ sent, done }]) {
    const asSent = await judge(one.sent)
    if (asSent.rule?.effect === 'deny' && !isApart(asSent.rule, one.sent.topic, product)) {
      return `${one.sent.topic} is denied by ${JSON.stringify(asSent.rule)}`
    }
    const asDone = await judge(one.done)
    if (asDone.effect === 'deny') return `${one.done.topic} is not granted: ${asDone.code}`
  }
  if (sent.topic === done.topic || !sent.topic.startsWith('$share/')) return undefined
  if ((await judge(sent)).effect === 'allow') return undefined
  for (const member of members) {
    if ((await judge(sent, member)).effect === 'allow') return `it joins a group of ${member}`
  }
  return undefined
}

/**
 * Whether a deny speaks of a topic only because a level of it, for which "+" stands, holds what the
 * broker takes for a separator. There it is several levels, as which it is judged.
 */
function isApart({ filter }: AccessRule, topic: string, { facts }: AskingProduct): boolean {
  return /\+|\{/.test(filter) && [...facts.separators].some((one) => topic.includes(one))
}

/** Logs in, and returns what is wrong with the answer, if anything is. */
export async function findWrongLogin(
  { app, fleet, product, language }: Connected,
  client: Client,
  encoding: number,
  counts: Counts,
): Promise<object | undefined> {
  const written = language.encodings[encoding % language.encodings.length]!
  const call = language.login(client, written)
  const answer = await ask(app, product, call)
  const isAllowed = language.parts(answer, 1)[0]!
  if (!isAllowed) {
    counts.denied++
    return undefined
  }
  counts.granted++
  const { effect } = await fleet.authenticate(client)
  const isBound = !language.bindsClientId || isOwnId(client.username, client.clientId)
  return effect === 'allow' && isBound ? undefined : { client, call, answer }
}
