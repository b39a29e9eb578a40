/**
 * The rules as Mosquitto applies them, against the rules as `decide()` does: real clients, publish
 * by publish and delivery by delivery, through the acl_file and through dynamic security.
 *
 * A failure prints its seed; `EXPORT_SEED=<seed>` runs it again.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { connectAsync, type MqttClient } from 'mqtt'
import type { AccessRequest } from '../../src/access/decide.ts'
import { mosquittoAclFile } from '../../src/access/export/mosquitto-acl-file.ts'
import { mosquittoDynsecRoles } from '../../src/access/export/mosquitto-dynsec.ts'
import type { Principal } from '../../src/access/principal.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { levelsCover } from '../../src/topic/relation.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { dynsecMissing, startDynsec } from '../support/mosquitto-export.ts'
import { accessRequest, device, isAllowed, ruleSet, topicName } from './arbitrary.ts'

const SEED = Number(process.env.EXPORT_SEED ?? 20_260_101)
const PRINCIPALS = 100
const REQUESTS = 20
/** All that is delivered is sent at once, so that a later answer means that it has come. */
const CONFIG = ['max_inflight_messages 0']
const PASSWORD = 'only-for-this-test'
/** Sees every message, and publishes what the subscriptions are tried with. */
const OBSERVER = device(
  [
    { effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' },
    { effect: 'allow', actions: ['publish', 'subscribe'], filter: '$r/#' },
  ],
  'test',
  'observer',
)

/**
 * What may differ, and why. Everything else is a failure; a message that a client gets, or a
 * publish of its that is forwarded, without a grant always is.
 */
const DIFFERENCES = {
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
} as const

type Difference = keyof typeof DIFFERENCES

/** One case: who asks what. */
interface Case {
  readonly principal: Principal
  readonly request: AccessRequest
}

/** What came of a case. */
interface Outcome {
  readonly granted: boolean
  /** Names delivered on a subscription. */
  readonly delivered: readonly string[]
}

const sets = fc.sample(
  fc.tuple(ruleSet(false), ruleSet(true), fc.nat(3)).chain(([plain, conditional, kind]) => {
    const rules = kind === 0 ? conditional : plain
    return fc.tuple(
      fc.constant(rules),
      fc.array(accessRequest(device(rules)), { minLength: REQUESTS, maxLength: REQUESTS }),
    )
  }),
  { seed: SEED, numRuns: PRINCIPALS },
)
// The user names differ, the topics do not: so one client's rules are another's neighbours.
const principals = sets.map(([rules], i) => ({ ...device(rules), username: `a/b-${i}` }))
const cases: readonly Case[] = sets.flatMap(([, requests], i) =>
  requests.map((request) => ({ principal: principals[i]!, request })),
)
/** What is published for each subscription. */
const names = [
  ...new Set([
    ...fc.sample(topicName, { seed: SEED, numRuns: 60 }),
    ...cases
      .filter(({ request }) => request.action === 'publish')
      .slice(0, 40)
      .map(({ request }) => request.topic),
  ]),
]

describe(`Mosquitto decides as the library does (EXPORT_SEED=${SEED})`, () => {
  test('through the acl_file', { skip: mosquittoMissing, timeout: 120_000 }, async (t) => {
    const { output, findings } = mosquittoAclFile([...principals, OBSERVER], {
      allowNarrower: true,
    })
    const logins = Object.fromEntries(
      [...principals, OBSERVER].map(({ username }) => [username, PASSWORD]),
    )
    const broker = await startMosquitto({ logins, acl: output.split('\n'), config: CONFIG })
    try {
      const outcomes = await runCases(broker.url)
      const narrowed = new Set(findings.map((finding) => finding.principal))
      report(t, compare(outcomes, narrowed, explainAclFile))
    } finally {
      await broker.stop()
    }
  })

  test('through dynamic security', { skip: dynsecMissing, timeout: 120_000 }, async (t) => {
    const exported = mosquittoDynsecRoles([...principals, OBSERVER], { allowNarrower: true })
    const { roles, defaultAccess } = exported.output
    const broker = await startDynsec(CONFIG)
    try {
      await broker.command([{ command: 'setDefaultACLAccess', acls: defaultAccess }])
      for (const { username, rolename, acls } of roles) {
        await broker.command([
          { command: 'createRole', rolename, acls },
          { command: 'createClient', username, password: PASSWORD },
          { command: 'addClientRole', username, rolename },
        ])
      }
      const outcomes = await runCases(broker.url)
      const narrowed = new Set(exported.findings.map((finding) => finding.principal))
      report(t, compare(outcomes, narrowed, explainDynsec))
    } finally {
      await broker.stop()
    }
  })
})

/** Why a subscription that `decide()` denies was granted by an acl_file. */
function explainAclFile(): Difference {
  return 'subscribe-granted'
}

/** Why a subscription that `decide()` denies was granted by dynamic security. */
function explainDynsec({ principal, request }: Case): Difference | undefined {
  const { levels } = parseTopicFilter(request.topic)
  if (levels[0]!.startsWith('$')) return 'reserved-root'
  const withoutDenies = principal.rules.filter((rule) => rule.effect === 'allow')
  const isDenied = isAllowed({ ...principal, rules: withoutDenies }, request)
  return isDenied ? 'partly-denied' : undefined
}

interface Comparison {
  readonly agreed: number
  /** Publishes forwarded, and messages delivered. */
  readonly messages: number
  readonly differences: ReadonlyMap<Difference, number>
  readonly failures: readonly string[]
}

function compare(
  outcomes: ReadonlyMap<Case, Outcome>,
  narrowed: ReadonlySet<string>,
  explain: (one: Case) => Difference | undefined,
): Comparison {
  let agreed = 0
  let messages = 0
  const differences = new Map<Difference, number>()
  const failures: string[] = []
  for (const one of cases) {
    const { principal, request } = one
    const outcome = outcomes.get(one)!
    messages += request.action === 'publish' ? Number(outcome.granted) : outcome.delivered.length
    const isNarrowed = narrowed.has(principal.username)
    const expected = isAllowed(principal, request)
    const fail = (text: string) => {
      const shown = { request, rules: principal.rules, expected, ...outcome }
      failures.push(`${text}: ${JSON.stringify(shown)}`)
    }
    const differ = (difference: Difference | undefined, text: string) => {
      if (difference) differences.set(difference, (differences.get(difference) ?? 0) + 1)
      else fail(text)
    }
    if (request.action === 'publish') {
      if (outcome.granted === expected) agreed++
      else if (outcome.granted) fail('forwarded a publish that is not granted')
      else differ(isNarrowed ? 'reported-narrower' : undefined, 'refused a publish that is granted')
      continue
    }
    const asked = namesOf(request)
    const owed = asked.filter((name) => maySubscribe(principal, name, request))
    const beyond = outcome.delivered.filter((name) => !owed.includes(name))
    const missing = (expected ? asked : []).filter((name) => !outcome.delivered.includes(name))
    if (beyond.length > 0) fail(`delivered ${JSON.stringify(beyond)} without a grant`)
    else if (expected && (!outcome.granted || missing.length > 0)) {
      differ(isNarrowed ? 'reported-narrower' : undefined, `lacks ${JSON.stringify(missing)}`)
    } else if (outcome.granted !== expected) differ(explain(one), 'granted the subscription')
    else agreed++
  }
  return { agreed, messages, differences, failures }
}

/** The names published that a subscription asks for. */
function namesOf(request: AccessRequest): readonly string[] {
  const { levels } = parseTopicFilter(request.topic)
  return names.filter((name) => levelsCover(levels, name.split('/')))
}

/** Whether a message may be delivered: by a subscription to its very name, in that group or none. */
function maySubscribe(principal: Principal, name: string, request: AccessRequest): boolean {
  const { share } = parseTopicFilter(request.topic)
  const topics = share === undefined ? [name] : [name, `$share/${share}/${name}`]
  return topics.some((topic) => isAllowed(principal, { ...request, topic }))
}

function report(t: { diagnostic(text: string): void }, comparison: Comparison): void {
  const { agreed, messages, differences, failures } = comparison
  const allowed = cases.filter(({ principal, request }) => isAllowed(principal, request)).length
  t.diagnostic(`${cases.length} cases, of which the rules grant ${allowed}: ${agreed} agreed`)
  assert.ok(allowed > cases.length / 10 && messages > allowed, 'hardly anything was granted')
  t.diagnostic(`${messages} messages were forwarded or delivered`)
  for (const [difference, count] of differences) {
    t.diagnostic(`${count} ${difference}: ${DIFFERENCES[difference]}`)
  }
  const shown = failures.slice(0, 5).join('\n')
  assert.equal(failures.length, 0, `${failures.length} failures with EXPORT_SEED=${SEED}\n${shown}`)
}

async function runCases(url: string): Promise<ReadonlyMap<Case, Outcome>> {
  const outcomes = new Map<Case, Outcome>()
  const clients = new Map<string, MqttClient>()
  const login = async ({ username }: Principal) => {
    const options = {
      username,
      password: PASSWORD,
      protocolVersion: 5,
      reconnectPeriod: 0,
    } as const
    const client = await connectAsync(url, options)
    clients.set(username, client)
    return client
  }
  try {
    const observer = await login(OBSERVER)
    await Promise.all(principals.map(login))
    for (const round of planRounds()) {
      await runSubscriptions(round, clients, observer, outcomes)
    }
    await runPublishes(clients, observer, outcomes)
  } finally {
    await Promise.all([...clients.values()].map((client) => client.endAsync()))
  }
  return outcomes
}

/** Subscriptions to hold at the same time: one a client, and one in each share group. */
function planRounds(): readonly (readonly Case[])[] {
  const rounds: { readonly taken: Set<string>; readonly cases: Case[] }[] = []
  for (const one of cases) {
    const { principal, request } = one
    if (request.action !== 'subscribe') continue
    const keys = [principal.username]
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
  clients: ReadonlyMap<string, MqttClient>,
  observer: MqttClient,
  outcomes: Map<Case, Outcome>,
): Promise<void> {
  const started = await Promise.all(
    round.map(async (one) => {
      const client = clients.get(one.principal.username)!
      const delivered: string[] = []
      const listen = (topic: string) => delivered.push(topic)
      client.on('message', listen)
      const { topic, qos } = one.request
      const granted = await client.subscribeAsync(topic, { qos: qos ?? 0 }).then(
        (answers) => answers.every((answer) => answer.qos < 128),
        () => false,
      )
      return { one, client, delivered, granted, listen }
    }),
  )
  await Promise.all(names.map((name) => observer.publishAsync(name, '', { qos: 1 })))
  for (const { one, client, delivered, granted, listen } of started) {
    // Its answer comes after all the messages. With QoS 2 a second round trip releases them.
    await client.unsubscribeAsync(one.request.topic)
    await client.unsubscribeAsync(one.request.topic)
    client.removeListener('message', listen)
    outcomes.set(one, { granted, delivered })
  }
}

async function runPublishes(
  clients: ReadonlyMap<string, MqttClient>,
  observer: MqttClient,
  outcomes: Map<Case, Outcome>,
): Promise<void> {
  const forwarded = new Set<string>()
  observer.on('message', (_topic, payload) => forwarded.add(payload.toString()))
  await observer.subscribeAsync(['#', '$r/#'])
  const publishes = [...cases.entries()].filter(([, { request }]) => request.action === 'publish')
  await Promise.all(
    publishes.map(async ([number, { principal, request }]) => {
      const { topic, qos = 0, retain = false } = request
      const client = clients.get(principal.username)!
      // A refusal is an error here; whether it was forwarded is what counts.
      await client.publishAsync(topic, `${number}`, { qos, retain }).catch(() => undefined)
    }),
  )
  // A publish with QoS 0 is answered by nothing, but the broker reads a client's packets in order.
  await Promise.all([...clients.values()].map((client) => client.unsubscribeAsync('none')))
  await observer.unsubscribeAsync('none')
  for (const [number, one] of publishes) {
    outcomes.set(one, { granted: forwarded.has(`${number}`), delivered: [] })
  }
}
