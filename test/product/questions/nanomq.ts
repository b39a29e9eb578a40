/**
 * NanoMQ 0.25: what it sends in JSON, with its parameters in their configured order. What a client
 * does not have is left out.
 *
 * @module
 */
import { HUB_PASSWORD, SECRET, STATION_PASSWORD } from '../../hono/site.ts'
import type { Dialect, Exchanges } from './dialect.ts'
import type { Row } from './row.ts'

const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }

const OK = { status: 200, body: 'allow', type: 'text/plain' }
const NO = { status: 403, body: 'deny', type: 'text/plain' }

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'
const OWN = 'things/weatherstation/STATION-001'

function json(route: string, fields: Readonly<Record<string, string | undefined>>) {
  return { path: `/nanomq/${route}`, headers, body: JSON.stringify(fields) }
}

const dialect: Dialect = {
  encoding: 'json',
  secretIn: 'header',
  tells: ['clientId', 'share'],
  fields: { username: 'username', topic: 'topic' },
  login: ({ clientId, username, password }) =>
    json('auth', { clientid: clientId, username, password, ipaddr: '10.0.0.9' }),
  access({ action, topic, username, clientId }) {
    const access = action === 'publish' ? '2' : '1'
    return json('acl', { clientid: clientId, username, access, ipaddr: '10.0.0.9', topic })
  },
  superuser: ({ clientId, username, password }) =>
    json('superuser', { clientid: clientId, username, password, ipaddr: '10.0.0.9' }),
  allowLogin: () => OK,
  allowAccess: () => OK,
  deny: NO,
}

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/nanomq/${route}`, headers, body, answer }
}

function acl(access: string, topic: string, username = STATION, clientId = 'c-1'): string {
  return `{"clientid":"${clientId}","username":"${username}","access":"${access}","ipaddr":"10.0.0.9","topic":"${topic}"}`
}

const publish = (title: string, topic: string, answer: Row['answer'], ...who: string[]): Row =>
  asked(title, 'acl', acl('2', topic, ...who), answer)
const subscribe = (title: string, topic: string, answer: Row['answer'], ...who: string[]): Row =>
  asked(title, 'acl', acl('1', topic, ...who), answer)

const data = acl('2', `${OWN}/data`)
const station = `{"clientid":"${STATION}","username":"${STATION}","password":"${STATION_PASSWORD}","ipaddr":"10.0.0.9"}`

const logins: readonly Row[] = [
  asked('without an address', 'auth', station.replace(',"ipaddr":"10.0.0.9"', ''), OK),
  asked('nothing but a client id', 'auth', '{"clientid":"c-1"}', NO),
  asked('nobody at all as superuser', 'superuser', '{}', NO),
]

const access: readonly Row[] = [
  asked('a publish as recorded', 'acl', data, OK),
  // It publishes these by itself, in the name of the client.
  publish('what NanoMQ itself says of a client', '$SYS/brokers/client_status/c-1', NO),
  publish('the same of a client named like a topic', '$SYS/brokers/client_status/a/b', NO),
  publish('the same of a failed login', '$SYS/brokers/client_status/c-1', NO, 'nobody'),
  subscribe('subscribe to a name that is escaped', 'news/\\"a\\\\b\\"', OK, PUMP),
]

/** All filters of one SUBSCRIBE, or a filter with commas: nothing tells them apart. */
const joined: readonly Row[] = [
  // A wildcard beside the comma belongs to no other filter.
  subscribe('two filters', 'news/sport/+,things/pump/P-1/cmd', OK, PUMP),
  subscribe('a filter and a share', 'news/sport/#,$share/crew/work/+', OK, PUMP),
  subscribe('three filters', 'news/a/+,news/b/+,$share/crew/work/#', OK, PUMP),
  // As one filter it is granted, too.
  subscribe('two filters that are one of the same rule', 'news/a,news/b', OK, PUMP),
  subscribe('three of them', 'news/a,news/b,news/c/+', OK, PUMP),
  subscribe('the second is not granted', 'news/sport/+,things/pump/P-2/cmd', NO, PUMP),
  subscribe('the first is not granted', 'things/pump/P-2/cmd,news/sport/+', NO, PUMP),
  subscribe('the second is below a deny', 'news/sport/+,news/secret/a', NO, PUMP),
  subscribe('the second is in another share', 'news/sport/+,$share/gang/work/+', NO, PUMP),
  subscribe('one filter no rule grants', `${OWN}/cmd,${OWN}/cmd`, NO),
  subscribe('one filter that is no rule’s', 'things/pump/P-1/cmd,news/a', NO, PUMP),
  subscribe('such a one among others', 'news/+,things/pump/P-1/cmd,news/a', NO, PUMP),
  subscribe('a filter whose first part is none', 'news,news/a', NO, PUMP),
  subscribe('a share name with a comma', '$share/crew,x/work/+', NO, PUMP),
  subscribe('a comma at the end', 'news/sport/+,', NO, PUMP),
  subscribe('a comma before', ',news/sport/+', NO, PUMP),
  subscribe('two commas', 'news/a,,news/b', NO, PUMP),
  subscribe('a comma alone', ',', NO, PUMP),
  subscribe('32 filters', Array(32).fill('news/a').join(','), OK, PUMP),
  subscribe('33 filters', Array(33).fill('news/a').join(','), NO, PUMP),
]

const malformed: readonly Row[] = [
  ...['', '0', '3', '4', ' 2', '02', '-1', 'publish'].map((access) =>
    asked(`access "${access}"`, 'acl', acl(access, `${OWN}/data`), NO),
  ),
  asked('access as a number', 'acl', data.replace('"2"', '2'), NO),
  asked('no access', 'acl', data.replace('"access":"2",', ''), NO),
  asked('no topic', 'acl', data.replace(/,"topic":.*/, '}'), NO),
  asked('bytes that are no UTF-8', 'acl', acl('2', `${OWN}/\ufffd`), NO),
  // What NanoMQ sends where it is configured with no header.
  { ...asked('GET without anything', 'acl', '', NO), method: 'GET', headers: {} },
  {
    ...asked('GET with a question', 'acl?clientid=c-1&access=2&topic=a', '', NO),
    method: 'GET',
  },
  {
    ...asked('no content type', 'auth', station, NO),
    headers: { authorization: headers.authorization },
  },
  {
    ...asked('nearly the right one', 'auth', station, NO),
    headers: { ...headers, 'content-type': 'application/jsonp' },
  },
]

/** Some versions escape what they put into a form, and some do not. */
const forms: readonly Row[] = [
  ['a login', 'auth', `clientid=c-1&username=hub&password=${HUB_PASSWORD}`],
  [
    'a subscription that reads as one to "news/ /x"',
    'acl',
    'username=pump/P-1&access=1&topic=news/+/x',
  ],
  ['a publish that is cut at "&"', 'acl', `username=${STATION}&access=2&topic=${OWN}/data&x=/y`],
  ['a user name within a client id', 'acl', `clientid=c&username=hub&access=2&topic=${OWN}/cmd`],
].map(([title = '', route = '', body = '']) => ({
  ...asked(`${title}, in a form`, route, body, NO),
  headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
}))

export const nanomq: Exchanges = {
  dialects: [dialect],
  oddities: [...logins, ...access, ...joined, ...malformed, ...forms],
}
