/**
 * NanoMQ 0.25: what it sends in JSON, with its parameters in their configured order. What a client
 * does not have is left out.
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

const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }

const OK = { status: 200, body: 'allow', type: 'text/plain' }
const NO = { status: 403, body: 'deny', type: 'text/plain' }

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'
const OWN = 'things/weatherstation/STATION-001'

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/nanomq/${route}`, headers, body, answer }
}

function login(username: string, password: string, clientId = username): string {
  return `{"clientid":"${clientId}","username":"${username}","password":"${password}","ipaddr":"10.0.0.9"}`
}

function acl(access: string, topic: string, username = STATION, clientId = 'c-1'): string {
  return `{"clientid":"${clientId}","username":"${username}","access":"${access}","ipaddr":"10.0.0.9","topic":"${topic}"}`
}

const publish = (title: string, topic: string, answer: Row['answer'], ...who: string[]): Row =>
  asked(title, 'acl', acl('2', topic, ...who), answer)
const subscribe = (title: string, topic: string, answer: Row['answer'], ...who: string[]): Row =>
  asked(title, 'acl', acl('1', topic, ...who), answer)

const data = acl('2', `${OWN}/data`)

const logins: readonly Row[] = [
  asked('a device', 'auth', login(STATION, STATION_PASSWORD), OK),
  asked('a user name from elsewhere', 'auth', login('old-name', OLD_PASSWORD), OK),
  asked('the hub', 'auth', login('hub', HUB_PASSWORD), OK),
  asked('a suffix of its own', 'auth', login(STATION, STATION_PASSWORD, `${STATION}//b`), OK),
  asked('a client id of any kind', 'auth', login(STATION, STATION_PASSWORD, 'c-1'), NO),
  asked('the client id of another', 'auth', login(STATION, STATION_PASSWORD, PUMP), NO),
  asked('the client id of the hub', 'auth', login(STATION, STATION_PASSWORD, 'hub'), NO),
  asked('without a client id', 'auth', login(STATION, STATION_PASSWORD, ''), NO),
  asked(
    'a device without an address',
    'auth',
    login(STATION, STATION_PASSWORD).replace(',"ipaddr":"10.0.0.9"', ''),
    OK,
  ),
  asked('a wrong password', 'auth', login(STATION, `${STATION_PASSWORD}0`), NO),
  asked('the password of another', 'auth', login(STATION, PUMP_PASSWORD), NO),
  asked('an unknown user', 'auth', login('weatherstation/STATION-404', STATION_PASSWORD), NO),
  asked('a revoked device', 'auth', login('weatherstation/STATION-002', STATION_PASSWORD), NO),
  asked('a wildcard for a user name', 'auth', login('weatherstation/+', STATION_PASSWORD), NO),
  asked('no user name', 'auth', `{"clientid":"c-1","password":"${STATION_PASSWORD}"}`, NO),
  asked('no password', 'auth', `{"clientid":"c-1","username":"${STATION}"}`, NO),
  asked('neither', 'auth', '{"clientid":"c-1"}', NO),
  asked('an empty user name', 'auth', login('', STATION_PASSWORD), NO),
  asked('a list for a user name', 'auth', `{"username":["hub"],"password":"${HUB_PASSWORD}"}`, NO),
  asked(
    'a user name given twice',
    'auth',
    login(STATION, STATION_PASSWORD).replace('{', '{"username":"hub",'),
    NO,
  ),
]

const superusers: readonly Row[] = [
  asked('a device as superuser', 'superuser', login(STATION, STATION_PASSWORD), NO),
  asked('the hub as superuser', 'superuser', login('hub', HUB_PASSWORD), NO),
  asked('nobody as superuser', 'superuser', '{}', NO),
]

const publishes: readonly Row[] = [
  asked('publish own data', 'acl', data, OK),
  publish('publish own reply', `${OWN}/reply`, OK),
  publish('publish own cmd', `${OWN}/cmd`, NO),
  publish('publish for another', 'things/weatherstation/STATION-003/data', NO),
  publish('publish with a wildcard', 'things/weatherstation/+/data', NO),
  publish('publish to two topics', `${OWN}/data,${OWN}/data`, NO),
  publish('publish by a topic alias alone', '', NO),
  publish('publish as nobody', `${OWN}/data`, NO, ''),
  publish(
    'publish as a revoked device',
    'things/weatherstation/STATION-002/data',
    NO,
    'weatherstation/STATION-002',
  ),
  publish('a command of the hub', `${OWN}/cmd`, OK, 'hub'),
  publish('publish under an own client id', 'audit/c-7', OK, PUMP, 'c-7'),
  publish('publish under a client id with a comma', 'audit/c,7', OK, PUMP, 'c,7'),
  publish('publish under the client id of another', 'audit/c-8', NO, PUMP, 'c-7'),
  publish('publish under a client id of two levels', 'audit/c/7', NO, PUMP, 'c/7'),
  // Neither is told, and both are needed.
  publish('publish where the QoS has a limit', 'logs/P-1/a', NO, PUMP),
  publish('publish where the retain flag counts', 'state/P-1', NO, PUMP),
  publish('what NanoMQ itself says of a client', '$SYS/brokers/client_status/c-1', NO),
  publish('the same of a client named like a topic', '$SYS/brokers/client_status/a/b', NO),
  publish('the same of a failed login', '$SYS/brokers/client_status/c-1', NO, 'nobody'),
]

const subscriptions: readonly Row[] = [
  subscribe('subscribe to own commands', `${OWN}/cmd`, OK),
  subscribe('subscribe to own data', `${OWN}/data`, NO),
  subscribe('subscribe to the commands of all', 'things/weatherstation/+/cmd', NO),
  subscribe('subscribe to everything', '#', NO),
  subscribe('subscribe to the statistics', '$SYS/#', NO),
  subscribe('subscribe to what lies below a deny', 'news/#', NO, PUMP),
  subscribe('subscribe beside a deny', 'news/sport/+', OK, PUMP),
  subscribe('subscribe to a name that is escaped', 'news/\\"a\\\\b\\"', OK, PUMP),
  subscribe('join a share that is granted', '$share/crew/work/+', OK, PUMP),
  subscribe('join another share', '$share/gang/work/+', NO, PUMP),
  subscribe('subscribe plainly where a share is granted', 'work/+', NO, PUMP),
  subscribe('the hub in its share', '$share/devicehub/things/weatherstation/+/data', OK, 'hub'),
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
  asked('a topic given twice', 'acl', data.replace('{', '{"topic":"a",'), NO),
  asked('a topic with NUL', 'acl', acl('2', `${OWN}/data\\u0000`), NO),
  asked('a list for a topic', 'acl', data.replace(`"${OWN}/data"`, `["${OWN}/data"]`), NO),
  asked('an empty body', 'acl', '', NO),
  asked('half a body', 'acl', data.slice(0, -1), NO),
  asked('a list of questions', 'acl', `[${data}]`, NO),
  asked('bytes that are no UTF-8', 'acl', acl('2', `${OWN}/\ufffd`), NO),
  // What NanoMQ sends where it is configured with no header.
  { ...asked('GET without anything', 'acl', '', NO), method: 'GET', headers: {} },
  { ...asked('GET', 'acl?clientid=c-1&access=2&topic=a', '', NO), method: 'GET' },
  { ...asked('PUT', 'acl', data, NO), method: 'PUT' },
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

const good = asked('', 'auth', login(STATION, STATION_PASSWORD), NO)
const strangers: readonly Row[] = [
  { ...good, title: 'no secret', headers: { 'content-type': 'application/json' } },
  {
    ...good,
    title: 'a wrong secret',
    headers: { ...headers, authorization: `Bearer ${SECRET}0` },
  },
  { ...good, title: 'no content type', headers: { authorization: headers.authorization } },
  {
    ...good,
    title: 'another content type',
    headers: { ...headers, 'content-type': 'application/jsonp' },
  },
  { ...good, title: 'a slash at the end', path: '/nanomq/auth/', answer: OK },
]

export const rows: readonly Row[] = [
  ...logins,
  ...superusers,
  ...publishes,
  ...subscriptions,
  ...joined,
  ...malformed,
  ...forms,
  ...strangers,
]
