/**
 * VerneMQ: how it asks, by the hooks of MQTT 3.1.1 and by those of MQTT 5, and what only it is
 * answered: renamed sessions, answers to be kept for a while, and hooks that are no questions.
 *
 * @module
 */
import { HUB_PASSWORD, STATION_PASSWORD } from '../../hono/site.ts'
import type { Access, Dialect, Exchanges, Login } from './dialect.ts'
import type { Row } from './row.ts'
import {
  asked,
  CMD,
  headersOf,
  NO,
  OK,
  OK_FOR_A_WHILE,
  OWN,
  PATH,
  publish,
  register,
  register5,
  STATION,
  subscribe,
  subscribe5,
  TYPE,
} from './vernemq-questions.ts'
import { subscriptions } from './vernemq-subscribe.ts'

/** The session gets a client id that no other user name reaches. */
function renamed(clientId: string, mountpoint = ''): Row['answer'] {
  const modifiers = { client_id: clientId, mountpoint }
  return { ...OK, body: JSON.stringify({ result: 'ok', modifiers }) }
}

function question(hook: string, body: string) {
  return { path: PATH, headers: headersOf(hook), body }
}

const none = (text: string | undefined) => text ?? null

function access(version: '' | '_m5', { action, topic, username, clientId, qos, retain }: Access) {
  const who = { username: none(username), clientId: clientId ?? '' }
  if (action === 'publish') {
    const more = { ...who, qos, retain, ...(version === '_m5' && { properties: '{}' }) }
    return question(`auth_on_publish${version}`, publish(topic, more))
  }
  const write = version === '_m5' ? subscribe5 : subscribe
  return question(`auth_on_subscribe${version}`, write([[topic, qos]], none(username)))
}

const dialect: Dialect = {
  encoding: 'json',
  secretIn: 'path',
  tells: ['clientId', 'qos', 'retain', 'share'],
  fields: { username: 'username', topic: 'topic' },
  login: ({ username, password, clientId = '' }: Login) =>
    question('auth_on_register', register(none(username), none(password), '', clientId)),
  access: (one) => access('', one),
  allowLogin: () => OK,
  foreignClientId: ({ username, clientId }) => renamed(`${username}///${clientId}`),
  allowAccess: ({ action }) => (action === 'publish' ? OK_FOR_A_WHILE : OK),
  deny: NO,
}

const mqtt5: Dialect = {
  ...dialect,
  variant: 'MQTT 5',
  login: ({ username, password, clientId = '' }) =>
    question('auth_on_register_m5', register5(none(username), none(password), '{}', clientId)),
  access: (one) => access('_m5', one),
}

const registers: readonly Row[] = [
  asked(
    'a client id of any kind, behind a mount point',
    'auth_on_register',
    register(STATION, STATION_PASSWORD, '', 'c-1').replace('"mountpoint":""', '"mountpoint":"m"'),
    renamed(`${STATION}///c-1`, 'm'),
  ),
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
    'a user name given twice, the other one behind it',
    'auth_on_register',
    register(STATION, STATION_PASSWORD, ',"username":"hub"'),
    NO,
  ),
]

const publishes: readonly Row[] = [
  asked(
    'publish own data with its payload',
    'auth_on_publish',
    publish(`${OWN}/data`, { payload: 'eyJ0ZW1wZXJhdHVyZSI6MjF9' }),
    OK_FOR_A_WHILE,
  ),
  // VerneMQ would keep one answer for each message.
  asked(
    'publish own data, MQTT 5 with properties',
    'auth_on_publish_m5',
    publish(`${OWN}/reply`, { properties: '{"p_correlation_data":"7b1c"}' }),
    OK,
  ),
  asked('publish with QoS 3', 'auth_on_publish', publish(`${OWN}/data`, { qos: 3 }), NO),
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

export const vernemq: Exchanges = {
  dialects: [dialect, mqtt5],
  oddities: [...registers, ...publishes, ...subscriptions, ...others],
}
