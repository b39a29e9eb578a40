/**
 * What brokers ask when they run with the generated configurations: each as its own page and source
 * say, out of the settings and nothing else.
 *
 * @module
 */
import { brokerConfig } from '../../../src/product/configuration/broker-config.ts'
import { SECRET_PLACEHOLDER } from '../../../src/product/configuration/secret.ts'
import type { ConfiguredProduct } from '../../../src/product/configurations.ts'
import { readHocon, readLines, readMosquitto, type Settings } from './read.ts'

/** What a client does. */
export interface Deed {
  readonly action: 'login' | 'publish' | 'subscribe'
  readonly username: string
  readonly password: string
  readonly clientId: string
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** A request of a broker. */
export interface Question {
  readonly url: string
  readonly init: RequestInit & { readonly headers: Readonly<Record<string, string>> }
}

/** A broker that asks. */
export interface Asking {
  readonly title: string
  /** All of them have to be allowed. */
  questions(deed: Deed, secret: string): readonly Question[]
  /** Whether an answer lets the client. */
  isAllowed(status: number, text: string): boolean
  /** What it tells of a client and its message, beside the user name and the topic. */
  readonly tells: readonly ('clientId' | 'qos' | 'retain')[]
  /**
   * What it finds the session of a client by that it let in.
   * @param text Of the answer to the login.
   */
  session(deed: Deed, text: string): string
}

const ADDRESS = '10.0.0.9'
const JSON_TYPE = { 'content-type': 'application/json' }
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }

function settingsOf(
  broker: ConfiguredProduct,
  file: string,
  read: (text: string) => Settings,
  secret: string,
): Settings {
  const { text } = brokerConfig(broker).files.find(({ path }) => path === file)!
  return read(text.replaceAll(SECRET_PLACEHOLDER, secret))
}

/** Settings below a path, by the rest of theirs. */
function below(settings: Settings, path: string): Record<string, string> {
  const under = [...settings].filter(([key]) => key.startsWith(`${path}.`))
  return Object.fromEntries(under.map(([key, value]) => [key.slice(path.length + 1), value]))
}

function fill(
  fields: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  // A variable without a value stays as it is written.
  return Object.fromEntries(Object.entries(fields).map(([key, is]) => [key, values[is] ?? is]))
}

const ends = (status: number) => status === 200

/** Of EMQX 4, NanoMQ and RabbitMQ. */
const byClientId = ({ clientId }: Deed) => clientId

/** Of Mosquitto. */
const byBoth = ({ username, clientId }: Deed) => JSON.stringify([username, clientId])

/** The client id that EMQX 5.10.3 and 6.0.2 go by (`emqx_variform`): `concat` of names and texts. */
function overridden(settings: Settings, { username, clientId }: Deed): string {
  const [, list] = /^concat\(\[(.*)\]\)$/.exec(settings.get('mqtt.clientid_override') ?? '') ?? []
  if (list === undefined) return clientId
  const values: Readonly<Record<string, string>> = { username, clientid: clientId }
  return list
    .split(/, */)
    .map((item) => /^'([^']*)'$/.exec(item)?.[1] ?? values[item] ?? '')
    .join('')
}

const emqx: Asking = {
  title: 'emqx',
  tells: ['clientId', 'qos', 'retain'],
  questions(deed, secret) {
    const { action, username, password, topic, qos, retain } = deed
    const settings = settingsOf('emqx', 'emqx.conf', readHocon, secret)
    const isLogin = action === 'login'
    const at = isLogin ? 'authentication.0' : 'authorization.sources.0'
    const client = {
      '${username}': username,
      '${clientid}': overridden(settings, deed),
      '${peerhost}': ADDRESS,
    }
    const more = isLogin
      ? { '${password}': password }
      : {
          '${action}': action,
          '${topic}': topic,
          '${qos}': `${qos}`,
          '${retain}': action === 'publish' ? `${retain}` : '',
        }
    const body = JSON.stringify(fill(below(settings, `${at}.body`), { ...client, ...more }))
    const headers = below(settings, `${at}.headers`)
    return [
      {
        url: settings.get(`${at}.url`)!,
        init: { method: settings.get(`${at}.method`)!.toUpperCase(), headers, body },
      },
    ]
  },
  isAllowed: (status, text) => status === 200 && JSON.parse(text).result === 'allow',
  session: (deed) => overridden(settingsOf('emqx', 'emqx.conf', readHocon, ''), deed),
}

/** EMQX 4 and NanoMQ. */
function variables({ action, username, password, clientId, topic }: Deed): Record<string, string> {
  const access = action === 'subscribe' ? '1' : '2'
  const client = { '%u': username, '%c': clientId, '%a': ADDRESS }
  return action === 'login'
    ? { ...client, '%P': password }
    : { ...client, '%A': access, '%t': topic }
}

const emqx4: Asking = {
  title: 'emqx4',
  tells: ['clientId'],
  questions(deed, secret) {
    const settings = settingsOf('emqx4', 'emqx_auth_http.conf', readLines, secret)
    const at = `auth.http.${deed.action === 'login' ? 'auth_req' : 'acl_req'}`
    const params = settings.get(`${at}.params`)!.split(',')
    const fields = Object.fromEntries(params.map((param) => param.split('=')))
    const body = JSON.stringify(fill(fields, variables(deed)))
    const headers = below(settings, `${at}.headers`)
    return [
      {
        url: settings.get(`${at}.url`)!,
        init: { method: settings.get(`${at}.method`)!.toUpperCase(), headers, body },
      },
    ]
  },
  isAllowed: ends,
  session: byClientId,
}

const nanomq: Asking = {
  title: 'nanomq',
  tells: ['clientId'],
  questions(deed, secret) {
    const settings = settingsOf('nanomq', 'nanomq.conf', readHocon, secret)
    const at = `auth.http_auth.${deed.action === 'login' ? 'auth_req' : 'acl_req'}`
    const body = JSON.stringify(fill(below(settings, `${at}.params`), variables(deed)))
    const headers = below(settings, `${at}.headers`)
    return [
      {
        url: settings.get(`${at}.url`)!,
        init: { method: settings.get(`${at}.method`)!, headers, body },
      },
    ]
  },
  isAllowed: ends,
  session: byClientId,
}

const ACC = { login: '-1', publish: '2', subscribe: '4' } as const

const goAuth: Asking = {
  title: 'go-auth',
  tells: ['clientId'],
  questions({ action, username, password, clientId, topic }, secret) {
    const settings = settingsOf('go-auth', 'mosquitto.conf', readLines, secret)
    const of = (name: string) => settings.get(`auth_opt_http_${name}`)!
    const isLogin = action === 'login'
    const told = isLogin
      ? { clientid: clientId, password, username }
      : { acc: Number(ACC[action]), clientid: clientId, topic, username }
    const url = `http://${of('host')}:${of('port')}${of(isLogin ? 'getuser_uri' : 'aclcheck_uri')}`
    return [{ url, init: { method: of('method'), headers: JSON_TYPE, body: JSON.stringify(told) } }]
  },
  isAllowed: ends,
  session: byBoth,
}

const authPlug: Asking = {
  title: 'auth-plug',
  tells: [],
  questions({ action, username, password, topic }, secret) {
    const settings = settingsOf('auth-plug', 'mosquitto.conf', readMosquitto, secret)
    const of = (name: string) => settings.get(`auth_opt_http_${name}`)!
    const isLogin = action === 'login'
    const fields = [
      `username=${encodeURIComponent(username)}`,
      `password=${isLogin ? encodeURIComponent(password) : ''}`,
      `topic=${isLogin ? '' : encodeURIComponent(topic)}`,
      `acc=${ACC[action]}`,
      `clientid=${isLogin ? '' : 'client id not available'}`,
    ]
    const url = `http://${of('ip')}:${of('port')}${of(isLogin ? 'getuser_uri' : 'aclcheck_uri')}`
    return [{ url, init: { method: 'POST', headers: FORM_TYPE, body: fields.join('&') } }]
  },
  isAllowed: ends,
  session: byBoth,
}

const rabbitmq: Asking = {
  title: 'rabbitmq',
  tells: [],
  questions({ action, username, password, clientId, topic }, secret) {
    const settings = settingsOf('rabbitmq', 'rabbitmq.conf', readLines, secret)
    const method = settings.get('auth_http.http_method')!.toUpperCase()
    const ask = (route: string, fields: Readonly<Record<string, string>>): Question => ({
      url: settings.get(`auth_http.${route}_path`)!,
      init: {
        method,
        headers: FORM_TYPE,
        body: new URLSearchParams({ username, vhost: '/', ...fields }).toString(),
      },
    })
    const client = { client_id: clientId }
    if (action === 'login') {
      return [
        ask('user', { password, ...client }),
        ask('vhost', { ip: ADDRESS, tags: '', ...client }),
      ]
    }
    const permission = action === 'publish' ? 'write' : 'read'
    const object = (resource: string, name: string, permission: string) =>
      ask('resource', { resource, name, permission, tags: '', ...client })
    const queue = `mqtt-subscription-${clientId}qos1`
    return [
      ...(action === 'subscribe'
        ? ['configure', 'read', 'write'].map((permission) => object('queue', queue, permission))
        : []),
      object('exchange', 'amq.topic', permission),
      ask('topic', {
        resource: 'topic',
        name: 'amq.topic',
        permission,
        tags: '',
        routing_key: topic.replaceAll('/', '.').replaceAll('+', '*'),
        'variable_map.client_id': clientId,
        'variable_map.username': username,
        'variable_map.vhost': '/',
      }),
    ]
  },
  isAllowed: (status, text) => status === 200 && text === 'allow',
  session: byClientId,
}

function vernemq(title: string, ending: '' | '_m5'): Asking {
  return {
    title,
    tells: ['clientId', 'qos', 'retain'],
    questions({ action, username, password, clientId, topic, qos, retain }, secret) {
      const settings = settingsOf('vernemq', 'vernemq.conf', readLines, secret)
      const hook = `auth_on_${action === 'login' ? 'register' : action}${ending}`
      // No line for it, nobody asked: VerneMQ refuses then.
      const [key] = [...settings].find(([, value]) => value === hook)!
      const client = { mountpoint: '', client_id: clientId, username }
      const told = {
        login: { peer_addr: ADDRESS, peer_port: 51_234, password },
        publish: { qos, topic, retain },
        subscribe: { topics: [{ topic, qos }] },
      }[action]
      const properties = ending === '' ? {} : { properties: {} }
      return [
        {
          url: settings.get(key.replace(/hook$/, 'endpoint'))!,
          init: {
            method: 'POST',
            headers: { ...JSON_TYPE, 'vernemq-hook': hook },
            body: JSON.stringify({ ...client, ...told, ...properties }),
          },
        },
      ]
    },
    isAllowed: (status, text) => status === 200 && JSON.parse(text).result === 'ok',
    session: ({ clientId }, text) => JSON.parse(text).modifiers?.client_id ?? clientId,
  }
}

/** All brokers that ask. */
export const ASKING: readonly Asking[] = [
  emqx,
  emqx4,
  nanomq,
  goAuth,
  authPlug,
  rabbitmq,
  vernemq('vernemq', ''),
  vernemq('vernemq, MQTT 5', '_m5'),
]
