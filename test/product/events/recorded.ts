/**
 * Events as brokers tell them, byte for byte, and what becomes of them.
 *
 * @module
 */
import { SECRET } from '../../hono/fixture.ts'

export const STATION = 'weatherstation/STATION-001'
export const AUTHORIZATION = { authorization: `Bearer ${SECRET}` }
export const VERNEMQ: string = `/vernemq/${SECRET}`

/** EMQX 5.8.9, `SELECT *`, no template for the body. */
export const emqx = {
  connected: (connectedAt: number, port: number, username = STATION) =>
    `{"username":"${username}","timestamp":${connectedAt},"sockname":"0.0.0.0:1883","receive_maximum":32,"proto_ver":5,"proto_name":"MQTT","peername":"10.0.0.9:${port}","node":"emqx@10.0.0.2","mountpoint":"undefined","metadata":{"rule_id":"presence"},"keepalive":60,"is_bridge":false,"expiry_interval":0,"event":"client.connected","connected_at":${connectedAt},"conn_props":{"User-Property":{},"Request-Problem-Information":1},"clientid":"c-1","client_attrs":{},"clean_start":true}`,
  disconnected: (connectedAt: number, port: number, reason: string, username = STATION) =>
    `{"username":"${username}","timestamp":${connectedAt + 500},"sockname":"0.0.0.0:1883","reason":"${reason}","proto_ver":5,"proto_name":"MQTT","peername":"10.0.0.9:${port}","node":"emqx@10.0.0.2","metadata":{"rule_id":"presence"},"event":"client.disconnected","disconnected_at":${connectedAt + 500},"disconn_props":{"User-Property":{}},"connected_at":${connectedAt},"clientid":"c-1","client_attrs":{}}`,
}

/** EMQX 5.0 to 5.8.5: the end holds no `connected_at`. */
const oldEmqx = (disconnectedAt: number, reason: string) =>
  `{"username":"${STATION}","timestamp":${disconnectedAt},"sockname":"0.0.0.0:1883","reason":"${reason}","proto_ver":4,"proto_name":"MQTT","peername":"10.0.0.9:1001","node":"emqx@10.0.0.2","metadata":{"rule_id":"presence"},"event":"client.disconnected","disconnected_at":${disconnectedAt},"disconn_props":{"User-Property":{}},"clientid":"c-1"}`

/** EMQX 4.4.19, the plug-in `emqx_web_hook`. */
export const emqx4 = {
  connected: (connectedAt: number) =>
    `{"username":"${STATION}","proto_ver":4,"node":"emqx@10.0.0.2","keepalive":60,"ipaddress":"10.0.0.9","connected_at":${connectedAt},"clientid":"c-1","action":"client_connected"}`,
  disconnected: (connectedAt: number, reason: string) =>
    `{"username":"${STATION}","reason":"${reason}","node":"emqx@10.0.0.2","disconnected_at":${connectedAt + 500},"connected_at":${connectedAt},"clientid":"c-1","action":"client_disconnected"}`,
}

/** VerneMQ 2.2.0. */
export const vernemq = {
  register: (username: string | null = STATION, mountpoint = '') =>
    `{"peer_addr":"10.0.0.9","peer_port":51234,"mountpoint":"${mountpoint}","client_id":"c-1","username":${JSON.stringify(username)}}`,
  register5: `{"peer_addr":"10.0.0.9","peer_port":51234,"mountpoint":"","client_id":"c-1","username":"${STATION}","properties":{"p_session_expiry_interval":60}}`,
  client: (mountpoint = '') => `{"mountpoint":"${mountpoint}","client_id":"c-1"}`,
}

export const T = 1_760_000_000_000

/** A request: what is posted where, as JSON. */
export interface Post {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export const toEmqx = (body: string): Post => ({ path: '/emqx', headers: AUTHORIZATION, body })
export const toEmqx4 = (body: string): Post => ({ path: '/emqx4', headers: AUTHORIZATION, body })
export const toVernemq = (hook: string, body: string, node = ''): Post => ({
  path: `${VERNEMQ}${node}`,
  headers: { 'vernemq-hook': hook },
  body,
})

const on = (at: number, port = 1001) => toEmqx(emqx.connected(at, port))
const off = (at: number, port = 1001, reason = 'normal') =>
  toEmqx(emqx.disconnected(at, port, reason))
const on4 = (at: number) => toEmqx4(emqx4.connected(at))
const off4 = (at: number, reason = 'normal') => toEmqx4(emqx4.disconnected(at, reason))
const register = toVernemq('on_register', vernemq.register())
const wakeup = toVernemq('on_client_wakeup', vernemq.client())
const offline = toVernemq('on_client_offline', vernemq.client())
const gone = toVernemq('on_client_gone', vernemq.client())
/** What is posted in turn, and whether `STATION-001` is connected then, as far as is known. */
export const taken: readonly [string, readonly Post[], boolean | 'unknown'][] = [
  ['EMQX: a connection', [on(T)], true],
  ['EMQX: its end', [on(T), off(T)], false],
  ['EMQX: the end first', [off(T), on(T)], false],
  ['EMQX: the same twice', [on(T), off(T), on(T), off(T)], false],
  ['EMQX: taken over', [on(T), off(T, 1001, 'takenover'), on(T + 1, 1002)], true],
  ['EMQX: taken over, told late', [on(T), on(T + 1, 1002), off(T, 1001, 'takenover')], true],
  ['EMQX: discarded, told late', [on(T), on(T + 1, 1002), off(T, 1001, 'discarded')], true],
  ['EMQX: taken over in one millisecond', [on(T), on(T, 1002), off(T, 1001, 'takenover')], true],
  ['EMQX: an old end, its reason lost', [on(T), on(T + 1, 1002), off(T, 1001, 'tcp_closed')], true],
  ['EMQX: the taker ended', [on(T), on(T + 1, 1002), off(T + 1, 1002), off(T)], false],
  ['EMQX: kicked', [on(T), off(T, 1001, 'kicked')], false],
  ['EMQX before 5.8.6: an end', [on(T), toEmqx(oldEmqx(T + 9, 'normal'))], false],
  ['EMQX before 5.8.6: a late end', [on(T), toEmqx(oldEmqx(T - 9, 'normal'))], true],
  ['EMQX before 5.8.6: taken over', [on(T), toEmqx(oldEmqx(T + 9, 'takenover'))], true],
  ['EMQX before 5.8.6: discarded', [on(T), toEmqx(oldEmqx(T + 9, 'discarded'))], true],
  [
    'EMQX: a body of a template, all of it text',
    [
      toEmqx(
        `{"event":"client.connected","username":"${STATION}","clientid":"c-1","connected_at":"${T}","disconnected_at":"undefined","peername":"undefined","reason":"undefined"}`,
      ),
    ],
    true,
  ],
  [
    'EMQX: unknown fields, a slash behind the path',
    [{ ...on(T), path: '/emqx/', body: emqx.connected(T, 1).replace('{', '{"x":[{"y":1}],') }],
    true,
  ],
  ['EMQX 4: a connection', [on4(T)], true],
  ['EMQX 4: its end', [on4(T), off4(T)], false],
  ['EMQX 4: the end first', [off4(T), on4(T)], false],
  ['EMQX 4: taken over, told late', [on4(T), on4(T + 1), off4(T, 'takeovered')], true],
  ['EMQX 4: taken over in one millisecond', [on4(T), on4(T), off4(T, 'takeovered')], true],
  ['EMQX 4: discarded, told late', [on4(T), on4(T + 1), off4(T, 'discarded')], true],
  [
    'EMQX 4.2: no connected_at',
    [on4(T), toEmqx4(emqx4.disconnected(T, 'normal').replace(/"connected_at":\d+,/, ''))],
    false,
  ],
  ['VerneMQ: a connection', [wakeup, register], true],
  [
    'VerneMQ: a connection of MQTT 5',
    [wakeup, toVernemq('on_register_m5', vernemq.register5)],
    true,
  ],
  ['VerneMQ: offline', [wakeup, register, offline], false],
  ['VerneMQ: gone', [wakeup, register, gone], false],
  ['VerneMQ: taken over', [wakeup, register, offline, wakeup, register], true],
  ['VerneMQ: taken over, named in between', [wakeup, register, offline, register, wakeup], true],
  ['VerneMQ: taken over, named first', [wakeup, register, register, gone, wakeup], true],
  ['VerneMQ: taken over, and ended', [wakeup, register, register, gone, wakeup, gone], false],
  ['VerneMQ: a client nobody has named', [wakeup], 'unknown'],
  ['VerneMQ: the end of such a one', [offline], 'unknown'],
  [
    'VerneMQ: the same client id on another mount point',
    [wakeup, register, toVernemq('on_client_gone', vernemq.client('site'))],
    true,
  ],
  [
    'VerneMQ: moved to another node, the end there told late',
    [
      toVernemq('on_register', vernemq.register(), '/node-a'),
      toVernemq('on_client_wakeup', vernemq.client(), '/node-b'),
      toVernemq('on_register', vernemq.register(), '/node-b'),
      toVernemq('on_client_gone', vernemq.client(), '/node-a'),
    ],
    true,
  ],
]

const good = emqx.connected(T, 1001)
const without = (field: string) => good.replace(new RegExp(`"${field}":("[^"]*"|\\d+),?`), '')
const end = emqx.disconnected(T, 1001, 'normal')
const headers = { 'vernemq-hook': 'on_register' }
/** What is posted once, the status of the answer, and the code that is counted. */
export const refused: readonly [string, Post, number, string][] = [
  ['no secret', { ...toEmqx(good), headers: {} }, 401, 'broker-secret-wrong'],
  [
    'another secret',
    { ...toEmqx(good), headers: { authorization: 'Bearer another-secret-0123456789' } },
    401,
    'broker-secret-wrong',
  ],
  [
    'another scheme',
    { ...toEmqx(good), headers: { authorization: `Basic ${SECRET}` } },
    401,
    'broker-secret-wrong',
  ],
  [
    'no secret, EMQX 4',
    { ...toEmqx4(emqx4.connected(T)), headers: {} },
    401,
    'broker-secret-wrong',
  ],
  [
    'another secret, VerneMQ',
    { path: '/vernemq/another-secret-0123456789', headers, body: vernemq.register() },
    401,
    'broker-secret-wrong',
  ],
  [
    'the node in place of the secret',
    { path: '/vernemq/node-a', headers, body: vernemq.register() },
    401,
    'broker-secret-wrong',
  ],
  [
    'the secret in the header, VerneMQ',
    { path: '/vernemq/x', headers: { ...headers, ...AUTHORIZATION }, body: vernemq.register() },
    401,
    'broker-secret-wrong',
  ],
  ['no body', toEmqx(''), 400, 'request-malformed'],
  ['no JSON', toEmqx('event=client.connected'), 400, 'request-malformed'],
  ['a list', toEmqx(`[${good}]`), 400, 'request-malformed'],
  ['null', toEmqx('null'), 400, 'request-malformed'],
  ['no event', toEmqx(without('event')), 400, 'request-malformed'],
  ['another event', toEmqx(good.replace('client.conn', 'client.check')), 400, 'request-malformed'],
  ['an event of EMQX 4', toEmqx(emqx4.connected(T)), 400, 'request-malformed'],
  ['an event of EMQX 5 to 4', toEmqx4(good), 400, 'request-malformed'],
  ['no client id', toEmqx(without('clientid')), 400, 'request-malformed'],
  ['an empty client id', toEmqx(good.replace('"c-1"', '""')), 400, 'request-malformed'],
  ['a client id that is a number', toEmqx(good.replace('"c-1"', '1')), 400, 'request-malformed'],
  ['no connected_at', toEmqx(without('connected_at')), 400, 'request-malformed'],
  ['seconds', toEmqx(good.replace(`_at":${T}`, `_at":${T / 1000}`)), 400, 'request-malformed'],
  ['microseconds', toEmqx(good.replace(`_at":${T}`, `_at":${T}000`)), 400, 'request-malformed'],
  ['a fraction', toEmqx(good.replace(`_at":${T}`, `_at":${T}.5`)), 400, 'request-malformed'],
  ['a date', toEmqx(good.replace(`_at":${T}`, '_at":"2025-10-09"')), 400, 'request-malformed'],
  ['a time below zero', toEmqx(good.replace(`_at":${T}`, `_at":-${T}`)), 400, 'request-malformed'],
  [
    'an end without times',
    toEmqx(end.replace(/"(dis)?connected_at":\d+,/g, '')),
    400,
    'request-malformed',
  ],
  ['a field twice', toEmqx(good.replace('{', '{"clientid":"c-2",')), 400, 'request-malformed'],
  [
    'a field twice, one of them escaped',
    toEmqx(good.replace('{', '{"client\\u0069d":"c-2",')),
    400,
    'request-malformed',
  ],
  [
    'too much',
    toEmqx(good.replace('{', `{"x":"${'x'.repeat(16_384)}",`)),
    400,
    'request-malformed',
  ],
  ['no hook', { ...toVernemq('', vernemq.register()), headers: {} }, 400, 'request-malformed'],
  ['a hook that asks', toVernemq('auth_on_register', vernemq.register()), 400, 'request-malformed'],
  ['another hook', toVernemq('on_publish', vernemq.client()), 400, 'request-malformed'],
  ['__proto__ as hook', toVernemq('__proto__', vernemq.client()), 400, 'request-malformed'],
  ['no client id, VerneMQ', toVernemq('on_client_gone', '{}'), 400, 'request-malformed'],
  ['an unknown user', toEmqx(emqx.connected(T, 1, 'nobody')), 404, 'principal-unknown'],
  ['an unknown device', toEmqx(emqx.connected(T, 1, 'pump/P-9')), 404, 'principal-unknown'],
  ['a revoked device', toEmqx(emqx.connected(T, 1, 'pump/P-2')), 404, 'principal-unknown'],
  [
    'an end of an unknown user',
    toEmqx(emqx.disconnected(T, 1, 'normal', 'nobody')),
    404,
    'principal-unknown',
  ],
  ['no user name', toEmqx(without('username')), 404, 'principal-unknown'],
  ['the word for none', toEmqx(emqx.connected(T, 1, 'undefined')), 404, 'principal-unknown'],
  ['a wildcard', toEmqx(emqx.connected(T, 1, 'weatherstation/+')), 404, 'principal-unknown'],
  ['a path', toEmqx(emqx.connected(T, 1, `${STATION}/..`)), 404, 'principal-unknown'],
  [
    'an unknown user, VerneMQ',
    toVernemq('on_register', vernemq.register('nobody')),
    404,
    'principal-unknown',
  ],
  ['nobody, VerneMQ', toVernemq('on_register', vernemq.register(null)), 404, 'principal-unknown'],
]
