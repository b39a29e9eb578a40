/**
 * EMQX 4.4: what its HTTP plug-in sends, in a form as by default and in JSON, with its parameters in
 * their configured order, `ipaddr=%a` added to those of a login.
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

const FORM_HEADERS = {
  'content-type': 'application/x-www-form-urlencoded',
  authorization: `Bearer ${SECRET}`,
}
const JSON_HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }

const OK = { status: 200, body: 'allow', type: 'text/plain' }
const NO = { status: 403, body: 'deny', type: 'text/plain' }

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'
const OWN = 'things/weatherstation/STATION-001'

/** A question in a form. */
function form(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/emqx4/${route}`, headers: FORM_HEADERS, body, answer }
}

/** A question in JSON. */
function json(title: string, route: string, body: string, answer: Row['answer']): Row {
  return {
    title: `${title}, in JSON`,
    path: `/emqx4/${route}`,
    headers: JSON_HEADERS,
    body,
    answer,
  }
}

/** A form as EMQX writes it: letters, digits, "-", "." and "_" as they are, a space as "+". */
function pairs(fields: Readonly<Record<string, string>>): string {
  const encode = (text: string) =>
    encodeURIComponent(text)
      .replaceAll('%20', '+')
      .replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&')
}

function login(username: string, password: string, clientid = username) {
  return { clientid, username, password, ipaddr: '10.0.0.9' }
}

function asked(access: string, topic: string, username = STATION, clientid = 'c-1') {
  return { access, username, clientid, ipaddr: '10.0.0.9', topic, mountpoint: 'undefined' }
}

const auth = (title: string, username: string, password: string, answer: Row['answer']): Row =>
  form(title, 'auth', pairs(login(username, password)), answer)
const under = (title: string, clientId: string, answer: Row['answer']): Row =>
  form(title, 'auth', pairs(login(STATION, STATION_PASSWORD, clientId)), answer)
const publish = (title: string, topic: string, answer: Row['answer'], ...who: string[]): Row =>
  form(title, 'acl', pairs(asked('2', topic, ...who)), answer)
const subscribe = (title: string, topic: string, answer: Row['answer'], ...who: string[]): Row =>
  form(title, 'acl', pairs(asked('1', topic, ...who)), answer)

const stationForm = `clientid=weatherstation%2FSTATION-001&username=weatherstation%2FSTATION-001&password=${STATION_PASSWORD}`
const dataForm =
  'access=2&username=weatherstation%2FSTATION-001&clientid=c-1&ipaddr=10.0.0.9&topic=things%2Fweatherstation%2FSTATION-001%2Fdata&mountpoint=undefined'
const stationJson = `{"clientid":"${STATION}","username":"${STATION}","password":"${STATION_PASSWORD}"}`
const cmdJson = `{"access":"1","username":"${STATION}","clientid":"c-1","ipaddr":"10.0.0.9","topic":"${OWN}/cmd","mountpoint":"undefined"}`

const logins: readonly Row[] = [
  form('a device', 'auth', stationForm, OK),
  json('a device', 'auth', stationJson, OK),
  auth('a device, with its address', STATION, STATION_PASSWORD, OK),
  auth('a user name from elsewhere', 'old-name', OLD_PASSWORD, OK),
  auth('the hub', 'hub', HUB_PASSWORD, OK),
  under('a suffix of its own', `${STATION}//b`, OK),
  under('without a client id', 'undefined', NO),
  under('a client id of any kind', 'c-1', NO),
  under('the client id of another', 'pump/P-1', NO),
  under('a suffix of another', 'pump/P-1//b', NO),
  under('the client id of the hub', 'hub', NO),
  auth('a wrong password', STATION, `${STATION_PASSWORD}0`, NO),
  auth('the password of another', STATION, PUMP_PASSWORD, NO),
  json('a wrong password', 'auth', stationJson.replace('dhs_', 'dhs-'), NO),
  auth('an unknown user', 'weatherstation/STATION-404', STATION_PASSWORD, NO),
  auth('a revoked device', 'weatherstation/STATION-002', STATION_PASSWORD, NO),
  auth('a wildcard for a user name', 'weatherstation/+', STATION_PASSWORD, NO),
  // EMQX would ask about no topic of theirs.
  auth('a user name that begins with "$"', `$${STATION}`, STATION_PASSWORD, NO),
  auth('"$" before the user name of the hub', '$hub', HUB_PASSWORD, NO),
  auth('no user name', 'undefined', STATION_PASSWORD, NO),
  auth('no password', STATION, 'undefined', NO),
  auth('no password, as null', STATION, 'null', NO),
  auth('neither', 'null', 'null', NO),
  auth('an empty user name', '', STATION_PASSWORD, NO),
  auth('an empty password', STATION, '', NO),
  form('a user name given twice', 'auth', `${stationForm}&username=hub`, NO),
  form('another user name behind an ampersand', 'auth', `username=hub&${stationForm}`, NO),
  form('a form that is no UTF-8', 'auth', `${stationForm}%FF`, NO),
  json('a number for a password', 'auth', '{"username":"hub","password":1}', NO),
]

const superusers: readonly Row[] = [
  form(
    'a device as superuser',
    'superuser',
    'clientid=c-1&username=weatherstation%2FSTATION-001',
    NO,
  ),
  form('the hub as superuser', 'superuser', 'clientid=c-1&username=hub', NO),
  json('the hub as superuser', 'superuser', '{"clientid":"c-1","username":"hub"}', NO),
  form('nobody as superuser', 'superuser', '', NO),
]

const publishes: readonly Row[] = [
  form('publish own data', 'acl', dataForm, OK),
  publish('publish own reply', `${OWN}/reply`, OK),
  publish('publish own cmd', `${OWN}/cmd`, NO),
  publish('publish for another', 'things/weatherstation/STATION-003/data', NO),
  publish('publish with a wildcard', 'things/weatherstation/+/data', NO),
  publish('publish as nobody', `${OWN}/data`, NO, 'undefined'),
  publish('publish under a name that begins with "$"', `${OWN}/data`, NO, `$${STATION}`),
  publish(
    'publish as a revoked device',
    'things/weatherstation/STATION-002/data',
    NO,
    'weatherstation/STATION-002',
  ),
  publish('a command of the hub', `${OWN}/cmd`, OK, 'hub'),
  publish('publish under an own client id', 'audit/c-7', OK, PUMP, 'c-7'),
  publish('publish under the client id of another', 'audit/c-8', NO, PUMP, 'c-7'),
  publish('publish under no client id', 'audit/undefined', NO, PUMP, 'undefined'),
  publish('publish under no client id, as null', 'audit/null', NO, PUMP, 'null'),
  // Neither is told, and both are needed.
  publish('publish where the QoS has a limit', 'logs/P-1/a', NO, PUMP),
  publish('publish where the retain flag counts', 'state/P-1', NO, PUMP),
]

const subscriptions: readonly Row[] = [
  json('subscribe to own commands', 'acl', cmdJson, OK),
  subscribe('subscribe to own commands', `${OWN}/cmd`, OK),
  subscribe('subscribe to own data', `${OWN}/data`, NO),
  subscribe('subscribe to the commands of all', 'things/weatherstation/+/cmd', NO),
  subscribe('subscribe to everything', '#', NO),
  subscribe('subscribe to the statistics', '$SYS/#', NO),
  subscribe('subscribe beside a deny', 'news/sport/+', OK, PUMP),
  subscribe('subscribe to a name that is escaped', 'news/a b&c=d', OK, PUMP),
  subscribe('subscribe to what lies below a deny', 'news/#', NO, PUMP),
  subscribe('subscribe within a deny', 'news/secret/a', NO, PUMP),
  // EMQX takes `$share/<share name>/` off, so this may be the filter of any share.
  subscribe('subscribe where a share is granted', 'work/+', NO, PUMP),
  subscribe('the hub, in its share or not', 'things/weatherstation/+/data', OK, 'hub'),
  subscribe('several filters', `${OWN}/cmd,${OWN}/cmd`, NO),
]

const malformed: readonly Row[] = [
  ...['', '0', '3', '4', ' 2', '02', '-1', '%252', 'undefined', 'publish'].map((access) =>
    form(`access "${access}"`, 'acl', dataForm.replace('access=2', `access=${access}`), NO),
  ),
  json('access as a number', 'acl', cmdJson.replace('"1"', '1'), NO),
  form('no access', 'acl', dataForm.replace('access=2&', ''), NO),
  form('access given twice', 'acl', `${dataForm}&access=1`, NO),
  form('a topic given twice', 'acl', `topic=a&${dataForm}`, NO),
  publish('an empty topic', '', NO),
  publish('no topic', 'undefined', NO),
  publish('a topic with NUL', `${OWN}/data\0`, NO),
  json('a list for a topic', 'acl', cmdJson.replace(`"${OWN}/cmd"`, `["${OWN}/cmd"]`), NO),
  form('an empty body', 'acl', '', NO),
  json('an empty body', 'acl', '', NO),
  json('half a body', 'acl', cmdJson.slice(0, -1), NO),
  json('a form that calls itself JSON', 'acl', dataForm, NO),
  form('JSON that calls itself a form', 'acl', cmdJson, NO),
  { ...form('a form that does not say so', 'acl', dataForm, NO), headers: { ...JSON_HEADERS } },
  { ...form('GET', `acl?${dataForm}`, '', NO), method: 'GET' },
  { ...form('PUT', 'acl', dataForm, NO), method: 'PUT' },
]

const { authorization, ...withoutSecret } = FORM_HEADERS
const strangers: readonly Row[] = [
  { ...form('no secret', 'auth', stationForm, NO), headers: withoutSecret },
  { ...form('no secret, about a topic', 'acl', dataForm, NO), headers: withoutSecret },
  {
    ...form('a wrong secret', 'acl', dataForm, NO),
    headers: { ...FORM_HEADERS, authorization: `${authorization}0` },
  },
  {
    ...form('the secret without its scheme', 'acl', dataForm, NO),
    headers: { ...FORM_HEADERS, authorization: SECRET },
  },
  form('a slash at the end', 'auth/', stationForm, OK),
]

export const rows: readonly Row[] = [
  ...logins,
  ...superusers,
  ...publishes,
  ...subscriptions,
  ...malformed,
  ...strangers,
]
