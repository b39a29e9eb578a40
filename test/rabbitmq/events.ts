/**
 * What the device of {@link recorded} does, and what is asked about it then.
 *
 * @module
 */
import type { MqttClient } from 'mqtt'
import type { RecordedName } from './recorded.ts'

/** The device of the recorded requests. */
export const STATION = {
  username: 'weatherstation/STATION-001',
  password: `dhs_${'1'.repeat(64)}`,
  clientId: 'weatherstation/STATION-001',
}
/** What is asked about every connection. */
export const LOGIN: readonly RecordedName[] = ['a login', 'its virtual host']
/** What its topics begin with. */
export const TOPIC = 'things/weatherstation/STATION-001'

/** Settles when the broker has acknowledged it, if it does. */
export type Act = (client: MqttClient) => Promise<unknown>
export const publish =
  (topic: string, qos: 0 | 1, retain = false): Act =>
  (client) =>
    client.publishAsync(topic, 'x', { qos, retain })
export const subscribe =
  (filter: string | string[], qos: 0 | 1 = 0): Act =>
  (client) =>
    client.subscribeAsync(filter, { qos })

export const QUEUE_0 = [
  'the queue of QoS 0, to configure',
  'the queue of QoS 0, to read',
  'the queue of QoS 0, to write',
] as const
export const QUEUE_1 = [
  'the queue of QoS 1, to configure',
  'the queue of QoS 1, to read',
  'the queue of QoS 1, to write',
] as const

/** What one client does after the other on one connection, and what is asked about it. */
export const CONNECTIONS: Readonly<
  Record<string, readonly [string, Act, readonly RecordedName[]][]>
> = {
  'a device that publishes': [
    [
      'with QoS 0, about the topic twice',
      publish(`${TOPIC}/data`, 0),
      ['publish data', 'the exchange, to write', 'publish data'],
    ],
    [
      'with QoS 1 for the first time, about the same again',
      publish(`${TOPIC}/data`, 1),
      ['the exchange, to write', 'publish data'],
    ],
    ['to a topic it has published to, about nothing', publish(`${TOPIC}/data`, 1), []],
    [
      'a retained message, about no more than the topic',
      publish(`${TOPIC}/status`, 1, true),
      ['publish status', 'publish status'],
    ],
    [
      'as another device, about that topic',
      publish('things/weatherstation/STATION-002/status', 1),
      ['publish as another', 'publish as another'],
    ],
  ],
  'topics as routing keys': [
    [
      'a dot stays, and looks like a slash',
      publish('things/weatherstation/STATION.001/data', 0),
      ['publish with a dot in a level', 'the exchange, to write', 'publish with a dot in a level'],
    ],
    [
      'empty levels stay',
      publish('/things//data/', 0),
      ['publish with empty levels', 'publish with empty levels'],
    ],
    [
      'a star stays, and looks like a plus',
      publish('things/weatherstation/*/data', 0),
      ['publish with a star', 'publish with a star'],
    ],
    [
      'other characters are UTF-8',
      publish('things/weatherstation/Süd 1/da:ta&=%"', 0),
      ['publish with other characters', 'publish with other characters'],
    ],
  ],
  'a device that subscribes': [
    [
      'with QoS 0, about the queue, the exchange and the topic',
      subscribe(`${TOPIC}/cmd`),
      [...QUEUE_0, 'the exchange, to read', 'subscribe to cmd'],
    ],
    ['with + in place of its name', subscribe('things/weatherstation/+/cmd'), ['subscribe with +']],
    ['with # behind its name', subscribe(`${TOPIC}/#`), ['subscribe with #']],
    ['with # alone', subscribe('#'), ['subscribe to everything']],
    [
      'with a dot in a level',
      subscribe('things/weatherstation/STATION.001/cmd'),
      ['subscribe with a dot in a level'],
    ],
    ['with a share name', subscribe('$share/hub/things/#'), ['subscribe with a share name']],
    ['to what it has subscribed to, about nothing', subscribe(`${TOPIC}/cmd`), []],
    ['and no more, about nothing', (client) => client.unsubscribeAsync(`${TOPIC}/cmd`), []],
  ],
  'a device that subscribes to two filters in one packet': [
    [
      'the last one first',
      subscribe([`${TOPIC}/#`, `${TOPIC}/cmd`]),
      [...QUEUE_0, 'the exchange, to read', 'subscribe to cmd', 'subscribe with #'],
    ],
  ],
}

/** What ends in a closed connection when one of these is denied. */
export const ACTS: readonly [string, Act, readonly RecordedName[]][] = [
  [
    'a publication with QoS 0',
    // That the next one is not acknowledged shows it.
    (client) =>
      publish(`${TOPIC}/data`, 0)(client).then(() => publish(`${TOPIC}/status`, 1)(client)),
    ['publish data', 'the exchange, to write'],
  ],
  ['a publication with QoS 1', publish(`${TOPIC}/data`, 1), ['publish data']],
  [
    'a subscription',
    subscribe(`${TOPIC}/cmd`),
    [...QUEUE_0, 'the exchange, to read', 'subscribe to cmd'],
  ],
]
