/**
 * RabbitMQ with rabbitmq_auth_backend_http, for clients of its MQTT plug-in.
 *
 * Whatever begins with `allow` lets a client in, and what follows would be tags for RabbitMQ's
 * management, so an allow is this one word. A client without a client id speaks another protocol
 * (AMQP, STOMP, the management's HTTP), about which the rules say nothing: it is denied.
 *
 * @module
 */
import type { AccessAction } from '../../rule/rule.ts'
import { type Answer, plain } from '../http/answer.ts'
import { type Fields, MalformedRequest, needText, readText } from '../http/fields.ts'
import type {
  AskedAccess,
  AskedBrokerObject,
  AskedLogin,
  Question,
  QuestionOutcome,
} from '../http/question.ts'

const ALLOW = /* @__PURE__ */ plain('allow')
const DENY = /* @__PURE__ */ plain('deny')

/** The virtual host of MQTT clients where `mqtt.vhost` is not set. */
const VHOST = '/'
/** The exchange that topics are published to where `mqtt.exchange` is not set. */
const EXCHANGE = 'amq.topic'

const ACTIONS: ReadonlyMap<string, AccessAction> = new Map([
  ['write', 'publish'],
  ['read', 'subscribe'],
])

const user: Question<AskedLogin> = {
  path: 'user',
  read(fields) {
    const clientId = needText(fields, 'client_id')
    const username = readText(fields, 'username')
    const password = readText(fields, 'password')
    return { kind: 'login', username, password, clientId }
  },
  write,
}

const vhost: Question<AskedBrokerObject> = {
  path: 'vhost',
  read(fields) {
    needText(fields, 'username')
    needText(fields, 'client_id')
    return { kind: 'broker-object', problem: findVhostProblem(fields) }
  },
  write,
}

const resource: Question<AskedBrokerObject> = {
  path: 'resource',
  read: (fields) => ({
    kind: 'broker-object',
    problem: findVhostProblem(fields) ?? findResourceProblem(fields),
  }),
  write,
}

const topic: Question<AskedAccess | AskedBrokerObject> = {
  path: 'topic',
  read(fields) {
    const action = readAction(fields)
    const request = {
      username: needText(fields, 'username'),
      clientId: needText(fields, 'variable_map.client_id'),
      action,
      topic: readTopic(fields, action),
    }
    const problem = findVhostProblem(fields) ?? findExchangeProblem(fields)
    return problem === undefined
      ? { kind: 'access', ...request }
      : { kind: 'broker-object', problem }
  },
  write,
}

/** See `Product`. */
export const questions: readonly Question[] = [user, vhost, resource, topic]

function write({ effect }: QuestionOutcome): Answer {
  return effect === 'allow' ? ALLOW : DENY
}

/** A client that could choose its virtual host could reach what is not this fleet's. */
function findVhostProblem(fields: Fields): string | undefined {
  const vhost = needText(fields, 'vhost')
  return vhost === VHOST
    ? undefined
    : `the virtual host is ${JSON.stringify(vhost)}, not "${VHOST}"`
}

function findExchangeProblem(fields: Fields): string | undefined {
  const name = needText(fields, 'name')
  return name === EXCHANGE
    ? undefined
    : `the exchange is ${JSON.stringify(name)}, not "${EXCHANGE}"`
}

/** What is wrong with the use of a queue or an exchange. */
function findResourceProblem(fields: Fields): string | undefined {
  needText(fields, 'username')
  const clientId = needText(fields, 'client_id')
  const permission = needText(fields, 'permission')
  const kind = needText(fields, 'resource')
  if (kind === 'exchange') {
    readAction(fields)
    return findExchangeProblem(fields)
  }
  if (kind !== 'queue') throw new MalformedRequest('"resource" is not "queue" or "exchange"')
  if (permission !== 'configure') readAction(fields)
  return findQueueProblem(needText(fields, 'name'), clientId)
}

/**
 * What is wrong with the use of a queue. RabbitMQ finds the session of a client by its client id, and
 * asks no further about the topics of a session: so a client has only the queues of the client id that
 * it logged in with.
 */
function findQueueProblem(name: string, clientId: string): string | undefined {
  const subscription = `mqtt-subscription-${clientId}qos`
  if ([`${subscription}0`, `${subscription}1`, `mqtt-will-${clientId}`].includes(name)) {
    return undefined
  }
  return `the queue ${JSON.stringify(name)} is not one of the client ${JSON.stringify(clientId)}`
}

/** What a permission on the exchange stands for. */
function readAction(fields: Fields): AccessAction {
  const action = ACTIONS.get(needText(fields, 'permission'))
  if (!action) throw new MalformedRequest('"permission" is none that MQTT needs here')
  return action
}

/**
 * The topic or filter that RabbitMQ made a routing key of: "/" became ".", and "+" became "*". A star
 * in the name of a topic stays one.
 */
function readTopic(fields: Fields, action: AccessAction): string {
  const key = needText(fields, 'routing_key')
  if (needText(fields, 'resource') !== 'topic')
    throw new MalformedRequest('"resource" is not "topic"')
  if (key.includes('/')) throw new MalformedRequest('"routing_key" holds a "/"')
  const topic = key.replaceAll('.', '/')
  return action === 'subscribe' ? topic.replaceAll('*', '+') : topic
}
