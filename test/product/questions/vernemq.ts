/**
 * VerneMQ: logins, publishes, and hooks that are no questions.
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
import {
  asked,
  CMD,
  NO,
  NO_ROUTE,
  OK,
  OK_FOR_A_WHILE,
  OWN,
  PATH,
  PUMP,
  publish,
  register,
  register5,
  STATION,
  subscribe,
  TYPE,
} from './vernemq-questions.ts'
import { subscriptions } from './vernemq-subscribe.ts'

/** The session gets a client id that no other user name reaches. */
function renamed(clientId: string, mountpoint = ''): Row['answer'] {
  const modifiers = { client_id: clientId, mountpoint }
  return { ...OK, body: JSON.stringify({ result: 'ok', modifiers }) }
}

/** A device under a client id, and that of its session. */
function under(title: string, clientId: string, session: string): Row {
  const body = register(STATION, STATION_PASSWORD, '', clientId)
  return asked(title, 'auth_on_register', body, clientId === session ? OK : renamed(session))
}

const registers: readonly Row[] = [
  asked('a device', 'auth_on_register', register(STATION, STATION_PASSWORD), OK),
  asked('a user name from elsewhere', 'auth_on_register', register('old-name', OLD_PASSWORD), OK),
  asked('the hub', 'auth_on_register', register('hub', HUB_PASSWORD), OK),
  under('a suffix of its own', `${STATION}//b`, `${STATION}//b`),
  under('a client id of any kind', 'c-1', `${STATION}///c-1`),
  under('the client id of another', PUMP, `${STATION}///${PUMP}`),
  under('a client id joined for another', `${PUMP}///c-1`, `${STATION}///${PUMP}///c-1`),
  under('the client id of the hub', 'hub', `${STATION}///hub`),
  asked(
    'the client id of another, MQTT 5',
    'auth_on_register_m5',
    register5(STATION, STATION_PASSWORD).replace(
      `"client_id":"${STATION}"`,
      '"client_id":"hub//1"',
    ),
    renamed(`${STATION}///hub//1`),
  ),
  asked(
    'a client id of any kind, behind a mount point',
    'auth_on_register',
    register(STATION, STATION_PASSWORD, '', 'c-1').replace('"mountpoint":""', '"mountpoint":"m"'),
    renamed(`${STATION}///c-1`, 'm'),
  ),
  asked('without a client id', 'auth_on_register', register(STATION, STATION_PASSWORD, '', ''), NO),
  asked(
    'a device, with what is known of its listener',
    'auth_on_register',
    register(
      STATION,
      STATION_PASSWORD,
      ',"client_cert":"MIIB","listener_addr":"0.0.0.0","listener_port":1883,"listener_type":"mqtt"',
    ),
    OK,
  ),
  asked('a device, MQTT 5', 'auth_on_register_m5', register5(STATION, STATION_PASSWORD), OK),
  asked(
    'a device, MQTT 5 with properties',
    'auth_on_register_m5',
    register5(
      STATION,
      STATION_PASSWORD,
      '{"p_session_expiry_interval":60,"p_user_property":[{"key":"YQ==","val":"Yg=="},{"key":"YQ==","val":"Yw=="}]}',
    ),
    OK,
  ),
  asked('a wrong password', 'auth_on_register', register(STATION, `${STATION_PASSWORD}0`), NO),
  asked('the password of another', 'auth_on_register_m5', register5(STATION, PUMP_PASSWORD), NO),
  asked('an unknown user', 'auth_on_register', register('pump/P-404', PUMP_PASSWORD), NO),
  asked(
    'a revoked device',
    'auth_on_register',
    register('weatherstation/STATION-002', STATION_PASSWORD),
    NO,
  ),
  asked('no user name', 'auth_on_register', register(null, STATION_PASSWORD), NO),
  asked('no password', 'auth_on_register', register(STATION, null), NO),
  asked('neither, MQTT 5', 'auth_on_register_m5', register5(null, null), NO),
  asked('an empty user name', 'auth_on_register', register('', STATION_PASSWORD), NO),
  asked('the name of nobody as text', 'auth_on_register', register('null', 'null'), NO),
  // VerneMQ writes U+FFFD for bytes that are no UTF-8.
  asked('a password of other bytes', 'auth_on_register', register(STATION, '\ufffd'), NO),
  asked(
    'a user name that is no text',
    'auth_on_register',
    register('hub', HUB_PASSWORD).replace('"hub"', '["hub"]'),
    NO,
  ),
  asked(
    'a user name given twice',
    'auth_on_register',
    register(STATION, STATION_PASSWORD, ',"username":"hub"'),
    NO,
  ),
]

const publishes: readonly Row[] = [
  asked('publish own data', 'auth_on_publish', publish(`${OWN}/data`), OK_FOR_A_WHILE),
  asked(
    'publish own data with its payload',
    'auth_on_publish',
    publish(`${OWN}/data`, { payload: 'eyJ0ZW1wZXJhdHVyZSI6MjF9' }),
    OK_FOR_A_WHILE,
  ),
  asked(
    'publish own data, MQTT 5',
    'auth_on_publish_m5',
    publish(`${OWN}/data`, { properties: '{}' }),
    OK_FOR_A_WHILE,
  ),
  // VerneMQ would keep one answer for each message.
  asked(
    'publish own data, MQTT 5 with properties',
    'auth_on_publish_m5',
    publish(`${OWN}/reply`, { properties: '{"p_correlation_data":"7b1c"}' }),
    OK,
  ),
  asked('publish own cmd', 'auth_on_publish', publish(`${OWN}/cmd`), NO),
  asked('publish for another', 'auth_on_publish', publish('things/pump/P-1/data'), NO),
  asked(
    'publish for another, MQTT 5',
    'auth_on_publish_m5',
    publish('things/pump/P-1/data', { properties: '{}' }),
    NO,
  ),
  asked('publish with a wildcard', 'auth_on_publish', publish('things/pump/+/data'), NO),
  asked('publish as nobody', 'auth_on_publish', publish(`${OWN}/data`, { username: null }), NO),
  asked(
    'publish as a revoked device',
    'auth_on_publish',
    publish('things/weatherstation/STATION-002/data', { username: 'weatherstation/STATION-002' }),
    NO,
  ),
  ...[0, 1].map((qos) =>
    asked(
      `publish with QoS ${qos} where 1 is the highest`,
      'auth_on_publish',
      publish('logs/P-1/a', { username: PUMP, qos }),
      OK_FOR_A_WHILE,
    ),
  ),
  asked(
    'publish with QoS 2 where 1 is the highest',
    'auth_on_publish',
    publish('logs/P-1/a', { username: PUMP, qos: 2 }),
    NO,
  ),
  asked(
    'publish retained where that is needed',
    'auth_on_publish',
    publish('state/P-1', { username: PUMP, retain: true }),
    OK_FOR_A_WHILE,
  ),
  asked(
    'publish unretained where that is needed',
    'auth_on_publish',
    publish('state/P-1', { username: PUMP }),
    NO,
  ),
  asked(
    'publish under an own client id',
    'auth_on_publish',
    publish('audit/c-7', { username: PUMP, clientId: 'c-7' }),
    OK_FOR_A_WHILE,
  ),
  asked(
    'publish under the client id of another',
    'auth_on_publish',
    publish('audit/c-7', { username: PUMP, clientId: 'c-8' }),
    NO,
  ),
  asked('publish with QoS 3', 'auth_on_publish', publish(`${OWN}/data`, { qos: 3 }), NO),
  asked('publish to nothing', 'auth_on_publish', publish(''), NO),
  asked(
    'publish with a retain flag of 1',
    'auth_on_publish',
    publish(`${OWN}/data`).replace('false', '1'),
    NO,
  ),
  asked(
    'publish with a payload beyond the bound',
    'auth_on_publish',
    publish(`${OWN}/data`, { payload: 'A'.repeat(16_384) }),
    NO,
  ),
]

const gone = '{"mountpoint":"","client_id":"c-1"}'
const others: readonly Row[] = [
  ...['on_client_offline', 'on_client_gone', 'on_client_wakeup', 'on_session_expired'].map((hook) =>
    asked(hook, hook, gone, NO),
  ),
  asked('on_publish', 'on_publish', publish(`${OWN}/data`), NO),
  asked('on_deliver', 'on_deliver', publish(`${OWN}/cmd`), NO),
  asked('on_subscribe', 'on_subscribe', subscribe([CMD]), NO),
  asked(
    'on_unsubscribe',
    'on_unsubscribe',
    `{"username":"${STATION}","mountpoint":"","client_id":"c-1","topics":["${OWN}/cmd"]}`,
    NO,
  ),
  asked(
    'on_auth_m5',
    'on_auth_m5',
    `{"username":"${STATION}","mountpoint":"","client_id":"c-1","properties":{"p_authentication_method":"x"}}`,
    NO,
  ),
  asked('a hook there is not', 'auth_on_everything', register(STATION, STATION_PASSWORD), NO),
  asked('a hook in capitals', 'AUTH_ON_REGISTER', register(STATION, STATION_PASSWORD), NO),
  asked('_m5 alone', '_m5', register5(STATION, STATION_PASSWORD), NO),
  asked('_m5 twice', 'auth_on_register_m5_m5', register5(STATION, STATION_PASSWORD), NO),
  asked('a name of all objects', 'constructor', register(STATION, STATION_PASSWORD), NO),
  {
    ...asked('no hook', '', register(STATION, STATION_PASSWORD), NO),
    headers: { 'content-type': TYPE },
  },
  asked('the wrong hook', 'auth_on_publish', register(STATION, STATION_PASSWORD), NO),
]

const good = asked('', 'auth_on_register', register(STATION, STATION_PASSWORD), NO)
const malformed: readonly Row[] = [
  { ...good, title: 'an empty body', body: '' },
  { ...good, title: 'half a body', body: good.body.slice(0, -1) },
  { ...good, title: 'a list', body: `[${good.body}]` },
  { ...good, title: 'null', body: 'null' },
  {
    ...good,
    title: 'JSON that calls itself a form',
    headers: { ...good.headers, 'content-type': 'application/x-www-form-urlencoded' },
  },
  { ...good, title: 'GET', method: 'GET', body: '' },
  { ...good, title: 'a wrong secret', path: `${PATH}0` },
  { ...good, title: 'half the secret', path: PATH.slice(0, -4) },
  { ...good, title: 'no secret', path: '/vernemq', answer: NO_ROUTE },
  {
    ...good,
    title: 'the secret in a header',
    path: '/vernemq',
    headers: { ...good.headers, authorization: `Bearer ${SECRET}` },
    answer: NO_ROUTE,
  },
  { ...good, title: 'a slash at the end', path: `${PATH}/`, answer: OK },
]

export const rows: readonly Row[] = [
  ...registers,
  ...publishes,
  ...subscriptions,
  ...others,
  ...malformed,
]
