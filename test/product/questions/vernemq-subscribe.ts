/**
 * VerneMQ: all filters of a SUBSCRIBE at once.
 *
 * @module
 */
import type { Row } from './row.ts'
import {
  asked,
  CMD,
  entry5,
  NO,
  OK,
  OTHER,
  OWN,
  PUMP,
  STATION,
  subscribe,
  subscribe5,
} from './vernemq-questions.ts'

export const subscriptions: readonly Row[] = [
  asked(
    'subscribe to two that are granted',
    'auth_on_subscribe',
    subscribe(
      [
        ['news/sport', 0],
        ['news/weather/+', 2],
      ],
      PUMP,
    ),
    OK,
  ),
  asked(
    'subscribe to two that are not',
    'auth_on_subscribe',
    subscribe([OTHER, ['things/+/+/cmd', 0]]),
    NO,
  ),
  asked(
    'subscribe to three of which one is granted',
    'auth_on_subscribe',
    subscribe([OTHER, CMD, ['#', 2]]),
    {
      ...OK,
      body: `{"result":"ok","topics":[{"topic":"things/pump/P-1/cmd","qos":128},{"topic":"${OWN}/cmd","qos":1},{"topic":"#","qos":128}]}`,
    },
  ),
  asked(
    'subscribe to three of which one is granted, MQTT 5',
    'auth_on_subscribe_m5',
    subscribe5([OTHER, CMD, ['#', 2]]),
    {
      ...OK,
      body: `{"result":"ok","modifiers":{"topics":[{"topic":"things/pump/P-1/cmd","qos":128},${entry5(`${OWN}/cmd`, 1)},{"topic":"#","qos":128}]}}`,
    },
  ),
  asked(
    'subscribe to the same twice, beside another',
    'auth_on_subscribe',
    subscribe([CMD, OTHER, CMD]),
    {
      ...OK,
      body: `{"result":"ok","topics":[{"topic":"${OWN}/cmd","qos":1},{"topic":"things/pump/P-1/cmd","qos":128},{"topic":"${OWN}/cmd","qos":1}]}`,
    },
  ),
  asked('subscribe to no filter', 'auth_on_subscribe', subscribe([]), NO),
  asked('subscribe to no filter, MQTT 5', 'auth_on_subscribe_m5', subscribe5([]), NO),
  asked('subscribe with QoS 128', 'auth_on_subscribe', subscribe([[`${OWN}/cmd`, 128]]), NO),
  asked(
    'subscribe without a QoS',
    'auth_on_subscribe',
    subscribe([CMD]).replace(',"qos":1', ''),
    NO,
  ),
  asked(
    'topics that are texts',
    'auth_on_subscribe',
    `{"username":"${STATION}","mountpoint":"","client_id":"c-1","topics":["${OWN}/cmd"]}`,
    NO,
  ),
  asked(
    'topics that are lists',
    'auth_on_subscribe',
    `{"username":"${STATION}","mountpoint":"","client_id":"c-1","topics":[["${OWN}/cmd",1]]}`,
    NO,
  ),
  asked(
    'topics that are an object',
    'auth_on_subscribe',
    `{"username":"${STATION}","mountpoint":"","client_id":"c-1","topics":{"topic":"${OWN}/cmd","qos":1}}`,
    NO,
  ),
  asked(
    'no topics',
    'auth_on_subscribe',
    `{"username":"${STATION}","mountpoint":"","client_id":"c-1"}`,
    NO,
  ),
]
