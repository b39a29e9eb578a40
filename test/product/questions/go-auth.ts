/**
 * mosquitto-go-auth 3.0.0: what its HTTP backend sends, with its keys in the order of the alphabet,
 * in both of its parameter modes.
 *
 * @module
 */
import { SECRET, STATION_PASSWORD } from '../../hono/site.ts'
import type { Access, Dialect, Exception, Exchanges, Login } from './dialect.ts'
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

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'
const OWN = 'things/weatherstation/STATION-001'

/** The number of an action: bits, of which a subscription has one of its own. */
const ACC = { deliver: 1, publish: 2, both: 3, subscribe: 4 } as const

function loginFields({ clientId = '', password = '', username = '' }: Login) {
  return { clientid: clientId, password, username }
}

function accessFields({ action, clientId = '', topic, username = '' }: Access) {
  return { acc: ACC[action], clientid: clientId, topic, username }
}

type Fields = Readonly<Record<string, string | number>>

const inJson = (route: string, fields: Fields) => {
  // As Go writes it.
  const body = JSON.stringify(fields).replaceAll('&', '\\u0026')
  return { path: `/go-auth/${SECRET}/${route}`, headers: JSON_HEADERS, body }
}
const inForm = (route: string, fields: Fields) => {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value))
  const body = form.toString()
  return { path: `/go-auth/${SECRET}/${route}`, headers: FORM_HEADERS, body }
}

/** One of the parameter modes, in one of the response modes. */
function dialectOf(write: typeof inJson, isText: boolean): Omit<Dialect, 'variant' | 'encoding'> {
  const before = isText ? 'text/' : ''
  return {
    secretIn: 'path',
    tells: ['clientId', 'share'],
    asksAbout: ['deliver', 'both'],
    fields: { username: 'username', topic: 'topic' },
    login: (login) => write(`${before}user`, loginFields(login)),
    access: (one) => write(`${before}acl`, accessFields(one)),
    superuser: ({ username = '' }) => write(`${before}superuser`, { username }),
    allowLogin: () => (isText ? TEXT_OK : OK),
    allowAccess: () => (isText ? TEXT_OK : OK),
    deny: isText ? TEXT_NO : NO,
    // Mosquitto ends the connection without an answer.
    tryLater: { ...(isText ? TEXT_NO : NO), status: 503 },
    except: isText ? TEXT_EXCEPT : {},
  }
}

/** Without the secret, "text" stands in its place. */
const TEXT_EXCEPT: Readonly<Record<string, Exception>> = Object.fromEntries(
  ['a login', 'a publish']
    .flatMap((good) => [`${good}: no secret`, `${good}: the secret in a header`])
    .map((title) => [title, { reason: '"text" is taken for the secret', answer: NO }]),
)

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/go-auth/${SECRET}/${route}`, headers: JSON_HEADERS, body, answer }
}

function form(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/go-auth/${SECRET}/${route}`, headers: FORM_HEADERS, body, answer }
}

function acl(acc: number | string, topic: string, username = STATION, clientId = 'c-1'): string {
  return `{"acc":${acc},"clientid":"${clientId}","topic":"${topic}","username":"${username}"}`
}

const data = acl(2, `${OWN}/data`)
const stationForm = `clientid=weatherstation%2FSTATION-001&password=${STATION_PASSWORD}&username=weatherstation%2FSTATION-001`
const dataForm =
  'acc=2&clientid=c-1&topic=things%2Fweatherstation%2FSTATION-001%2Fdata&username=weatherstation%2FSTATION-001'

const recorded: readonly Row[] = [
  form('a login as recorded, in a form', 'user', stationForm, OK),
  asked('a publish as recorded', 'acl', data, OK),
  form('a publish as recorded, in a form', 'acl', dataForm, OK),
  // `&` as it stands in the JSON of Go.
  asked('subscribe to a name that is escaped', 'acl', acl(4, 'news/a\\u0026b', PUMP), OK),
]

const malformed: readonly Row[] = [
  asked('no password at all', 'user', `{"clientid":"c-1","username":"${STATION}"}`, NO),
  asked('a number for a password', 'user', '{"clientid":"c-1","password":1,"username":"hub"}', NO),
  asked('nobody at all as superuser', 'superuser', '', NO),
  asked('acc as text', 'acl', acl('"2"', `${OWN}/data`), OK),
  ...[0, 5, -1, 2.5, 1e9].map((acc) => asked(`acc ${acc}`, 'acl', acl(acc, `${OWN}/data`), NO)),
  ...['', ' 2', '02', '0', '-1', '2e0', 'write'].map((acc) =>
    form(`acc "${acc}" in a form`, 'acl', dataForm.replace('acc=2', `acc=${acc}`), NO),
  ),
  asked('a list for acc', 'acl', acl('[2]', `${OWN}/data`), NO),
  asked('no acc', 'acl', data.replace('"acc":2,', ''), NO),
  form('acc given twice', 'acl', `${dataForm}&acc=4`, NO),
  asked('no topic', 'acl', `{"acc":2,"clientid":"c-1","username":"${STATION}"}`, NO),
]

export const goAuth: Exchanges = {
  dialects: [
    { ...dialectOf(inJson, false), encoding: 'json' },
    { ...dialectOf(inForm, false), encoding: 'form', variant: 'in a form' },
    { ...dialectOf(inJson, true), encoding: 'json', variant: 'in text mode' },
    { ...dialectOf(inForm, true), encoding: 'form', variant: 'in a form and text mode' },
  ],
  oddities: [...recorded, ...malformed],
}
