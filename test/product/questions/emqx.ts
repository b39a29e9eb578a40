/**
 * EMQX 5 and 6: what it makes of the bodies in docs/emqx.md, in JSON as by default and in a form.
 * Its keys come in the order of the alphabet, every value is text, and one that is missing is empty.
 *
 * @module
 */
import { PUMP_PASSWORD, SECRET, STATION_PASSWORD } from '../../hono/site.ts'
import type { Access, Dialect, Exchanges, Login } from './dialect.ts'
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

const LOGIN_OK: Readonly<Record<string, Row['answer']>> = {
  [STATION]: STATION_OK,
  [PUMP]: PUMP_OK,
  'old-name': OLD_OK,
  hub: HUB_OK,
}

/**
 * What a question holds, in the order of its keys. What is missing is empty. The client is `c-1`, of
 * which the generated configuration makes one that is its own.
 */
function loginFields({ clientId = '', password = '', username = '' }: Login) {
  const clientid = clientId === username ? `${username}///c-1` : clientId
  return { clientid, password, peerhost: '10.0.0.9', username }
}

/** `$share/<share name>/` is taken off, and there is no retain flag in a subscription. */
function accessFields({ action, topic, username = '', clientId = '', qos, retain }: Access) {
  return {
    ...{ action, clientid: clientId, peerhost: '10.0.0.9', qos: String(qos) },
    retain: action === 'publish' ? String(retain) : '',
    topic: topic.replace(/^\$share\/[^/]+\//, ''),
    username,
  }
}

const json: Dialect = {
  encoding: 'json',
  secretIn: 'header',
  tells: ['clientId', 'qos', 'retain'],
  fields: { username: 'username', topic: 'topic' },
  login: (login) => ({ path: '/emqx/auth', headers, body: JSON.stringify(loginFields(login)) }),
  access: (one) => ({ path: '/emqx/acl', headers, body: JSON.stringify(accessFields(one)) }),
  allowLogin: ({ username = '' }) => LOGIN_OK[username] ?? OK,
  allowAccess: () => OK,
  deny: NO,
  except: Object.fromEntries(
    ['the hub in its share', 'the hub in another share'].map((title) => [
      title,
      { reason: 'EMQX asks about the filter alone, which the hub may have', answer: OK },
    ]),
  ),
}

const form: Dialect = {
  ...json,
  variant: 'in a form',
  encoding: 'form',
  login: (login) => pairs('auth', loginFields(login)),
  access: (one) => pairs('acl', accessFields(one)),
}

function pairs(route: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields).toString()
  return { path: `/emqx/${route}`, headers: formHeaders, body }
}

const ACCESS = { username: STATION, clientId: 'c-1', qos: 1, retain: false } as const

function question(action: 'publish' | 'subscribe', topic: string, more: Partial<Access> = {}) {
  return json.access({ ...ACCESS, action, topic, ...more }).body
}

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/emqx/${route}`, headers, body, answer }
}

function asForm({ title, path, body, answer }: Row): Row {
  const fields = new URLSearchParams(JSON.parse(body)).toString()
  return { title: `${title}, in a form`, path, headers: formHeaders, body: fields, answer }
}

/** In the words of EMQX 4, which EMQX 5.7.1 and later know as well: the action is a number. */
function numbered(question: string, access: string): string {
  return question.replace(/"action":"[a-z]*"/, `"access":"${access}"`)
}

const { body: station } = json.login({
  username: STATION,
  password: STATION_PASSWORD,
  clientId: STATION,
})
const data = question('publish', `${OWN}/data`)

const logins: readonly Row[] = [
  asked('its user name as it is', 'auth', station.replace('///c-1', ''), STATION_OK),
  asked('an IPv6 address', 'auth', station.replace('10.0.0.9', '2001:db8::9'), STATION_OK),
  asked('no address', 'auth', station.replace('10.0.0.9', ''), STATION_OK),
  asked(
    'an empty certificate name',
    'auth',
    station.replace('{', '{"cert_common_name":"",'),
    STATION_OK,
  ),
  asked(
    'a placeholder EMQX does not know',
    'auth',
    json.login({ username: `\${user_name}`, password: `\${password}`, clientId: `\${user_name}` })
      .body,
    NO,
  ),
  asked('a number for an address', 'auth', station.replace('"10.0.0.9"', '10'), NO),
]

const unknown: readonly Row[] = [
  asked(
    'publish with no QoS where 1 is the highest',
    'acl',
    question('publish', 'logs/P-1/a', { username: PUMP }).replace('"qos":"1"', '"qos":""'),
    NO,
  ),
  asked(
    'publish, retain unknown where it is needed',
    'acl',
    question('publish', 'state/P-1', { username: PUMP }).replace('"false"', '""'),
    NO,
  ),
]

/** The characters that a form has a meaning for. */
const escaped: readonly Row[] = [
  asked(
    'names that are escaped',
    'acl',
    question('subscribe', 'news/a b&c=d+', { username: PUMP }),
    NO,
  ),
  asked('others', 'acl', question('subscribe', 'news/a b&c=d/+', { username: PUMP }), OK),
].flatMap((row) => [row, asForm(row)])

const ownCmd = question('publish', `${OWN}/cmd`)
const toCmd = question('subscribe', `${OWN}/cmd`)
const toData = question('subscribe', `${OWN}/data`)
const numberedActions: readonly Row[] = [
  ...[
    asked('publish own data, by number', 'acl', numbered(data, '2'), OK),
    asked('publish own cmd, by number', 'acl', numbered(ownCmd, '2'), NO),
    asked('subscribe to own cmd, by number', 'acl', numbered(toCmd, '1'), OK),
    asked('subscribe to own data, by number', 'acl', numbered(toData, '1'), NO),
  ].flatMap((row) => [row, asForm(row)]),
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
  asked(
    'a wrong one',
    'auth',
    station.replace(STATION_PASSWORD, PUMP_PASSWORD).replace('{', OTHERS),
    NO,
  ),
  asked('a topic with all that EMQX knows', 'acl', data.replace('{', OTHERS), OK),
  asked(
    'a foreign one',
    'acl',
    question('publish', 'things/pump/P-1/data').replace('{', OTHERS),
    NO,
  ),
  asked(
    'a topic under its mount point',
    'acl',
    question('publish', `site/${OWN}/data`).replace('{', OTHERS),
    NO,
  ),
]

const malformed: readonly Row[] = [
  asked('no action', 'acl', data.replace('"publish"', '""'), NO),
  asked('the number of EMQX 4 for an action', 'acl', data.replace('"publish"', '"2"'), NO),
  asked('an action that is none', 'acl', data.replace('"publish"', '"all"'), NO),
  asked('a QoS that is none', 'acl', data.replace('"qos":"1"', '"qos":"3"'), NO),
  asked('a retain flag that is none', 'acl', data.replace('"false"', '"1"'), NO),
  { ...asked('GET with a question', 'acl?action=publish&topic=a', '', NO), method: 'GET' },
]

const withoutProduct: readonly Row[] = [
  { ...asked('without the product in the path', 'auth', station, STATION_OK), path: '/auth' },
  { ...asked('the same about a topic', 'acl', data, OK), path: '/acl' },
]

export const emqx: Exchanges = {
  dialects: [json, form],
  oddities: [
    ...logins,
    ...unknown,
    ...escaped,
    ...numberedActions,
    ...others,
    ...malformed,
    ...withoutProduct,
  ],
}
