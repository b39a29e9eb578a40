/**
 * EMQX 5 and 6: what it makes of the bodies in docs/emqx.md, in JSON as by default and in a form.
 * Its keys come in the order of the alphabet, every value is text, and one that is missing is empty.
 *
 * @module
 */
import {
  HUB_PASSWORD,
  OLD_PASSWORD,
  PUMP_PASSWORD,
  SECRET,
  STATION_PASSWORD,
} from '../../hono/site.ts'
import type { Row } from './row.ts'

const headers = {
  accept: 'application/json',
  authorization: `Bearer ${SECRET}`,
  'cache-control': 'no-cache',
  'content-type': 'application/json',
}
const formHeaders = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }

const OK = { status: 200, body: '{"result":"allow"}', type: 'application/json' }
const NO = { status: 200, body: '{"result":"deny"}', type: 'application/json' }

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'
const OWN = 'things/weatherstation/STATION-001'

const CLOSING =
  '{"permission":"deny","action":"all","topic":"#"},{"permission":"deny","action":"all","topic":"$SYS/#"},{"permission":"deny","action":"all","topic":"$event/#"},{"permission":"deny","action":"all","topic":"$file/#"},{"permission":"deny","action":"all","topic":"$file-async/#"}'
const STATION_OK = {
  ...OK,
  body: `{"result":"allow","acl":[{"permission":"allow","action":"publish","topic":"${OWN}/data"},{"permission":"allow","action":"publish","topic":"${OWN}/status"},{"permission":"allow","action":"publish","topic":"${OWN}/reply"},{"permission":"allow","action":"subscribe","topic":"${OWN}/cmd"},${CLOSING}],"client_attrs":{"type":"weatherstation","id":"STATION-001"}}`,
}
// Its rules have a deny that cuts into a subscription: the broker asks about each topic.
const PUMP_OK = { ...OK, body: '{"result":"allow","client_attrs":{"type":"pump","id":"P-1"}}' }
const OLD_OK = { ...OK, body: '{"result":"allow","client_attrs":{"type":"pump","id":"P-2"}}' }
// No device: it has rules, and no attributes.
const HUB_OK = {
  ...OK,
  body: `{"result":"allow","acl":[{"permission":"allow","action":"subscribe","topic":"things/weatherstation/+/data"},{"permission":"allow","action":"subscribe","topic":"things/weatherstation/+/status"},{"permission":"allow","action":"subscribe","topic":"things/weatherstation/+/reply"},{"permission":"allow","action":"publish","topic":"things/weatherstation/+/cmd"},{"permission":"allow","action":"subscribe","topic":"things/pump/+/data"},{"permission":"allow","action":"subscribe","topic":"things/pump/+/status"},{"permission":"allow","action":"publish","topic":"things/pump/+/cmd"},${CLOSING}]}`,
}

/** A question in JSON. */
function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/emqx/${route}`, headers, body, answer }
}

/** The same in a form. */
function form(title: string, route: string, json: string, answer: Row['answer']): Row {
  const body = new URLSearchParams(JSON.parse(json)).toString()
  return {
    title: `${title}, in a form`,
    path: `/emqx/${route}`,
    headers: formHeaders,
    body,
    answer,
  }
}

/** With the client id that the generated configuration makes of `c-1`. */
function login(username: string, password: string, clientId = `${username}///c-1`): string {
  return `{"clientid":"${clientId}","password":"${password}","peerhost":"10.0.0.9","username":"${username}"}`
}

interface Access {
  readonly username?: string
  readonly clientId?: string
  readonly qos?: string
  readonly retain?: string
}

function publish(topic: string, more: Access = {}): string {
  const { username = STATION, clientId = 'c-1', qos = '1', retain = 'false' } = more
  return `{"action":"publish","clientid":"${clientId}","peerhost":"10.0.0.9","qos":"${qos}","retain":"${retain}","topic":"${topic}","username":"${username}"}`
}

/** In the words of EMQX 4, which EMQX 5.7.1 and later know as well: the action is a number. */
function numbered(question: string, access: string): string {
  return question.replace(/"action":"[a-z]*"/, `"access":"${access}"`)
}

/** The retain flag of a subscription is empty. */
function subscribe(topic: string, more: Access = {}): string {
  return publish(topic, { ...more, retain: '' }).replace('"publish"', '"subscribe"')
}

const station = login(STATION, STATION_PASSWORD)
const data = publish(`${OWN}/data`)

const logins: readonly Row[] = [
  asked('a device', 'auth', station, STATION_OK),
  form('a device', 'auth', station, STATION_OK),
  asked('its user name as it is', 'auth', login(STATION, STATION_PASSWORD, STATION), STATION_OK),
  asked(
    'a suffix of its own',
    'auth',
    login(STATION, STATION_PASSWORD, `${STATION}//b`),
    STATION_OK,
  ),
  asked('without a client id', 'auth', login(STATION, STATION_PASSWORD, ''), NO),
  asked('a client id of any kind', 'auth', login(STATION, STATION_PASSWORD, 'c-1'), NO),
  form('a client id of any kind', 'auth', login(STATION, STATION_PASSWORD, 'c-1'), NO),
  asked('the client id of another', 'auth', login(STATION, STATION_PASSWORD, PUMP), NO),
  asked('one joined for another', 'auth', login(STATION, STATION_PASSWORD, `${PUMP}///c-1`), NO),
  asked('the client id of the hub', 'auth', login(STATION, STATION_PASSWORD, 'hub'), NO),
  asked('a client id of the hub', 'auth', login(STATION, STATION_PASSWORD, 'hub//1'), NO),
  asked(
    'a device, from an IPv6 address',
    'auth',
    station.replace('10.0.0.9', '2001:db8::9'),
    STATION_OK,
  ),
  asked('a device, with no address', 'auth', station.replace('10.0.0.9', ''), STATION_OK),
  asked(
    'a device, with an empty certificate name',
    'auth',
    station.replace('{', '{"cert_common_name":"",'),
    STATION_OK,
  ),
  asked('a device with rules to be asked about', 'auth', login(PUMP, PUMP_PASSWORD), PUMP_OK),
  asked('a user name from elsewhere', 'auth', login('old-name', OLD_PASSWORD), OLD_OK),
  asked('the hub', 'auth', login('hub', HUB_PASSWORD), HUB_OK),
  form('the hub', 'auth', login('hub', HUB_PASSWORD), HUB_OK),
  asked('a wrong password', 'auth', login(STATION, `${STATION_PASSWORD}0`), NO),
  form('a wrong password', 'auth', login(STATION, `${STATION_PASSWORD}0`), NO),
  asked('the password of another', 'auth', login(STATION, PUMP_PASSWORD), NO),
  asked('an unknown user', 'auth', login('weatherstation/STATION-404', STATION_PASSWORD), NO),
  asked('a revoked device', 'auth', login('weatherstation/STATION-002', STATION_PASSWORD), NO),
  asked('a wildcard for a user name', 'auth', login('weatherstation/+', STATION_PASSWORD), NO),
  asked('nobody', 'auth', login('', ''), NO),
  asked('no user name', 'auth', login('', STATION_PASSWORD), NO),
  asked('no password', 'auth', login(STATION, ''), NO),
  asked('a placeholder EMQX does not know', 'auth', login(`\${user_name}`, `\${password}`), NO),
  asked('a list for a user name', 'auth', `{"password":"${HUB_PASSWORD}","username":["hub"]}`, NO),
  asked('a number for an address', 'auth', station.replace('"10.0.0.9"', '10'), NO),
  asked('a user name given twice', 'auth', station.replace('{', '{"username":"hub",'), NO),
]

const publishes: readonly Row[] = [
  asked('publish own data', 'acl', data, OK),
  form('publish own data', 'acl', data, OK),
  asked('publish own status, retained', 'acl', publish(`${OWN}/status`, { retain: 'true' }), OK),
  asked('publish own cmd', 'acl', publish(`${OWN}/cmd`), NO),
  asked('publish for another', 'acl', publish('things/pump/P-1/data'), NO),
  asked('publish with a wildcard', 'acl', publish('things/weatherstation/+/data'), NO),
  asked('publish as nobody', 'acl', publish(`${OWN}/data`, { username: '' }), NO),
  asked(
    'publish as a revoked device',
    'acl',
    publish('things/weatherstation/STATION-002/data', { username: 'weatherstation/STATION-002' }),
    NO,
  ),
  asked('a command of the hub', 'acl', publish(`${OWN}/cmd`, { username: 'hub' }), OK),
  ...['0', '1'].map((qos) =>
    asked(
      `publish with QoS ${qos}, up to 1`,
      'acl',
      publish('logs/P-1/a', { username: PUMP, qos }),
      OK,
    ),
  ),
  asked('publish with QoS 2', 'acl', publish('logs/P-1/a', { username: PUMP, qos: '2' }), NO),
  asked('publish with no QoS', 'acl', publish('logs/P-1/a', { username: PUMP, qos: '' }), NO),
  asked('publish retained', 'acl', publish('state/P-1', { username: PUMP, retain: 'true' }), OK),
  form('publish retained', 'acl', publish('state/P-1', { username: PUMP, retain: 'true' }), OK),
  asked('publish without retain', 'acl', publish('state/P-1', { username: PUMP }), NO),
  asked('publish, retain unknown', 'acl', publish('state/P-1', { username: PUMP, retain: '' }), NO),
  asked(
    'publish under an own client id',
    'acl',
    publish('audit/c-7', { username: PUMP, clientId: 'c-7' }),
    OK,
  ),
  asked(
    'publish under the client id of another',
    'acl',
    publish('audit/c-8', { username: PUMP, clientId: 'c-7' }),
    NO,
  ),
  asked(
    'publish under no client id',
    'acl',
    publish('audit/', { username: PUMP, clientId: '' }),
    NO,
  ),
]

const subscriptions: readonly Row[] = [
  asked('subscribe to own commands', 'acl', subscribe(`${OWN}/cmd`), OK),
  form('subscribe to own commands', 'acl', subscribe(`${OWN}/cmd`), OK),
  asked('subscribe to own data', 'acl', subscribe(`${OWN}/data`), NO),
  asked('subscribe to the commands of all', 'acl', subscribe('things/weatherstation/+/cmd'), NO),
  asked('subscribe to everything', 'acl', subscribe('#'), NO),
  form('subscribe to everything', 'acl', subscribe('#'), NO),
  asked('subscribe to the statistics', 'acl', subscribe('$SYS/#'), NO),
  asked('subscribe beside a deny', 'acl', subscribe('news/sport/+', { username: PUMP }), OK),
  form(
    'subscribe to a name that is escaped',
    'acl',
    subscribe('news/a b&c=d+', { username: PUMP }),
    NO,
  ),
  form('subscribe to another one', 'acl', subscribe('news/a b&c=d/+', { username: PUMP }), OK),
  asked('subscribe over a deny', 'acl', subscribe('news/#', { username: PUMP }), NO),
  asked('subscribe within a deny', 'acl', subscribe('news/secret/a', { username: PUMP }), NO),
  // EMQX takes `$share/<share name>/` off, so this may be the filter of any share.
  asked('subscribe where a share is granted', 'acl', subscribe('work/+', { username: PUMP }), NO),
  asked(
    'the hub, in its share or not',
    'acl',
    subscribe('things/weatherstation/+/data', { username: 'hub' }),
    OK,
  ),
]

const numberedActions: readonly Row[] = [
  asked('publish own data, by number', 'acl', numbered(data, '2'), OK),
  form('publish own data, by number', 'acl', numbered(data, '2'), OK),
  asked('publish own cmd, by number', 'acl', numbered(publish(`${OWN}/cmd`), '2'), NO),
  asked('subscribe to own cmd, by number', 'acl', numbered(subscribe(`${OWN}/cmd`), '1'), OK),
  form('subscribe to own cmd, by number', 'acl', numbered(subscribe(`${OWN}/cmd`), '1'), OK),
  asked('subscribe to own data, by number', 'acl', numbered(subscribe(`${OWN}/data`), '1'), NO),
  asked('by name and number', 'acl', data.replace('{', '{"access":"2",'), OK),
  asked('by name, the number empty', 'acl', data.replace('{', '{"access":"",'), OK),
  asked('by name, and another number', 'acl', data.replace('{', '{"access":"1",'), NO),
  asked('by a number that is none', 'acl', numbered(data, '3'), NO),
  asked('by the sum of both', 'acl', numbered(data, '12'), NO),
  asked('by a name in place of the number', 'acl', numbered(data, 'publish'), NO),
  asked('by a number that is no text', 'acl', numbered(data, '2').replace('"2"', '2'), NO),
  asked('by an inherited name', 'acl', numbered(data, '__proto__'), NO),
]

/** What else EMQX can fill in: it changes no answer. */
const OTHERS =
  '{"peerport":"50123","cert_subject":"CN=x","cert_common_name":"x","cert_pem":"x","zone":"default","listener":"tcp:default","mountpoint":"site/",'
const others: readonly Row[] = [
  asked('a login with all that EMQX knows', 'auth', station.replace('{', OTHERS), STATION_OK),
  asked('a wrong one', 'auth', login(STATION, PUMP_PASSWORD).replace('{', OTHERS), NO),
  asked('a topic with all that EMQX knows', 'acl', data.replace('{', OTHERS), OK),
  asked('a foreign one', 'acl', publish('things/pump/P-1/data').replace('{', OTHERS), NO),
  asked(
    'a topic under its mount point',
    'acl',
    publish(`site/${OWN}/data`).replace('{', OTHERS),
    NO,
  ),
]

const malformed: readonly Row[] = [
  asked('no action', 'acl', data.replace('"publish"', '""'), NO),
  asked('the number of EMQX 4 for an action', 'acl', data.replace('"publish"', '"2"'), NO),
  asked('an action that is none', 'acl', data.replace('"publish"', '"all"'), NO),
  asked('no topic', 'acl', publish(''), NO),
  asked('a topic with NUL', 'acl', publish(`${OWN}/data\\u0000`), NO),
  asked('a topic given twice', 'acl', data.replace('{', '{"topic":"a",'), NO),
  asked('a QoS that is none', 'acl', publish(`${OWN}/data`, { qos: '3' }), NO),
  asked('a retain flag that is none', 'acl', publish(`${OWN}/data`, { retain: '1' }), NO),
  asked('an empty body', 'auth', '', NO),
  asked('an empty body about a topic', 'acl', '', NO),
  asked('half a body', 'acl', data.slice(0, -1), NO),
  asked('a list of questions', 'acl', `[${data}]`, NO),
  asked('a form that calls itself JSON', 'acl', 'action=publish&topic=a', NO),
  { ...asked('JSON that calls itself a form', 'acl', data, NO), headers: formHeaders },
  { ...asked('GET', 'acl?action=publish&topic=a', '', NO), method: 'GET' },
  { ...asked('PUT', 'acl', data, NO), method: 'PUT' },
]

const { authorization, ...withoutSecret } = headers
const strangers: readonly Row[] = [
  { ...asked('no secret', 'auth', station, NO), headers: withoutSecret },
  { ...asked('no secret, about a topic', 'acl', data, NO), headers: withoutSecret },
  {
    ...asked('a wrong secret', 'acl', data, NO),
    headers: { ...headers, authorization: `${authorization}0` },
  },
  {
    ...asked('the secret without its scheme', 'acl', data, NO),
    headers: { ...headers, authorization: SECRET },
  },
  { ...asked('without the product in the path', 'auth', station, STATION_OK), path: '/auth' },
  { ...asked('the same about a topic', 'acl', data, OK), path: '/acl' },
  asked('a slash at the end', 'acl/', data, OK),
]

export const rows: readonly Row[] = [
  ...logins,
  ...publishes,
  ...subscriptions,
  ...numberedActions,
  ...others,
  ...malformed,
  ...strangers,
]
