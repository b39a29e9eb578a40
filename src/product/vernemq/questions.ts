/**
 * VerneMQ: the webhooks that ask, all at one URL and told apart by the header `vernemq-hook`.
 *
 * Every answer is status 200 with JSON and a result of `ok` or an error: VerneMQ takes any other
 * status for an error, ends the session at a result it does not know, and asks its next plug-in at
 * `next`. Hooks that only tell something are refused; VerneMQ does not look at what they get.
 *
 * @module
 */
import { joinClientId, ownsClientId } from '../../rule/client-id.ts'
import type { Principal } from '../../rule/principal.ts'
import { type Answer, json } from '../http/answer.ts'
import {
  type Fields,
  MalformedRequest,
  needText,
  readFlag,
  readQos,
  readText,
} from '../http/fields.ts'
import type {
  AskedAccess,
  AskedAccesses,
  AskedLogin,
  Question,
  QuestionOutcome,
} from '../http/question.ts'

/** A login, with where its session is. */
interface Register extends AskedLogin {
  readonly clientId: string
  readonly mountpoint: string
}

/** A publish. */
interface Publish extends AskedAccess {
  /** Whether the message has properties, which differ from one to the next. */
  readonly hasProperties: boolean
}

/** A filter of a SUBSCRIBE, as it came. */
interface Entry {
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly entry: Fields
}

/** A SUBSCRIBE. */
interface Subscribe extends AskedAccesses {
  readonly entries: readonly Entry[]
  /** Whether the client speaks MQTT 5. */
  readonly isMqtt5: boolean
}

type Hook = Register | Publish | Subscribe

/**
 * How long VerneMQ may repeat a granted publish by itself, in seconds. It keeps an answer for all
 * it sent but the payload: the answer depends on nothing else, save for a revocation.
 */
const PUBLISH_LIFETIME = 10

const ALLOW = /* @__PURE__ */ json({ result: 'ok' })
const DENY = /* @__PURE__ */ json({ result: { error: 'not allowed' } })
const ALLOW_FOR_A_WHILE = /* @__PURE__ */ allowForAWhile()

/**
 * Refuses one filter of several, to MQTT 5 clients as well: VerneMQ makes 0x87 of it for them.
 * Before 2.2.0 it takes the reason code itself, 135, for a granted QoS.
 */
const REFUSED_QOS = 128

const MQTT5 = '_m5'

const webhook: Question<Hook> = {
  path: '',
  read(fields, headers) {
    const name = headers.get('vernemq-hook') ?? ''
    const isMqtt5 = name.endsWith(MQTT5)
    switch (isMqtt5 ? name.slice(0, -MQTT5.length) : name) {
      case 'auth_on_register':
        return readRegister(fields)
      case 'auth_on_publish':
        return readPublish(fields)
      case 'auth_on_subscribe':
        return readSubscribe(fields, isMqtt5)
      default:
        throw new MalformedRequest('the hook is none of the auth_on_… ones')
    }
  },
  write(outcome) {
    const { effect, asked } = outcome
    if (effect === 'deny' || !asked) return DENY
    if (asked.kind === 'login') return letIn(asked, outcome)
    if (asked.kind === 'accesses') return grantFilters(asked, outcome)
    // Properties differ from message to message, and VerneMQ would keep an answer for each of them.
    return asked.hasProperties ? ALLOW : ALLOW_FOR_A_WHILE
  },
}

/** See `Product`. */
export const questions: readonly Question[] = [webhook]

function allowForAWhile(): Answer {
  const { headers, ...allow } = json({ result: 'ok' })
  return { ...allow, headers: { ...headers, 'cache-control': `max-age=${PUBLISH_LIFETIME}` } }
}

function readRegister(fields: Fields): Register {
  const clientId = needText(fields, 'client_id')
  const mountpoint = readText(fields, 'mountpoint') ?? ''
  return {
    kind: 'login',
    username: readText(fields, 'username'),
    password: readText(fields, 'password'),
    clientId,
    peer: readText(fields, 'peer_addr'),
    mountpoint,
  }
}

function letIn({ clientId, mountpoint }: Register, { principal, now }: QuestionOutcome): Answer {
  if (!principal) return DENY
  const modifiers = {
    ...limitLogin(principal, now),
    ...bindSession(principal, clientId, mountpoint),
  }
  return Object.keys(modifiers).length === 0 ? ALLOW : json({ result: 'ok', modifiers })
}

/** The end of the login, if it has one. */
function limitLogin({ expiresAt }: Principal, now: number): object {
  if (expiresAt === undefined) return {}
  const seconds = Math.ceil((expiresAt - now) / 1_000)
  // 0 would be no limit at all.
  return { max_connection_lifetime: Math.max(1, seconds) }
}

/**
 * The client id by which the session is found, with the user name in it unless it is one of the user
 * name's own. VerneMQ takes it together with the mount point alone.
 */
function bindSession(principal: Principal, clientId: string, mountpoint: string): object {
  if (ownsClientId(principal, clientId)) return {}
  return { client_id: joinClientId(principal.username, clientId), mountpoint }
}

function readPublish(fields: Fields): Publish {
  const qos = readQos(fields, 'qos')
  const retain = readFlag(fields, 'retain')
  return {
    kind: 'access',
    username: readText(fields, 'username'),
    clientId: readText(fields, 'client_id'),
    action: 'publish',
    topic: needText(fields, 'topic'),
    qos,
    retain,
    hasProperties: hasProperties(fields),
  }
}

function hasProperties({ properties }: Fields): boolean {
  return properties !== undefined && !(isFields(properties) && Object.keys(properties).length === 0)
}

function readSubscribe(fields: Fields, isMqtt5: boolean): Subscribe {
  const username = readText(fields, 'username')
  const clientId = readText(fields, 'client_id')
  const entries = readTopics(fields)
  const requests = entries.map(
    ({ topic, qos }) => ({ username, clientId, action: 'subscribe', topic, qos }) as const,
  )
  return { kind: 'accesses', need: 'any', requests, entries, isMqtt5 }
}

function grantFilters({ entries, isMqtt5 }: Subscribe, { effects = [] }: QuestionOutcome): Answer {
  const isGranted = (i: number) => effects[i] === 'allow'
  // Without a list VerneMQ keeps what the client asked for, with its subscription identifier.
  if (entries.every((_, i) => isGranted(i))) return ALLOW
  const topics = entries.map(({ topic, qos, entry }, i) =>
    isGranted(i) ? { ...entry, qos } : { topic, qos: REFUSED_QOS },
  )
  return json(isMqtt5 ? { result: 'ok', modifiers: { topics } } : { result: 'ok', topics })
}

/** What a SUBSCRIBE asks for, in its order: never nothing, since an empty list grants all. */
function readTopics({ topics }: Fields): readonly Entry[] {
  if (!Array.isArray(topics) || topics.length === 0 || !topics.every(isFields)) {
    throw new MalformedRequest('"topics" is no list of filters')
  }
  return topics.map((entry) => {
    const qos = readQos(entry, 'qos')
    if (qos === undefined) throw new MalformedRequest('"qos" is missing')
    return { topic: needText(entry, 'topic'), qos, entry }
  })
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
