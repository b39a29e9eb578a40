/**
 * EMQX 4.4: what its HTTP plug-in sends, in a form as by default and in JSON, with its parameters in
 * their configured order, `ipaddr=%a` added to those of a login.
 *
 * @module
 */
import { HUB_PASSWORD, SECRET, STATION_PASSWORD } from '../../hono/site.ts'
import type { Access, Dialect, Exchanges, Login } from './dialect.ts'
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

/** What EMQX writes for what is missing. */
const NONE = 'undefined'

function loginFields({ clientId = NONE, username = NONE, password = NONE }: Login) {
  return { clientid: clientId, username, password, ipaddr: '10.0.0.9' }
}

/** `$share/<share name>/` is taken off. */
function accessFields({ action, topic, username = NONE, clientId = NONE }: Access) {
  return {
    ...{ access: action === 'publish' ? '2' : '1', username, clientid: clientId },
    ipaddr: '10.0.0.9',
    topic: topic.replace(/^\$share\/[^/]+\//, ''),
    mountpoint: NONE,
  }
}

function superuserFields({ clientId = NONE, username = NONE }: Login) {
  return { clientid: clientId, username }
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

type Fields = Readonly<Record<string, string>>

const inForm = (route: string, fields: Fields) => ({
  ...{ path: `/emqx4/${route}`, headers: FORM_HEADERS, body: pairs(fields) },
})
const inJson = (route: string, fields: Fields) => ({
  ...{ path: `/emqx4/${route}`, headers: JSON_HEADERS, body: JSON.stringify(fields) },
})

const form: Dialect = {
  encoding: 'form',
  secretIn: 'header',
  tells: ['clientId'],
  fields: { username: 'username', topic: 'topic' },
  login: (login) => inForm('auth', loginFields(login)),
  access: (one) => inForm('acl', accessFields(one)),
  superuser: (login) => inForm('superuser', superuserFields(login)),
  allowLogin: () => OK,
  allowAccess: () => OK,
  deny: NO,
  // The client is told that the server is unavailable.
  tryLater: { ...NO, status: 503, body: 'try again' },
  except: Object.fromEntries(
    ['the hub in its share', 'the hub in another share'].map((title) => [
      title,
      { reason: 'EMQX asks about the filter alone, which the hub may have', answer: OK },
    ]),
  ),
}

const json: Dialect = {
  ...form,
  variant: 'in JSON',
  encoding: 'json',
  login: (login) => inJson('auth', loginFields(login)),
  access: (one) => inJson('acl', accessFields(one)),
  superuser: (login) => inJson('superuser', superuserFields(login)),
}

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/emqx4/${route}`, headers: FORM_HEADERS, body, answer }
}

const inBoth = (title: string, route: string, fields: Fields, answer: Row['answer']): Row[] => [
  { title, ...inForm(route, fields), answer },
  { title: `${title}, in JSON`, ...inJson(route, fields), answer },
]

const auth = (title: string, username: string, password: string, answer: Row['answer']) =>
  inBoth(title, 'auth', loginFields({ username, password, clientId: username }), answer)
const acl = (title: string, more: Fields, answer: Row['answer']) => {
  const one = {
    action: 'publish',
    topic: `${OWN}/data`,
    username: STATION,
    clientId: 'c-1',
  } as const
  return inBoth(
    title,
    'acl',
    { ...accessFields({ ...one, qos: 1, retain: false }), ...more },
    answer,
  )
}

// As they were recorded: without the address, which is added to the parameters of a login.
const stationForm = `clientid=weatherstation%2FSTATION-001&username=weatherstation%2FSTATION-001&password=${STATION_PASSWORD}`
const stationJson = `{"clientid":"${STATION}","username":"${STATION}","password":"${STATION_PASSWORD}"}`
const dataForm =
  'access=2&username=weatherstation%2FSTATION-001&clientid=c-1&ipaddr=10.0.0.9&topic=things%2Fweatherstation%2FSTATION-001%2Fdata&mountpoint=undefined'
const dataJson = `{"access":"2","username":"${STATION}","clientid":"c-1","ipaddr":"10.0.0.9","topic":"${OWN}/data","mountpoint":"undefined"}`

const logins: readonly Row[] = [
  asked('without its address', 'auth', stationForm, OK),
  { ...asked('without its address, in JSON', 'auth', stationJson, OK), headers: JSON_HEADERS },
  // EMQX would ask about no topic of theirs.
  ...auth('a user name that begins with "$"', `$${STATION}`, STATION_PASSWORD, NO),
  ...auth('"$" before the user name of the hub', '$hub', HUB_PASSWORD, NO),
  ...auth('no password, as null', STATION, 'null', NO),
  ...auth('neither, as null', 'null', 'null', NO),
  asked('another user name behind an ampersand', 'auth', `username=hub&${stationForm}`, NO),
  asked('nobody at all as superuser', 'superuser', '', NO),
]

const access: readonly Row[] = [
  asked('a publish as recorded', 'acl', dataForm, OK),
  { ...asked('a publish as recorded, in JSON', 'acl', dataJson, OK), headers: JSON_HEADERS },
  ...acl('publish under a name that begins with "$"', { username: `$${STATION}` }, NO),
  ...acl(
    'publish under no client id, as null',
    { username: PUMP, clientid: 'null', topic: 'audit/null' },
    NO,
  ),
  // What EMQX writes for none is not taken for one.
  ...acl(
    'publish under no client id, to its word',
    { username: PUMP, clientid: NONE, topic: `audit/${NONE}` },
    NO,
  ),
  ...acl(
    'subscribe to a name that is escaped',
    { access: '1', username: PUMP, topic: 'news/a b&c=d' },
    OK,
  ),
  ...acl('several filters', { access: '1', topic: `${OWN}/cmd,${OWN}/cmd` }, NO),
  ...acl('no topic', { topic: NONE }, NO),
]

const malformed: readonly Row[] = [
  ...['', '0', '3', '4', ' 2', '02', '-1', '%252', 'undefined', 'publish'].map((access) =>
    asked(`access "${access}"`, 'acl', dataForm.replace('access=2', `access=${access}`), NO),
  ),
  ...['', '0', '3', '4', ' 2', '02', '-1', '%2', 'undefined', 'publish'].map((access) => ({
    ...asked(`access "${access}", in JSON`, 'acl', dataJson.replace('"2"', `"${access}"`), NO),
    headers: JSON_HEADERS,
  })),
  {
    ...asked('access as a number', 'acl', dataJson.replace('"2"', '2'), NO),
    headers: JSON_HEADERS,
  },
  {
    ...asked('a number for a password', 'auth', '{"username":"hub","password":1}', NO),
    headers: JSON_HEADERS,
  },
  asked('no access', 'acl', dataForm.replace('access=2&', ''), NO),
  asked('access given twice', 'acl', `${dataForm}&access=1`, NO),
  { ...asked('GET with a question', `acl?${dataForm}`, '', NO), method: 'GET' },
]

export const emqx4: Exchanges = {
  dialects: [form, json],
  oddities: [...logins, ...access, ...malformed],
}
