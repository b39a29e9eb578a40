/**
 * RabbitMQ with rabbitmq_auth_backend_http, for clients of its MQTT plug-in.
 *
 * Whatever begins with `allow` lets a client in, and what follows would be tags for RabbitMQ's
 * management, so an allow is this one word. A client without a client id speaks another protocol
 * (AMQP, STOMP, the management's HTTP), about which the rules say nothing: it is denied.
 *
 * @module
 */
import type { AccessAction } from '../../src/rule/rule.ts'
import { type Ask, type Dialect, plain } from './dialect.ts'
import { type Fields, MalformedRequest, needText, readText } from './fields.ts'

const ALLOW = plain('allow')
const DENY = plain('deny')

/** The virtual host of MQTT clients where `mqtt.vhost` is not set. */
const VHOST = '/'
/** The exchange that topics are published to where `mqtt.exchange` is not set. */
const EXCHANGE = 'amq.topic'

const ACTIONS: ReadonlyMap<string, AccessAction> = new Map([
  ['write', 'publish'],
  ['read', 'subscribe'],
])

/** RabbitMQ. */
export const rabbitmq: Dialect = {
  name: 'rabbitmq',
  secretIn: 'path',
  facts: {
    qos: false,
    retain: false,
    share: 'none',
    clientId: true,
    separators: '.',
    wildcards: '*',
    hidesReserved: false,
  },
  routes: [
    {
      path: 'user',
      deny: DENY,
      async answer({ fields }, ask) {
        const clientId = needText(fields, 'client_id')
        const username = readText(fields, 'username')
        const password = readText(fields, 'password')
        const login = await ask.login({ username, password, clientId })
        return login.effect === 'allow' ? ALLOW : DENY
      },
    },
    {
      path: 'vhost',
      deny: DENY,
      answer({ fields }, ask) {
        needText(fields, 'username')
        needText(fields, 'client_id')
        return answer(ask, findVhostProblem(fields))
      },
    },
    {
      path: 'resource',
      deny: DENY,
      answer: ({ fields }, ask) =>
        answer(ask, findVhostProblem(fields) ?? findResourceProblem(fields)),
    },
    {
      path: 'topic',
      deny: DENY,
      async answer({ fields }, ask) {
        const action = readAction(fields)
        const request = {
          username: needText(fields, 'username'),
          clientId: needText(fields, 'variable_map.client_id'),
          action,
          topic: readTopic(fields, action),
        }
        const problem = findVhostProblem(fields) ?? findExchangeProblem(fields)
        if (problem !== undefined) return answer(ask, problem)
        return (await ask.access(request)) ? ALLOW : DENY
      },
    },
  ],
}

function answer(ask: Ask, problem: string | undefined) {
  return ask.brokerObject(problem) ? ALLOW : DENY
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
