/**
 * How each broker product asks the routes, as far as `doctor` asks in its place.
 *
 * @module
 */
import type { AccessAction } from '../../../src/rule/rule.ts'

/** A login to ask about. */
export interface LoginToAsk {
  readonly username: string
  readonly password: string
  readonly clientId: string
}

/** An access to ask about. */
export interface AccessToAsk {
  readonly username: string
  readonly clientId: string
  readonly action: AccessAction
  readonly topic: string
}

/** One request, without the secret. */
export interface AskedRequest {
  /** Behind the product's name, and behind the secret if that is in the path. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How a product asks, and what it takes for a grant. */
export interface Dialect {
  login(login: LoginToAsk): AskedRequest
  access(access: AccessToAsk): AskedRequest
  /** Whether the product lets the client in, or do it. */
  isGrant(status: number, body: string): boolean
}

type Values = Readonly<Record<string, string>>

const inJson = (path: string, fields: unknown): AskedRequest => ({
  path,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(fields),
})
const inForm = (path: string, fields: Values): AskedRequest => ({
  path,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
})

/** Where the client connects from, as the routes are told. */
const PEER = '127.0.0.1'

const emqx: Dialect = {
  login: ({ username, password, clientId }) =>
    inJson('auth', { clientid: clientId, password, peerhost: PEER, username }),
  access: ({ username, clientId, action, topic }) =>
    inJson('acl', {
      action,
      clientid: clientId,
      peerhost: PEER,
      qos: '1',
      retain: action === 'publish' ? 'false' : '',
      topic,
      username,
    }),
  isGrant: (status, body) => status === 200 && resultOf(body) === 'allow',
}

/** EMQX 4 and NanoMQ number what is asked for. */
const numbered = (action: AccessAction) => (action === 'publish' ? '2' : '1')

const emqx4: Dialect = {
  login: ({ username, password, clientId }) =>
    inForm('auth', { clientid: clientId, username, password, ipaddr: PEER }),
  access: ({ username, clientId, action, topic }) =>
    inForm('acl', {
      ...{ access: numbered(action), username, clientid: clientId },
      ...{ ipaddr: PEER, topic, mountpoint: 'undefined' },
    }),
  // Whatever the body says.
  isGrant: (status) => status === 200,
}

const nanomq: Dialect = {
  login: ({ username, password, clientId }) =>
    inJson('auth', { clientid: clientId, username, password, ipaddr: PEER }),
  access: ({ username, clientId, action, topic }) =>
    inJson('acl', {
      ...{ clientid: clientId, username },
      ...{ access: numbered(action), ipaddr: PEER, topic },
    }),
  isGrant: (status) => status === 200,
}

/** The plug-ins of Mosquitto have a bit for each action. */
const bit = (action: AccessAction) => (action === 'publish' ? 2 : 4)

const goAuth: Dialect = {
  login: ({ username, password, clientId }) =>
    inJson('user', { clientid: clientId, password, username }),
  access: ({ username, clientId, action, topic }) =>
    inJson('acl', { acc: bit(action), clientid: clientId, topic, username }),
  isGrant: (status, body) => status === 200 && /^\{"ok":true/.test(body),
}

const authPlug: Dialect = {
  login: ({ username, password }) =>
    inForm('user', { username, password, topic: '', acc: '-1', clientid: '' }),
  access: ({ username, action, topic }) =>
    inForm('acl', {
      ...{ username, password: '', topic, acc: String(bit(action)) },
      clientid: 'client id not available',
    }),
  isGrant: (status) => status === 200,
}

const rabbitmq: Dialect = {
  login: ({ username, password, clientId }) =>
    inForm('user', { username, password, vhost: '/', client_id: clientId }),
  access: ({ username, clientId, action, topic }) =>
    inForm('topic', {
      ...{ username, vhost: '/', resource: 'topic', name: 'amq.topic' },
      permission: action === 'publish' ? 'write' : 'read',
      ...{ tags: '', routing_key: topic.replaceAll('/', '.').replaceAll('+', '*') },
      ...{ 'variable_map.client_id': clientId, 'variable_map.username': username },
      'variable_map.vhost': '/',
    }),
  isGrant: (status, body) => status === 200 && body.startsWith('allow'),
}

const vernemq: Dialect = {
  login: ({ username, password, clientId }) =>
    hook('auth_on_register', {
      ...{ peer_addr: PEER, peer_port: 1, mountpoint: '', client_id: clientId },
      ...{ username, password, clean_session: true },
    }),
  access: ({ username, clientId, action, topic }) => {
    const who = { username, mountpoint: '', client_id: clientId }
    return action === 'publish'
      ? hook('auth_on_publish', { ...who, qos: 1, topic, payload: '', retain: false })
      : hook('auth_on_subscribe', { ...who, topics: [{ topic, qos: 1 }] })
  },
  isGrant: (status, body) =>
    status === 200 && resultOf(body) === 'ok' && !/"qos":12[89]/.test(body),
}

function hook(name: string, fields: unknown): AskedRequest {
  const { headers, ...request } = inJson('', fields)
  return { ...request, headers: { ...headers, 'vernemq-hook': name } }
}

function resultOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { readonly result?: unknown } | null)?.result
  } catch {
    return undefined
  }
}

/** By the names of the products that ask. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  emqx,
  emqx4,
  nanomq,
  'go-auth': goAuth,
  'auth-plug': authPlug,
  rabbitmq,
  vernemq,
}
