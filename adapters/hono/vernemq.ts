/**
 * VerneMQ: the webhooks that ask, all at one URL and told apart by the header `vernemq-hook`.
 *
 * Every answer is status 200 with JSON and a result of `ok` or an error: VerneMQ takes any other
 * status for an error, ends the session at a result it does not know, and asks its next plug-in at
 * `next`. Hooks that only tell something are refused; VerneMQ does not look at what they get.
 *
 * @module
 */
import { joinClientId, ownsClientId } from '../../src/rule/client-id.ts'
import type { Principal } from '../../src/rule/principal.ts'
import { type Answer, type Ask, type Dialect, json } from './dialect.ts'
import { type Fields, MalformedRequest, needText, readFlag, readQos, readText } from './fields.ts'

/** Answers one hook. @param isMqtt5 Whether the client speaks MQTT 5. */
type Hook = (fields: Fields, ask: Ask, isMqtt5: boolean) => Promise<Answer>

/**
 * How long VerneMQ may repeat a granted publish by itself, in seconds. It keeps an answer for all
 * it sent but the payload: the answer depends on nothing else, save for a revocation.
 */
const PUBLISH_LIFETIME = 10

const ALLOW = json({ result: 'ok' })
const DENY = json({ result: { error: 'not allowed' } })
const ALLOW_FOR_A_WHILE: Answer = {
  ...ALLOW,
  headers: { ...ALLOW.headers, 'cache-control': `max-age=${PUBLISH_LIFETIME}` },
}

/**
 * Refuses one filter of several, to MQTT 5 clients as well: VerneMQ makes 0x87 of it for them.
 * Before 2.2.0 it takes the reason code itself, 135, for a granted QoS.
 */
const REFUSED_QOS = 128

const HOOKS: ReadonlyMap<string, Hook> = new Map([
  ['auth_on_register', register],
  ['auth_on_publish', publish],
  ['auth_on_subscribe', subscribe],
])
const MQTT5 = '_m5'

/** VerneMQ. */
export const vernemq: Dialect = {
  name: 'vernemq',
  secretIn: 'path',
  // It finds sessions by client id alone, and takes the one that a login is answered with.
  facts: {
    qos: true,
    retain: true,
    share: true,
    clientId: true,
    separators: '',
    sessionsBy: 'user-name',
  },
  routes: [
    {
      path: '',
      deny: DENY,
      answer({ fields, headers }, ask) {
        const name = headers.get('vernemq-hook') ?? ''
        const isMqtt5 = name.endsWith(MQTT5)
        const hook = HOOKS.get(isMqtt5 ? name.slice(0, -MQTT5.length) : name)
        if (!hook) throw new MalformedRequest('the hook is none of the auth_on_… ones')
        return hook(fields, ask, isMqtt5)
      },
    },
  ],
}

async function register(fields: Fields, ask: Ask): Promise<Answer> {
  const clientId = needText(fields, 'client_id')
  const mountpoint = readText(fields, 'mountpoint') ?? ''
  const login = await ask.login({
    username: readText(fields, 'username'),
    password: readText(fields, 'password'),
    clientId,
    peer: readText(fields, 'peer_addr'),
  })
  if (login.effect === 'deny') return DENY
  const { principal } = login
  const modifiers = { ...limitLogin(principal), ...bindSession(principal, clientId, mountpoint) }
  return Object.keys(modifiers).length === 0 ? ALLOW : json({ result: 'ok', modifiers })
}

/** The end of the login, if it has one. */
function limitLogin({ expiresAt }: Principal): object {
  if (expiresAt === undefined) return {}
  const seconds = Math.ceil((expiresAt - Date.now()) / 1_000)
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

async function publish(fields: Fields, ask: Ask): Promise<Answer> {
  const qos = readQos(fields, 'qos')
  const retain = readFlag(fields, 'retain')
  const isAllowed = await ask.access({
    username: readText(fields, 'username'),
    clientId: readText(fields, 'client_id'),
    action: 'publish',
    topic: needText(fields, 'topic'),
    qos,
    retain,
  })
  if (!isAllowed) return DENY
  // Properties differ from message to message, and VerneMQ would keep an answer for each of them.
  return hasProperties(fields) ? ALLOW : ALLOW_FOR_A_WHILE
}

function hasProperties({ properties }: Fields): boolean {
  return properties !== undefined && !(isFields(properties) && Object.keys(properties).length === 0)
}

async function subscribe(fields: Fields, ask: Ask, isMqtt5: boolean): Promise<Answer> {
  const username = readText(fields, 'username')
  const clientId = readText(fields, 'client_id')
  let granted = 0
  const topics: object[] = []
  for (const { topic, qos, entry } of readTopics(fields)) {
    const request = { username, clientId, action: 'subscribe', topic, qos } as const
    if (await ask.access(request)) {
      granted++
      topics.push({ ...entry, qos })
    } else topics.push({ topic, qos: REFUSED_QOS })
  }
  if (granted === 0) return DENY
  // Without a list VerneMQ keeps what the client asked for, with its subscription identifier.
  if (granted === topics.length) return ALLOW
  return json(isMqtt5 ? { result: 'ok', modifiers: { topics } } : { result: 'ok', topics })
}

/** What a SUBSCRIBE asks for, in its order: never nothing, since an empty list grants all. */
function readTopics({ topics }: Fields) {
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
