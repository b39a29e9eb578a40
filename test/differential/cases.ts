/**
 * The table: a fleet with generated rules, and what its clients ask for. It is the same for every
 * broker, and for every run with the same seed.
 *
 * @module
 */
import fc from 'fast-check'
import * as v from 'valibot'
import {
  type AccessRule,
  createFleet,
  defineDeviceType,
  type Fleet,
  memoryStore,
} from '../../src/index.ts'
import type { AccessRequest } from '../../src/rule/decision.ts'
import { type Principal, withClientId } from '../../src/rule/principal.ts'
import { accessRequest, ruleSet, topicName } from '../product/rules/arbitrary.ts'

/** Where the table comes from. `DIFFERENTIAL_SEED=<seed>` makes that of another run. */
export const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20_260_101)

const DEVICES = 90
const SERVICES = 10
const REQUESTS = 20

/** What a client connects with. */
export interface Login {
  readonly username: string
  readonly password: string
  readonly clientId: string
}

/** Somebody who asks. */
export interface Client {
  readonly login: Login
  /** As the fleet finds it, and under its client id. */
  readonly principal: Principal
}

/** One case: who asks what. */
export interface Case {
  /** Told apart by it, also as the payload of a publish. */
  readonly number: number
  readonly client: Client
  readonly request: AccessRequest
}

/** All that a broker is asked. */
export interface Table {
  readonly fleet: Fleet
  readonly clients: readonly Client[]
  /** Sees every message, and publishes what the subscriptions are tried with. */
  readonly observer: Client
  readonly cases: readonly Case[]
  /** Names that are published for every subscription. */
  readonly names: readonly string[]
}

/** What may stand in rules beside a device's id and user name. No service account has a site. */
const PLACEHOLDERS = ['{site}', '{type}', '{clientId}']

const OBSERVER_RULES: readonly AccessRule[] = ['#', '$r/#'].map((filter) => ({
  effect: 'allow',
  actions: ['publish', 'subscribe'],
  filter,
}))

/** Makes the fleet and the table. */
export async function buildTable(): Promise<Table> {
  const sets = sampleRules(SEED, DEVICES + SERVICES)
  // Two devices of each type, which share a rule. The first names are words of the topics.
  const typeRules = sampleRules(SEED + 1, DEVICES / 2)
  const types = typeRules.map((rules, i) =>
    defineDeviceType(i < 2 ? 'ab'.charAt(i) : `t${i}`, {
      data: v.object({}),
      rules: rules.slice(0, 1),
    }),
  )
  const services = sets.slice(DEVICES).map((rules, i) => {
    return { username: `s${i}`, password: `only-for-this-test-${i}`, rules }
  })
  const seer = { username: 'observer', password: 'only-for-this-test', rules: OBSERVER_RULES }
  const fleet = createFleet({ types, store: memoryStore(), services: [...services, seer] })

  const logins: Omit<Login, 'clientId'>[] = []
  for (const [i, rules] of sets.slice(0, DEVICES).entries()) {
    const attributes = { site: i % 3 === 0 ? 'a' : 'b' }
    const own = i % 9 === 8 ? { username: `u${i}` } : {}
    const id = i % 2 === 0 ? 'a' : 'b'
    logins.push(await fleet.provision(types[i >> 1]!, id, { rules, attributes, ...own }))
  }
  logins.push(...services)
  const clients = await Promise.all(logins.map((login, i) => findClient(fleet, login, `c${i}`)))
  const cases = clients
    .flatMap((client, i) => {
      const neighbour = clients[(i + 1) % clients.length]!.principal
      const asking = fc.oneof(
        { weight: 4, arbitrary: accessRequest(client.principal) },
        { weight: 1, arbitrary: accessRequest(client.principal, [neighbour]) },
      )
      const requests = fc.sample(asking, { seed: SEED + i, numRuns: REQUESTS })
      return requests.map((request) => ({ client, request }))
    })
    .map((one, number) => ({ number, ...one }))
  return {
    fleet,
    clients,
    observer: await findClient(fleet, seer, 'observer'),
    cases,
    names: pickNames(cases),
  }
}

/** A name that a filter matches. */
export function nameUnder(filter: string): string {
  const levels = filter.replace(/^\$share\/[^/]*\//, '').split('/')
  return levels.map((level) => (level === '+' || level === '#' ? 'a' : level)).join('/')
}

function sampleRules(seed: number, count: number): readonly (readonly AccessRule[])[] {
  const rules = fc
    .tuple(ruleSet(false, PLACEHOLDERS), ruleSet(true, PLACEHOLDERS), fc.nat(3))
    .map(([plain, conditional, kind]) => (kind === 0 ? conditional : plain))
  return fc.sample(rules, { seed, numRuns: count })
}

async function findClient(
  fleet: Fleet,
  { username, password }: Omit<Login, 'clientId'>,
  clientId: string,
): Promise<Client> {
  const principal = await fleet.findPrincipal(username)
  if (!principal) throw new Error(`The fleet does not find ${username}`)
  return {
    login: { username, password, clientId },
    principal: withClientId(principal, clientId),
  }
}

function pickNames(cases: readonly Case[]): readonly string[] {
  const topics = (action: 'publish' | 'subscribe') =>
    cases.filter(({ request }) => request.action === action).map(({ request }) => request.topic)
  return [
    ...new Set([
      ...fc.sample(topicName, { seed: SEED, numRuns: 60 }),
      ...topics('publish').slice(0, 40),
      ...topics('subscribe').slice(0, 40).map(nameUnder),
    ]),
  ]
}
