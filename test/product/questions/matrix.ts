/**
 * Who asks for what, and whether it is granted: one table for all products. How a question is
 * written, and how yes and no are said, is in the file of each product.
 *
 * @module
 */
import { HUB_PASSWORD, OLD_PASSWORD, PUMP_PASSWORD, STATION_PASSWORD } from '../../hono/site.ts'
import type { Access, Cast, Device, Login, Told } from './dialect.ts'

export const STATION: Device = {
  type: 'weatherstation',
  id: 'STATION-001',
  username: 'weatherstation/STATION-001',
  password: STATION_PASSWORD,
}
export const PUMP: Device = {
  type: 'pump',
  id: 'P-1',
  username: 'pump/P-1',
  password: PUMP_PASSWORD,
}
/** A pump with a user name from another system. */
export const OLD: Device = {
  type: 'pump',
  id: 'P-2',
  username: 'old-name',
  password: OLD_PASSWORD,
}
export const REVOKED = 'weatherstation/STATION-002'
const UNKNOWN = 'weatherstation/STATION-404'

type Effect = 'allow' | 'deny'

/**
 * A login, under the user name as client id where nothing else is said. It is `foreign` where all is
 * right but for the client id, which is that of another.
 */
export type LoginCase = readonly [
  title: string,
  effect: Effect | 'foreign',
  username: string | undefined,
  password: string | undefined,
  clientId?: { readonly clientId: string | undefined },
]

export const LOGINS: readonly LoginCase[] = [
  ['a device', 'allow', STATION.username, STATION_PASSWORD],
  ['a device with rules to be asked about', 'allow', PUMP.username, PUMP_PASSWORD],
  ['a user name from elsewhere', 'allow', OLD.username, OLD_PASSWORD],
  ['the hub', 'allow', 'hub', HUB_PASSWORD],
  ['a suffix of its own', 'allow', ...station(`${STATION.username}//b`)],
  ['a suffix of more levels', 'allow', ...station(`${STATION.username}///c-1`)],
  ['a suffix of the hub', 'allow', 'hub', HUB_PASSWORD, { clientId: 'hub//1' }],

  ['a client id of any kind', 'foreign', ...station('c-1')],
  ['the client id of another', 'foreign', ...station(PUMP.username)],
  ['a suffix of another', 'foreign', ...station(`${PUMP.username}//b`)],
  ['a client id joined for another', 'foreign', ...station(`${PUMP.username}///c-1`)],
  ['the client id of the hub', 'foreign', ...station('hub')],
  ['a client id of the hub', 'foreign', ...station('hub//1')],
  ['a client id that begins like its own', 'foreign', ...station(`${STATION.username}1`)],
  ['a suffix behind a single slash', 'foreign', ...station(`${STATION.username}/b`)],
  [
    'the hub under the client id of a device',
    'foreign',
    'hub',
    HUB_PASSWORD,
    under(STATION.username),
  ],
  ['without a client id', 'deny', ...station(undefined)],
  ['an empty client id', 'deny', ...station('')],

  ['a wrong password', 'deny', STATION.username, `${STATION_PASSWORD}0`],
  ['the beginning of the right one', 'deny', STATION.username, STATION_PASSWORD.slice(0, -1)],
  ['the password of another', 'deny', STATION.username, PUMP_PASSWORD],
  ['a wrong password for a user name from elsewhere', 'deny', OLD.username, `${OLD_PASSWORD}0`],
  ['the password of another for it', 'deny', OLD.username, STATION_PASSWORD],
  ['the hub with a wrong password', 'deny', 'hub', `${HUB_PASSWORD}0`],
  ['the hub with the password of a device', 'deny', 'hub', STATION_PASSWORD],
  ['an unknown user', 'deny', UNKNOWN, STATION_PASSWORD],
  ['an unknown user of one level', 'deny', 'new-name', OLD_PASSWORD],
  ['a revoked device', 'deny', REVOKED, STATION_PASSWORD],
  ['a device by its id alone', 'deny', STATION.id, STATION_PASSWORD],
  ['a device in capitals', 'deny', STATION.username.toUpperCase(), STATION_PASSWORD],
  ['a user name with NUL', 'deny', `${STATION.username}\0`, STATION_PASSWORD],
  ['a wildcard for a user name', 'deny', 'weatherstation/+', STATION_PASSWORD],
  ['no user name', 'deny', undefined, STATION_PASSWORD, under('c-1')],
  ['an empty user name', 'deny', '', STATION_PASSWORD],
  ['no password', 'deny', STATION.username, undefined],
  ['an empty password', 'deny', STATION.username, ''],
  ['neither', 'deny', undefined, undefined, under('c-1')],
]

function under(clientId: string | undefined): { readonly clientId: string | undefined } {
  return { clientId }
}

function station(clientId: string | undefined) {
  return [STATION.username, STATION_PASSWORD, under(clientId)] as const
}

/** The right passwords of those who may not do everything, which is everybody. */
export const SUPERUSERS: readonly LoginCase[] = [
  ['a device as superuser', 'deny', STATION.username, STATION_PASSWORD],
  ['a user name from elsewhere as superuser', 'deny', OLD.username, OLD_PASSWORD],
  ['the hub as superuser', 'deny', 'hub', HUB_PASSWORD],
  ['a revoked device as superuser', 'deny', REVOKED, STATION_PASSWORD],
  ['an unknown user as superuser', 'deny', 'new-name', OLD_PASSWORD],
  ['nobody as superuser', 'deny', undefined, undefined, under(undefined)],
]

/** What is asked by the device, with the client id `c-1` and QoS 1, where nothing else is said. */
export type AccessCase = readonly [
  title: string,
  effect: Effect,
  action: Access['action'],
  topic: string,
  more?: Partial<Access> & {
    /** What has to be told for the grant. */
    readonly needs?: Told
  },
]

export function accesses({ device, pump: ruled }: Cast): readonly AccessCase[] {
  const { type, id } = device
  const own = `things/${type}/${id}`
  const all = `things/${type}/+`
  const another = `things/${type}/${id.slice(0, -1)}3`
  const sibling = PUMP.id === id ? OLD.id : PUMP.id
  const hub = { username: 'hub' }
  const unknown = { username: 'new-name' }
  const pump = { username: ruled.username }
  // Only a type with a command that is replied to has this topic.
  const reply = type === 'weatherstation' ? 'allow' : 'deny'
  return [
    ['publish own data', 'allow', 'publish', `${own}/data`],
    ['publish own data with QoS 0', 'allow', 'publish', `${own}/data`, { qos: 0 }],
    ['publish own status, retained', 'allow', 'publish', `${own}/status`, { retain: true }],
    ['publish own reply', reply, 'publish', `${own}/reply`],
    ['a command of the hub', 'allow', 'publish', `${own}/cmd`, hub],
    ['a command of the hub to a pump', 'allow', 'publish', 'things/pump/P-1/cmd', hub],

    ['publish own cmd', 'deny', 'publish', `${own}/cmd`],
    ['publish for another', 'deny', 'publish', `things/pump/${sibling}/data`],
    ['publish for another of its type', 'deny', 'publish', `${another}/data`],
    ['publish below its own topic', 'deny', 'publish', `${own}/data/x`],
    ['publish to all but the channel', 'deny', 'publish', own],
    ['publish behind an empty level', 'deny', 'publish', `/${own}/data`],
    ['publish before an empty level', 'deny', 'publish', `${own}/data/`],
    ['publish in capitals', 'deny', 'publish', `${own}/DATA`],
    ['publish where nobody may', 'deny', 'publish', 'elsewhere'],
    ['publish to the statistics', 'deny', 'publish', '$SYS/broker/uptime'],
    ['publish what the broker says of a client', 'deny', 'publish', '$SYS/brokers/clients/c-1'],
    ['publish with a wildcard', 'deny', 'publish', `${all}/data`],
    ['publish with the other wildcard', 'deny', 'publish', `${own}/#`],
    ['publish to two topics', 'deny', 'publish', `${own}/data,${own}/data`],
    ['an empty topic', 'deny', 'publish', ''],
    ['a topic with NUL', 'deny', 'publish', `${own}/data\0`],
    ['publish as nobody', 'deny', 'publish', `${own}/data`, { username: undefined }],
    ['publish under an empty user name', 'deny', 'publish', `${own}/data`, { username: '' }],
    ['publish as an unknown user', 'deny', 'publish', `${own}/data`, unknown],
    [
      'publish as a revoked device',
      ...(['deny', 'publish', `things/${REVOKED}/data`, { username: REVOKED }] as const),
    ],
    ['data of the hub', 'deny', 'publish', `${own}/data`, hub],
    ['publish where the hub may subscribe', 'deny', 'publish', `${all}/data`, hub],

    ['publish under an own client id', ...audit('allow', 'c-7', 'c-7')],
    ['publish under a client id with a comma', ...audit('allow', 'c,7', 'c,7')],
    ['publish under the client id of another', ...audit('deny', 'c-8', 'c-7')],
    ['publish under no client id', ...audit('deny', '', undefined)],
    ['publish under an empty client id', ...audit('deny', '', '')],
    ['publish under a client id of two levels', ...audit('deny', 'c/7', 'c/7')],
    ['publish under a wildcard for a client id', ...audit('deny', 'x', '+')],

    ['publish with QoS 0 where 1 is the highest', ...logs('allow', 0)],
    ['publish with QoS 1 where 1 is the highest', ...logs('allow', 1)],
    ['publish with QoS 2 where 1 is the highest', ...logs('deny', 2)],
    ['publish retained where that is needed', ...state('allow', true)],
    ['publish unretained where that is needed', ...state('deny', false)],

    ['subscribe to own commands', 'allow', 'subscribe', `${own}/cmd`],
    ['subscribe to own commands with QoS 2', 'allow', 'subscribe', `${own}/cmd`, { qos: 2 }],
    ['subscribe beside a deny', 'allow', 'subscribe', 'news/sport/+', pump],
    ['subscribe to all beside a deny', 'allow', 'subscribe', 'news/sport/#', pump],
    ['the hub, to all data', 'allow', 'subscribe', `${all}/data`, hub],
    ['the hub, to all status', 'allow', 'subscribe', 'things/pump/+/status', hub],

    ['subscribe to own data', 'deny', 'subscribe', `${own}/data`],
    ['subscribe to all of its own', 'deny', 'subscribe', `${own}/#`],
    ['subscribe to the commands of another', 'deny', 'subscribe', `things/pump/${sibling}/cmd`],
    ['subscribe to the commands of all', 'deny', 'subscribe', `${all}/cmd`],
    ['subscribe to everything', 'deny', 'subscribe', '#'],
    ['subscribe to everything by levels', 'deny', 'subscribe', '+/+/+/+'],
    ['subscribe to the statistics', 'deny', 'subscribe', '$SYS/#'],
    ['subscribe to what lies below a deny', 'deny', 'subscribe', 'news/#', pump],
    ['subscribe within a deny', 'deny', 'subscribe', 'news/secret/a', pump],
    ['subscribe where it may publish', 'deny', 'subscribe', 'audit/c-1', pump],
    ['subscribe as nobody', 'deny', 'subscribe', `${own}/cmd`, { username: undefined }],
    ['subscribe as an unknown user', 'deny', 'subscribe', `${own}/cmd`, unknown],
    [
      'subscribe as a revoked device',
      ...(['deny', 'subscribe', `things/${REVOKED}/cmd`, { username: REVOKED }] as const),
    ],
    ['the hub, to everything', 'deny', 'subscribe', '#', hub],
    ['the hub, to all things', 'deny', 'subscribe', 'things/#', hub],
    ['the hub, to the statistics', 'deny', 'subscribe', '$SYS/#', hub],
    ['the hub, to commands', 'deny', 'subscribe', `${all}/cmd`, hub],
    ['a wildcard behind other letters', 'deny', 'subscribe', 'news/spo+', pump],
    ['the other wildcard behind them', 'deny', 'subscribe', 'news/spo#', pump],
    ['the other wildcard in the middle', 'deny', 'subscribe', 'news/#/a', pump],
    ['an empty filter', 'deny', 'subscribe', ''],

    ['join a share that is granted', ...shared('allow', '$share/crew/work/+', pump)],
    ['the hub in its share', ...shared('allow', `$share/devicehub/${all}/data`, hub)],
    ['join another share', ...shared('deny', '$share/gang/work/+', pump)],
    ['the hub in another share', ...shared('deny', `$share/gang/${all}/data`, hub)],
    ['subscribe plainly where a share is granted', ...shared('deny', 'work/+', pump)],
    ['subscribe to one topic of a share', ...shared('deny', 'work/a', pump)],
    ['a device in the share of the hub', ...shared('deny', `$share/devicehub/${all}/data`)],
    ['a share without a filter', ...shared('deny', '$share/devicehub', hub)],

    ['deliver an own command', 'allow', 'deliver', `${own}/cmd`],
    ['deliver data to the hub', 'allow', 'deliver', `${own}/data`, hub],
    ['deliver news', 'allow', 'deliver', 'news/sport/today', pump],
    ['deliver the command of another', 'deny', 'deliver', `things/pump/${sibling}/cmd`],
    ['deliver own data', 'deny', 'deliver', `${own}/data`],
    ['deliver secret news', 'deny', 'deliver', 'news/secret/a', pump],
    ['deliver where a share is granted', 'deny', 'deliver', 'work/a', pump],
    ['deliver to an unknown user', 'deny', 'deliver', `${own}/cmd`, unknown],
    ['read and write where one is granted', 'deny', 'both', `${own}/data`],
    ['read and write where the other is granted', 'deny', 'both', `${own}/cmd`],
  ]

  function audit(effect: Effect, level: string, clientId: string | undefined) {
    const more = { ...pump, clientId, needs: 'clientId' } as const
    return [effect, 'publish', `audit/${level}`, more] as const
  }

  function logs(effect: Effect, qos: Access['qos']) {
    return [effect, 'publish', `logs/${ruled.id}/a`, { ...pump, qos, needs: 'qos' }] as const
  }

  function state(effect: Effect, retain: boolean) {
    return [effect, 'publish', `state/${ruled.id}`, { ...pump, retain, needs: 'retain' }] as const
  }

  function shared(effect: Effect, topic: string, more: Partial<Access> = {}) {
    return [effect, 'subscribe', topic, { ...more, needs: 'share' }] as const
  }
}

/** The login of a case. */
export function loginOf([, , username, password, client = under(username)]: LoginCase): Login {
  return { username, password, ...client }
}

/** What is asked by a case. */
export function accessOf([, , action, topic, more]: AccessCase, { device }: Cast): Access {
  const { needs: _, ...told } = more ?? {}
  const { username } = device
  return { action, topic, username, clientId: 'c-1', qos: 1, retain: false, ...told }
}
