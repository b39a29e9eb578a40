/**
 * mosquitto-auth-plug: a form of five fields in one order, with the client id last and as it is.
 *
 * The plug-in answers by itself for clients whose user name holds `/`, once they are logged in, so
 * the questions here are about a device with a user name from elsewhere.
 *
 * @module
 */
import { HUB_PASSWORD, SECRET } from '../../hono/site.ts'
import type { Dialect, Exchanges } from './dialect.ts'
import { OLD } from './matrix.ts'
import type { Row } from './row.ts'

/** What it writes for a client id where it has none. */
const NO_CLIENT_ID = 'client id not available'

// HTTP Basic with the user name and the password of the client, which nobody looks at.
const HEADERS = {
  authorization: 'Basic b2xkLW5hbWU6',
  'content-type': 'application/x-www-form-urlencoded',
}

const OK = { status: 200, body: 'ok', type: 'text/plain' }
const NO = { status: 403, body: 'denied', type: 'text/plain' }

/** The number of an action: bits, of which a subscription has one of its own. */
const ACC = { deliver: 1, publish: 2, both: 3, subscribe: 4 } as const

function question(route: string, body: string) {
  return { path: `/auth-plug/${SECRET}/${route}`, headers: HEADERS, body }
}

/** As the plug-in writes it, where `topic` and `username` may be anything. */
function acl(acc: number | string, topic: string, clientId = NO_CLIENT_ID, name = 'old-name') {
  const username = encodeURIComponent(name)
  return `username=${username}&password=&topic=${encodeURIComponent(topic)}&acc=${acc}&clientid=${clientId}`
}

function user(name: string, password: string): string {
  const username = encodeURIComponent(name)
  return `username=${username}&password=${password}&topic=&acc=-1&clientid=`
}

const dialect: Dialect = {
  encoding: 'form',
  secretIn: 'path',
  tells: ['share'],
  asksAbout: ['deliver', 'both'],
  cast: { device: OLD, pump: OLD },
  fields: { username: 'username', topic: 'topic' },
  login: ({ username = '', password = '' }) => question('user', user(username, password)),
  access: ({ action, topic, username = '' }) =>
    question('acl', acl(ACC[action], topic, NO_CLIENT_ID, username)),
  superuser: ({ username = '' }) => question('superuser', user(username, '')),
  allowLogin: () => OK,
  // None is told at a login.
  foreignClientId: () => OK,
  allowAccess: () => OK,
  // Nothing else, since it would ask again while all wait.
  deny: NO,
  except: Object.fromEntries(
    ['without a client id', 'an empty client id'].map((title) => [
      title,
      { reason: 'none is told at a login', answer: OK },
    ]),
  ),
}

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, ...question(route, body), answer }
}

const DATA = 'things/pump/P-2/data'

const logins: readonly Row[] = [
  asked('a configured field before the others', 'user', `site=a&${user('hub', HUB_PASSWORD)}`, OK),
  asked('a configured password beside the own', 'user', `password=x&${user('old-name', 'x')}`, NO),
  asked('the hub as superuser, with its password', 'superuser', user('hub', HUB_PASSWORD), NO),
  asked('nobody at all as superuser', 'superuser', '', NO),
]

const access: readonly Row[] = [
  // What it writes for none is not taken for one.
  asked('publish where the client id counts', 'acl', acl(2, `audit/${NO_CLIENT_ID}`), NO),
  asked('the acc of a login', 'acl', acl(-1, DATA), NO),
  asked('an acc there is not', 'acl', acl(8, DATA), NO),
  asked('no acc', 'acl', acl('', DATA), NO),
]

/** What a client can put behind the last field by its choice of a client id. */
const injections: readonly Row[] = [
  ['a client id as it is', 'c-1', OK],
  ['an empty client id', '', OK],
  ['a plus sign', 'c+1', OK],
  ['an equals sign', 'c=1=acc=2', OK],
  ['a field nobody reads', 'c-1&qos=0&retain=true', OK],
  ['a client id of another, behind which nothing is read', 'c-8&x', OK],
  ['another acc', 'c-1&acc=2', NO],
  ['the same acc', 'c-1&acc=4', NO],
  ['another acc, its name escaped', 'c-1&%61cc=2', NO],
  ['another topic', `c-1&topic=${DATA}`, NO],
  ['another user name', 'c-1&username=hub', NO],
  ['a password', 'c-1&password=x', NO],
  ['a second client id', 'c-1&clientid=c-2', NO],
  ['half an escape', 'c-1%', NO],
  ['an escape of no digits', 'c-1%zz', NO],
  ['an escape that is no UTF-8', 'c-1%ff', NO],
].map(([title, clientId, answer]) =>
  asked(
    `subscribe with a client id of ${title}`,
    'acl',
    acl(4, 'things/pump/P-2/cmd', clientId as string),
    answer as Row['answer'],
  ),
)

const escalations: readonly Row[] = [
  ['acc', '&acc=4'],
  ['a topic', `&topic=${DATA}`],
  ['a user name', '&username=hub'],
  ['a client id for its rule', ''],
].map(([title, more]) =>
  asked(
    `publish what is not granted, with ${title} behind it`,
    'acl',
    acl(2, 'audit/c-1', `c-1${more}`),
    NO,
  ),
)

const malformed: readonly Row[] = [
  { ...asked('a form without its type', 'acl', acl(2, DATA), NO), headers: {} },
]

export const authPlug: Exchanges = {
  dialects: [dialect],
  oddities: [...logins, ...access, ...injections, ...escalations, ...malformed],
}
