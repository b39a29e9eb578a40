/**
 * RabbitMQ: a routing key for each topic, and several questions for each packet, all of which have to
 * be granted.
 *
 * @module
 */
import { allNames, isNaiveFilter } from '../../../topic/oracle.ts'
import {
  type Answer,
  type Call,
  type Client,
  call,
  type Language,
  type Meaning,
  NoQuestion,
  needed,
  oneOf,
  type ReadFields,
  text,
  type Wish,
  wishes,
} from '../language.ts'

const EXCHANGE = 'amq.topic'

/** Topics that may be published: with dots, a star and the roots of brokers among their levels. */
const NAMES = allNames(3, ['a', 'b', '', '*', 'a.b', '$r'])

/** The words of the routing key that RabbitMQ makes of a topic. */
function words(topic: string): readonly string[] {
  return topic.replaceAll('/', '.').replaceAll('+', '*').split('.')
}

/** Whether a topic exchange routes a key by a binding: "*" is one word, "#" any number of them. */
function routes([want, ...wants]: readonly string[], key: readonly string[]): boolean {
  if (want === undefined) return key.length === 0
  if (want === '#')
    return routes(wants, key) || (key.length > 0 && routes([want, ...wants], key.slice(1)))
  return key.length > 0 && (want === '*' || want === key[0]) && routes(wants, key.slice(1))
}

/** The topic that stands for all that have the same routing key. */
function shared(topic: string, isFilter: boolean): string {
  return words(topic)
    .map((word) => (isFilter && word === '*' ? '+' : word))
    .join('/')
}

/** As it is carried out: the dots are separators, a star is a wildcard, and "$" is nothing special. */
function carriedOut({ sent }: Wish): Wish {
  const isFilter = sent.action === 'subscribe'
  const plain = isFilter ? sent.topic : sent.topic.replaceAll('.', '/')
  const done = { ...sent, topic: isFilter ? shared(plain, true) : plain }
  if (!isFilter) return { sent, done }
  const binding = words(sent.topic)
  const delivered = NAMES.filter((name) => routes(binding, words(name))).map((name) => {
    return { sent: { ...sent, topic: name }, done: { ...sent, topic: name.replaceAll('.', '/') } }
  })
  return { sent, done, delivered }
}

function resource(client: Client, kind: string, name: string, permission: string): Call {
  const { username, clientId: client_id } = client
  const fields = { username, vhost: '/', resource: kind, name, permission, tags: '', client_id }
  return call('form', 'resource', fields)
}

function topicCall({ username, clientId }: Client, { sent }: Wish): Call {
  return call('form', 'topic', {
    username,
    vhost: '/',
    resource: 'topic',
    name: EXCHANGE,
    permission: sent.action === 'publish' ? 'write' : 'read',
    tags: '',
    routing_key: words(sent.topic).join('.'),
    'variable_map.client_id': clientId,
    'variable_map.username': username,
    'variable_map.vhost': '/',
  })
}

function calls(client: Client, wish: Wish): readonly Call[] {
  const { action, qos } = wish.sent
  if (action === 'publish') {
    return [resource(client, 'exchange', EXCHANGE, 'write'), topicCall(client, wish)]
  }
  const queue = `mqtt-subscription-${client.clientId}qos${Math.min(qos ?? 0, 1)}`
  return [
    resource(client, 'queue', queue, 'configure'),
    resource(client, 'queue', queue, 'write'),
    resource(client, 'exchange', EXCHANGE, 'read'),
    topicCall(client, wish),
    resource(client, 'queue', queue, 'read'),
  ]
}

const isAllowed = ({ status, body }: Answer) =>
  (status === 200 || status === 201) && /^allow/i.test(body)

export const rabbitmq: Language = {
  encodings: ['form'],
  bindsClientId: true,
  login: ({ username, password, clientId: client_id }) =>
    call('form', 'user', { username, password, vhost: '/', client_id }),
  ask: (client, packet) =>
    wishes(packet).map((one) => {
      const wish = carriedOut(one)
      return {
        wishes: [wish],
        calls: calls(client, wish),
        grants: (answers) => [answers.every(isAllowed)],
      }
    }),
  others: ({ username, clientId: client_id }) => [
    call('form', 'vhost', { username, vhost: '/', ip: '10.0.0.9', tags: '', client_id }),
  ],
  meanings({ route, fields }): readonly Meaning[] {
    const username = needed(fields, 'username')
    if (route === 'user') {
      const [password, clientId] = [text(fields, 'password'), text(fields, 'client_id')]
      return [[{ kind: 'login', username, password, clientId }]]
    }
    if (needed(fields, 'vhost') !== '/' && route !== 'user') throw new NoQuestion('vhost')
    if (route === 'vhost') return [[{ kind: 'part' }]]
    if (route === 'resource') return [readResource(fields)]
    if (needed(fields, 'name') !== EXCHANGE) throw new NoQuestion('name')
    if (needed(fields, 'resource') !== 'topic') throw new NoQuestion('resource')
    const action = oneOf(fields, 'permission', [
      ['write', 'publish'],
      ['read', 'subscribe'],
    ] as const)
    const clientId = text(fields, 'variable_map.client_id')
    const topic = shared(needed(fields, 'routing_key'), action === 'subscribe')
    if (action === 'subscribe' && !isNaiveFilter(topic)) throw new NoQuestion('routing_key')
    return [[{ kind: 'access', username, clientId, action, topic }]]
  },
  parts: (answer, count) => Array(count).fill(isAllowed(answer)),
}

/** Of queues a client has those of its client id; of exchanges the one for topics. */
function readResource(fields: ReadFields): Meaning {
  const name = needed(fields, 'name')
  if (needed(fields, 'resource') === 'exchange') {
    oneOf(fields, 'permission', [
      ['read', 0],
      ['write', 0],
    ])
    if (name !== EXCHANGE) throw new NoQuestion('name')
    return [{ kind: 'part' }]
  }
  const clientId = text(fields, 'client_id') ?? ''
  const own = [`mqtt-subscription-${clientId}qos0`, `mqtt-subscription-${clientId}qos1`]
  if (![...own, `mqtt-will-${clientId}`].includes(name)) throw new NoQuestion('name')
  return [{ kind: 'part' }]
}
