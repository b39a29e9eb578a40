/**
 * mosquitto-go-auth 3.0.0: what its HTTP backend sends, with its keys in the order of the alphabet,
 * in both of its parameter modes.
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

const JSON_HEADERS = { 'content-type': 'application/json', 'user-agent': 'mosquitto-2.0.11' }
const FORM_HEADERS = {
  'content-type': 'application/x-www-form-urlencoded',
  'user-agent': 'Go-http-client/1.1',
}

const OK = { status: 200, body: '{"ok":true}', type: 'application/json' }
const NO = { status: 403, body: '{"ok":false}', type: 'application/json' }
const TEXT_OK = { status: 200, body: 'ok', type: 'text/plain' }
const TEXT_NO = { status: 403, body: 'denied', type: 'text/plain' }
/** Such a path there is not. To the plug-in it is a denial like any other below 500. */
const NO_ROUTE = { status: 404, body: '404 Not Found' }

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'

/** A question in JSON. */
function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/go-auth/${SECRET}/${route}`, headers: JSON_HEADERS, body, answer }
}

/** A question in a form. */
function form(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/go-auth/${SECRET}/${route}`, headers: FORM_HEADERS, body, answer }
}

function user(username: string, password: string, clientId = username): string {
  return `{"clientid":"${clientId}","password":"${password}","username":"${username}"}`
}

function acl(acc: number, topic: string, username = STATION, clientId = 'c-1'): string {
  return `{"acc":${acc},"clientid":"${clientId}","topic":"${topic}","username":"${username}"}`
}

const OWN = 'things/weatherstation/STATION-001'
const stationForm = `clientid=weatherstation%2FSTATION-001&password=${STATION_PASSWORD}&username=weatherstation%2FSTATION-001`
const dataForm =
  'acc=2&clientid=c-1&topic=things%2Fweatherstation%2FSTATION-001%2Fdata&username=weatherstation%2FSTATION-001'

const logins: readonly Row[] = [
  asked('a device', 'user', user(STATION, STATION_PASSWORD), OK),
  asked('a user name from elsewhere', 'user', user('old-name', OLD_PASSWORD), OK),
  asked('the hub', 'user', user('hub', HUB_PASSWORD), OK),
  asked('a suffix of its own', 'user', user(STATION, STATION_PASSWORD, `${STATION}//b`), OK),
  asked('a client id of any kind', 'user', user(STATION, STATION_PASSWORD, 'c-1'), NO),
  asked('the client id of another', 'user', user(STATION, STATION_PASSWORD, 'pump/P-1'), NO),
  asked('the client id of the hub', 'user', user(STATION, STATION_PASSWORD, 'hub'), NO),
  asked('without a client id', 'user', user(STATION, STATION_PASSWORD, ''), NO),
  form('a device, in a form', 'user', stationForm, OK),
  asked('a device, in text mode', 'text/user', user(STATION, STATION_PASSWORD), TEXT_OK),
  form('a device, in a form and text mode', 'text/user', stationForm, TEXT_OK),
  asked('a wrong password', 'user', user(STATION, `${STATION_PASSWORD}0`), NO),
  asked('the password of another', 'user', user(STATION, PUMP_PASSWORD), NO),
  asked('a wrong password, in text mode', 'text/user', user(STATION, 'wrong'), TEXT_NO),
  asked('an unknown user', 'user', user('weatherstation/STATION-404', STATION_PASSWORD), NO),
  asked('a revoked device', 'user', user('weatherstation/STATION-002', STATION_PASSWORD), NO),
  asked('a wildcard for a user name', 'user', user('weatherstation/+', STATION_PASSWORD), NO),
  asked('an empty user name', 'user', user('', STATION_PASSWORD), NO),
  asked('no password', 'user', `{"clientid":"c-1","username":"${STATION}"}`, NO),
  asked('a number for a password', 'user', '{"clientid":"c-1","password":1,"username":"hub"}', NO),
  asked('a list for a user name', 'user', `{"password":"${HUB_PASSWORD}","username":["hub"]}`, NO),
  form('a user name given twice', 'user', `${stationForm}&username=hub`, NO),
  form('a form that is no UTF-8', 'user', `${stationForm}%ff`, NO),
]

const superusers: readonly Row[] = [
  asked('a device as superuser', 'superuser', `{"username":"${STATION}"}`, NO),
  asked('the hub as superuser', 'superuser', '{"username":"hub"}', NO),
  form('the hub as superuser, in a form', 'superuser', 'username=hub', NO),
  asked('the hub as superuser, in text mode', 'text/superuser', '{"username":"hub"}', TEXT_NO),
  asked('nobody as superuser', 'superuser', '', NO),
]

const publishes: readonly Row[] = [
  asked('publish own data', 'acl', acl(2, `${OWN}/data`), OK),
  form('publish own data, in a form', 'acl', dataForm, OK),
  asked('publish own data, in text mode', 'text/acl', acl(2, `${OWN}/data`), TEXT_OK),
  asked('publish own reply', 'acl', acl(2, `${OWN}/reply`), OK),
  asked('publish own cmd', 'acl', acl(2, `${OWN}/cmd`), NO),
  asked('publish for another', 'acl', acl(2, 'things/weatherstation/STATION-003/data'), NO),
  asked('publish for another, in text mode', 'text/acl', acl(2, 'things/pump/P-1/data'), TEXT_NO),
  asked('publish with a wildcard', 'acl', acl(2, 'things/weatherstation/+/data'), NO),
  asked('publish as nobody', 'acl', acl(2, `${OWN}/data`, ''), NO),
  asked(
    'publish as a revoked device',
    'acl',
    acl(2, 'things/weatherstation/STATION-002/data', 'weatherstation/STATION-002'),
    NO,
  ),
  asked('publish under an own client id', 'acl', acl(2, 'audit/c-7', PUMP, 'c-7'), OK),
  asked('publish under the client id of another', 'acl', acl(2, 'audit/c-8', PUMP, 'c-7'), NO),
  asked('publish under a client id of two levels', 'acl', acl(2, 'audit/c/7', PUMP, 'c/7'), NO),
  // Neither is told, and both are needed.
  asked('publish where the QoS has a limit', 'acl', acl(2, 'logs/P-1/a', PUMP), NO),
  asked('publish where the retain flag counts', 'acl', acl(2, 'state/P-1', PUMP), NO),
  asked('a command of the hub', 'acl', acl(2, `${OWN}/cmd`, 'hub'), OK),
]

const subscriptions: readonly Row[] = [
  asked('subscribe to own commands', 'acl', acl(4, `${OWN}/cmd`), OK),
  asked('subscribe to own data', 'acl', acl(4, `${OWN}/data`), NO),
  asked('subscribe to the commands of all', 'acl', acl(4, 'things/weatherstation/+/cmd'), NO),
  asked('subscribe to everything', 'acl', acl(4, '#'), NO),
  asked('subscribe to what lies below a deny', 'acl', acl(4, 'news/#', PUMP), NO),
  asked('subscribe beside a deny', 'acl', acl(4, 'news/sport/+', PUMP), OK),
  // `&` as it stands in the JSON of Go.
  asked('subscribe to a name that is escaped', 'acl', acl(4, 'news/a\\u0026b', PUMP), OK),
  asked('join a share that is granted', 'acl', acl(4, '$share/crew/work/+', PUMP), OK),
  asked('join another share', 'acl', acl(4, '$share/gang/work/+', PUMP), NO),
  asked('subscribe plainly where a share is granted', 'acl', acl(4, 'work/+', PUMP), NO),
  asked(
    'the hub in its share',
    'acl',
    acl(4, '$share/devicehub/things/weatherstation/+/data', 'hub'),
    OK,
  ),
  asked(
    'a device in the share of the hub',
    'acl',
    acl(4, '$share/devicehub/things/weatherstation/+/data'),
    NO,
  ),
  asked('a share without a filter', 'acl', acl(4, '$share/devicehub', 'hub'), NO),
]

const deliveries: readonly Row[] = [
  asked('deliver an own command', 'acl', acl(1, `${OWN}/cmd`), OK),
  asked('deliver data to the hub', 'acl', acl(1, `${OWN}/data`, 'hub'), OK),
  asked('deliver the command of another', 'acl', acl(1, 'things/pump/P-1/cmd'), NO),
  asked('deliver news', 'acl', acl(1, 'news/sport/today', PUMP), OK),
  asked('deliver secret news', 'acl', acl(1, 'news/secret/a', PUMP), NO),
  asked('deliver where a share is granted', 'acl', acl(1, 'work/a', PUMP), NO),
  asked('read and write where one is granted', 'acl', acl(3, `${OWN}/data`), NO),
  asked('read and write where the other is granted', 'acl', acl(3, `${OWN}/cmd`), NO),
]

const malformed: readonly Row[] = [
  asked('acc as text', 'acl', acl(2, `${OWN}/data`).replace('2', '"2"'), OK),
  ...[0, 5, -1, 2.5, 1e9].map((acc) => asked(`acc ${acc}`, 'acl', acl(acc, `${OWN}/data`), NO)),
  ...['', ' 2', '02', '0', '-1', '2e0', 'write'].map((acc) =>
    form(`acc "${acc}" in a form`, 'acl', dataForm.replace('acc=2', `acc=${acc}`), NO),
  ),
  asked('a list for acc', 'acl', acl(2, `${OWN}/data`).replace('2', '[2]'), NO),
  asked('no acc', 'acl', acl(2, `${OWN}/data`).replace('"acc":2,', ''), NO),
  form('acc given twice', 'acl', `${dataForm}&acc=4`, NO),
  form('a topic given twice', 'acl', dataForm.replace('acc=2', 'topic=a'), NO),
  asked('no topic', 'acl', `{"acc":2,"clientid":"c-1","username":"${STATION}"}`, NO),
  asked('an empty topic', 'acl', acl(2, ''), NO),
  asked('a topic with NUL', 'acl', acl(2, `${OWN}/data\\u0000`), NO),
  asked('an object for a topic', 'acl', acl(2, 'x').replace('"x"', '{"a":1}'), NO),
  asked('an empty body', 'acl', '', NO),
  asked('an empty body, in text mode', 'text/acl', '', TEXT_NO),
  asked('half a body', 'acl', acl(2, `${OWN}/data`).slice(0, -1), NO),
  asked('a list of questions', 'acl', `[${acl(2, `${OWN}/data`)}]`, NO),
  asked('a form that calls itself JSON', 'acl', dataForm, NO),
  form('JSON that calls itself a form', 'acl', acl(2, `${OWN}/data`), NO),
  { ...asked('GET', 'acl', '', NO), method: 'GET' },
  { ...asked('PUT', 'acl', acl(2, `${OWN}/data`), NO), method: 'PUT' },
]

const good = { headers: JSON_HEADERS, body: user(STATION, STATION_PASSWORD) }
const strangers: readonly Row[] = [
  { ...good, title: 'a wrong secret', path: `/go-auth/${SECRET}0/user`, answer: NO },
  { ...good, title: 'half the secret', path: `/go-auth/${SECRET.slice(0, 12)}/user`, answer: NO },
  { ...good, title: 'no secret', path: '/go-auth/user', answer: NO_ROUTE },
  { ...good, title: 'no secret, in text mode', path: '/go-auth/text/user', answer: NO },
  {
    ...good,
    title: 'the secret in a header',
    path: '/go-auth/user',
    headers: { ...JSON_HEADERS, authorization: `Bearer ${SECRET}` },
    answer: NO_ROUTE,
  },
  { ...good, title: 'a slash at the end', path: `/go-auth/${SECRET}/user/`, answer: OK },
]

export const rows: readonly Row[] = [
  ...logins,
  ...superusers,
  ...publishes,
  ...subscriptions,
  ...deliveries,
  ...malformed,
  ...strangers,
]
