/**
 * RabbitMQ 3.10.8: forms to four routes, as recorded from it (`test/rabbitmq`).
 *
 * @module
 */

import { SECRET } from '../../hono/site.ts'
import { type RecordedName, recorded } from '../../rabbitmq/recorded.ts'
import type { Dialect, Exchanges } from './dialect.ts'
import type { Row } from './row.ts'

const HEADERS = { 'content-type': 'application/x-www-form-urlencoded' }
const ALLOW = { status: 200, body: 'allow', type: 'text/plain' }
const DENY = { status: 200, body: 'deny', type: 'text/plain' }

type Fields = Readonly<Record<string, string | undefined>>

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/rabbitmq/${SECRET}/${route}`, headers: HEADERS, body, answer }
}

/** A recorded request. */
function sent(name: RecordedName, answer: Row['answer']): Row {
  const { route, body } = recorded[name]
  return asked(`as recorded: ${name}`, route, body, answer)
}

/** A recorded request with other values in it; a field that is `''` is empty, not left out. */
function changed(name: RecordedName, fields: Fields) {
  const { route, body } = recorded[name]
  const form = new URLSearchParams(body)
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) form.delete(field)
    else form.set(field, value)
  }
  return { path: `/rabbitmq/${SECRET}/${route}`, headers: HEADERS, body: form.toString() }
}

/** MQTT's topics in the words of AMQP. */
const routingKey = (topic: string) => topic.replaceAll('/', '.').replaceAll('+', '*')

const dialect: Dialect = {
  encoding: 'form',
  secretIn: 'path',
  tells: ['clientId'],
  fields: { username: 'username', topic: 'routing_key' },
  login: ({ username, password, clientId }) =>
    changed('a login', { username, password, client_id: clientId }),
  access: ({ action, topic, username, clientId }) =>
    changed('publish data', {
      username,
      permission: action === 'publish' ? 'write' : 'read',
      routing_key: routingKey(topic),
      'variable_map.client_id': clientId,
      'variable_map.username': username,
    }),
  allowLogin: () => ALLOW,
  allowAccess: () => ALLOW,
  deny: DENY,
}

function like(name: RecordedName, title: string, fields: Fields, answer: Row['answer']): Row {
  return { title, ...changed(name, fields), answer }
}

/** A recorded request without one of its fields. */
function without(name: RecordedName, field: string): Row {
  return like(name, `${name}, without ${field}`, { [field]: undefined }, DENY)
}

/** What the pump `P-1` asks, which has rules of its own, in words that are not MQTT's. */
function pump(action: string, key: string, answer: Row['answer']): Row {
  const username = 'pump/P-1'
  const fields = { username, permission: action, routing_key: key }
  const variables = { 'variable_map.client_id': 'c-1', 'variable_map.username': username }
  return like('publish data', `a pump: ${action} ${key}`, { ...fields, ...variables }, answer)
}

const logins: readonly Row[] = [
  sent('a login', ALLOW),
  sent('an empty password', DENY),
  without('a login', 'password'), // As for a client with a certificate.
  without('a login', 'client_id'), // As for AMQP, STOMP and the management.
  sent('a user name with a colon', DENY),
  sent('a user name behind a virtual host', DENY),
  sent('a login with other characters', DENY),
]

const virtualHosts: readonly Row[] = [
  sent('its virtual host', ALLOW),
  like('its virtual host', 'another virtual host', { vhost: 'plant' }, DENY),
  like('its virtual host', 'an empty virtual host', { vhost: '' }, DENY),
  without('its virtual host', 'vhost'),
  without('its virtual host', 'username'),
  without('its virtual host', 'client_id'),
]

const QUEUE = 'the queue of QoS 1, to configure'
const resources: readonly Row[] = [
  sent('the exchange, to write', ALLOW),
  sent('the exchange, to read', ALLOW),
  like('the exchange, to write', 'to configure the exchange', { permission: 'configure' }, DENY),
  like('the exchange, to write', 'the default exchange', { name: 'amq.default' }, DENY),
  like('the exchange, to write', 'the exchange without a name', { name: '' }, DENY),
  like('the exchange, to write', 'another exchange', { name: 'amq.fanout' }, DENY),
  like('the exchange, to write', 'on another virtual host', { vhost: 'plant' }, DENY),
  like('the exchange, to write', 'a permission there is not', { permission: 'own' }, DENY),
  like('the exchange, to write', 'a resource there is not', { resource: 'topic' }, DENY),
  without('the exchange, to write', 'client_id'),
  without('the exchange, to write', 'username'),
  without('the exchange, to write', 'vhost'),
  sent('the queue of QoS 0, to configure', ALLOW),
  sent('the queue of QoS 0, to read', ALLOW),
  sent('the queue of QoS 0, to write', ALLOW),
  sent('the queue of QoS 1, to configure', ALLOW),
  sent('the queue of QoS 1, to read', ALLOW),
  sent('the queue of QoS 1, to write', ALLOW),
  like(
    QUEUE,
    'the queue of its delayed will',
    { name: 'mqtt-will-weatherstation/STATION-001' },
    ALLOW,
  ),
  like(
    QUEUE,
    'the queue of a second client of its own',
    {
      client_id: 'weatherstation/STATION-001//b',
      name: 'mqtt-subscription-weatherstation/STATION-001//bqos1',
    },
    ALLOW,
  ),
  like(QUEUE, 'the queue of another client id', { name: 'mqtt-subscription-c-1qos1' }, DENY),
  // Whose the client id is was asked at the login.
  like(
    QUEUE,
    'the queue of a client id from its list',
    { client_id: 'c-1', name: 'mqtt-subscription-c-1qos1' },
    ALLOW,
  ),
  like(
    QUEUE,
    'the queue of another, with its own client id',
    { name: 'mqtt-subscription-weatherstation/STATION-002qos1' },
    DENY,
  ),
  like(QUEUE, 'a queue of its own for QoS 2', { name: `${ownQueue()}2` }, DENY),
  like(QUEUE, 'a queue with something behind its name', { name: `${ownQueue()}1x` }, DENY),
  like(QUEUE, 'the queue of an application', { name: 'orders' }, DENY),
  like(QUEUE, 'a queue without a name', { name: '' }, DENY),
  like(QUEUE, 'its queue on another virtual host', { vhost: 'plant' }, DENY),
  like(QUEUE, 'a permission on a queue there is not', { permission: 'own' }, DENY),
  without(QUEUE, 'client_id'),
  without(QUEUE, 'permission'),
  sent('its queue, to configure', ALLOW),
  sent('its queue, to read', ALLOW),
  sent('its queue, to write', ALLOW),
  sent('its exchange, to read', ALLOW),
]

const topics: readonly Row[] = [
  sent('publish data', ALLOW),
  sent('publish status', ALLOW),
  sent('publish as another', DENY),
  sent('publish with a dot in a level', DENY),
  sent('publish with empty levels', DENY),
  sent('publish with a star', DENY),
  sent('publish with other characters', DENY),
  sent('subscribe to cmd', ALLOW),
  sent('subscribe with +', DENY),
  sent('subscribe with #', DENY),
  sent('subscribe to everything', DENY),
  sent('subscribe with a dot in a level', DENY),
  sent('subscribe with # in the middle', DENY),
  sent('subscribe with a share name', DENY),
  sent('its topic, to subscribe', DENY),
  pump('read', 'news.sport.*', ALLOW),
  pump('read', 'news/sport', DENY),
  pump('read', '$share.crew.work.a', DENY),
  pump('configure', 'news.sport', DENY),
  like('publish data', 'to another exchange', { name: 'amq.headers' }, DENY),
  like('publish data', 'as another kind of resource', { resource: 'queue' }, DENY),
  like('publish data', 'publish on another virtual host', { vhost: 'plant' }, DENY),
  without('publish data', 'routing_key'),
  without('publish data', 'permission'),
  without('publish data', 'username'),
  without('publish data', 'name'),
  without('publish data', 'vhost'),
  without('publish data', 'variable_map.client_id'), // As for AMQP.
]

const { route, body } = recorded['publish data']
const malformed: readonly Row[] = [
  { ...asked('a form without its type', route, body, DENY), headers: {} },
  // RabbitMQ's default.
  { ...asked('GET with a question', `${route}?${body}`, '', DENY), method: 'GET' },
]

function ownQueue(): string {
  return 'mqtt-subscription-weatherstation/STATION-001qos'
}

export const rabbitmq: Exchanges = {
  dialects: [dialect],
  oddities: [...logins, ...virtualHosts, ...resources, ...topics, ...malformed],
}
