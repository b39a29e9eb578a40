/**
 * mosquitto-auth-plug: a form of five fields in one order, with the client id last and as it is.
 *
 * The plug-in answers by itself for clients whose user name holds `/`, once they are logged in, so
 * the questions here are about a device with a user name from elsewhere.
 *
 * @module
 */
import { HUB_PASSWORD, OLD_PASSWORD, SECRET, STATION_PASSWORD } from '../../hono/site.ts'
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
/** Such a path there is not. To the plug-in it is a denial like any other below 500. */
const NO_ROUTE = { status: 404, body: '404 Not Found' }

function asked(title: string, route: string, body: string, answer: Row['answer']): Row {
  return { title, path: `/auth-plug/${SECRET}/${route}`, headers: HEADERS, body, answer }
}

/** As the plug-in writes it, where `topic` and `username` may be anything. */
function acl(acc: number | string, topic: string, clientId = NO_CLIENT_ID): string {
  return aclOf('old-name', acc, topic, clientId)
}

function aclOf(username: string, acc: number | string, topic: string, id = NO_CLIENT_ID): string {
  const name = encodeURIComponent(username)
  return `username=${name}&password=&topic=${encodeURIComponent(topic)}&acc=${acc}&clientid=${id}`
}

function user(username: string, password: string): string {
  return `username=${encodeURIComponent(username)}&password=${password}&topic=&acc=-1&clientid=`
}

const DATA = 'things/pump/P-2/data'

const logins: readonly Row[] = [
  asked('a device with a user name from elsewhere', 'user', user('old-name', OLD_PASSWORD), OK),
  asked('a device', 'user', user('weatherstation/STATION-001', STATION_PASSWORD), OK),
  asked('the hub', 'user', user('hub', HUB_PASSWORD), OK),
  asked('a configured field before the others', 'user', `site=a&${user('hub', HUB_PASSWORD)}`, OK),
  asked('a wrong password', 'user', user('old-name', `${OLD_PASSWORD}0`), NO),
  asked('the password of another', 'user', user('old-name', STATION_PASSWORD), NO),
  asked('an unknown user', 'user', user('new-name', OLD_PASSWORD), NO),
  asked('a revoked device', 'user', user('weatherstation/STATION-002', STATION_PASSWORD), NO),
  asked('no password', 'user', user('old-name', ''), NO),
  asked('no user name', 'user', user('', OLD_PASSWORD), NO),
  asked('a configured password beside the own', 'user', `password=x&${user('old-name', 'x')}`, NO),
]

const superusers: readonly Row[] = [
  asked('a device as superuser', 'superuser', user('old-name', ''), NO),
  asked('the hub as superuser', 'superuser', user('hub', ''), NO),
  asked('the hub as superuser, with its password', 'superuser', user('hub', HUB_PASSWORD), NO),
  asked('nobody as superuser', 'superuser', '', NO),
]

const access: readonly Row[] = [
  asked('publish own data', 'acl', acl(2, DATA), OK),
  asked('publish for another', 'acl', acl(2, 'things/pump/P-1/data'), NO),
  asked('publish own cmd', 'acl', acl(2, 'things/pump/P-2/cmd'), NO),
  asked('publish with a wildcard', 'acl', acl(2, 'things/pump/+/data'), NO),
  asked('publish as an unknown user', 'acl', aclOf('new-name', 2, DATA), NO),
  asked('publish as nobody', 'acl', aclOf('', 2, DATA), NO),
  asked(
    'publish as a revoked device',
    'acl',
    aclOf('weatherstation/STATION-002', 2, 'things/weatherstation/STATION-002/data'),
    NO,
  ),
  // None of them is told, and all are needed.
  asked('publish where the QoS has a limit', 'acl', acl(2, 'logs/P-2/a'), NO),
  asked('publish where the retain flag counts', 'acl', acl(2, 'state/P-2'), NO),
  asked('publish where the client id counts', 'acl', acl(2, `audit/${NO_CLIENT_ID}`), NO),
  asked('subscribe to own commands', 'acl', acl(4, 'things/pump/P-2/cmd'), OK),
  asked('subscribe to the commands of all', 'acl', acl(4, 'things/pump/+/cmd'), NO),
  asked('subscribe to everything', 'acl', acl(4, '#'), NO),
  asked('subscribe beside a deny', 'acl', acl(4, 'news/sport/+'), OK),
  asked('subscribe to what lies below a deny', 'acl', acl(4, 'news/#'), NO),
  asked('join a share that is granted', 'acl', acl(4, '$share/crew/work/+'), OK),
  asked('join another share', 'acl', acl(4, '$share/gang/work/+'), NO),
  asked('subscribe plainly where a share is granted', 'acl', acl(4, 'work/+'), NO),
  asked('deliver an own command', 'acl', acl(1, 'things/pump/P-2/cmd'), OK),
  asked('deliver the command of another', 'acl', acl(1, 'things/pump/P-1/cmd'), NO),
  asked('deliver secret news', 'acl', acl(1, 'news/secret/a'), NO),
  asked('read and write where one is granted', 'acl', acl(3, DATA), NO),
  asked('the acc of a login', 'acl', acl(-1, DATA), NO),
  asked('an acc there is not', 'acl', acl(8, DATA), NO),
  asked('no acc', 'acl', acl('', DATA), NO),
  asked('no topic', 'acl', acl(2, ''), NO),
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

const good = { headers: HEADERS, body: user('old-name', OLD_PASSWORD) }
const malformed: readonly Row[] = [
  asked('an empty body', 'acl', '', NO),
  asked('an empty body at login', 'user', '', NO),
  { ...asked('a form without its type', 'acl', acl(2, DATA), NO), headers: {} },
  {
    ...asked('a form that calls itself JSON', 'acl', acl(2, DATA), NO),
    headers: { 'content-type': 'application/json' },
  },
  { ...asked('GET', 'acl', '', NO), method: 'GET' },
  { ...good, title: 'a wrong secret', path: `/auth-plug/${SECRET}0/user`, answer: NO },
  { ...good, title: 'no secret', path: '/auth-plug/user', answer: NO_ROUTE },
  {
    ...good,
    title: 'the secret as a password',
    path: '/auth-plug/user',
    headers: { ...HEADERS, authorization: `Bearer ${SECRET}` },
    answer: NO_ROUTE,
  },
]

export const rows: readonly Row[] = [
  ...logins,
  ...superusers,
  ...access,
  ...injections,
  ...escalations,
  ...malformed,
]
