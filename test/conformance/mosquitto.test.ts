/**
 * The MQTT adapter keeps the contract on Mosquitto: over TCP, over WebSocket, and with MQTT 3.1.1
 * as far as that goes.
 *
 * @module
 */
import { after, before, test } from 'node:test'
import { type MqttConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { type Relay, webSocketRelay } from '../mqtt/relay.ts'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import type { Open } from './broker.ts'
import { conforms } from './run.ts'

if (mosquittoMissing) {
  test('the broker contract over Mosquitto', { skip: mosquittoMissing })
} else {
  let mosquitto: Mosquitto
  let webSocket: Relay
  before(async () => {
    mosquitto = await startMosquitto()
    webSocket = await webSocketRelay(mosquitto.port)
  })
  after(async () => {
    await webSocket[Symbol.asyncDispose]()
    await mosquitto.stop()
  })

  const open =
    (config: () => MqttConfig): Open =>
    async (options) =>
      mqtt({ ...config(), ...options })

  conforms(
    'Mosquitto and TCP',
    open(() => ({ url: mosquitto.url })),
  )
  // Mosquitto's own WebSocket listener would listen beyond loopback.
  conforms(
    'Mosquitto and WebSocket',
    open(() => ({ url: webSocket.url })),
  )
  const noProperties = 'MQTT 3.1.1 has no message properties'
  const noShare = 'MQTT 3.1.1 has no shared subscriptions'
  conforms(
    'Mosquitto and MQTT 3.1.1',
    open(() => ({ url: mosquitto.url, protocolVersion: 4 })),
    {
      'user properties arrive, with one value and with several': noProperties,
      'correlation data, response topic and content type arrive': noProperties,
      'a message with an expiry arrives before that': noProperties,
      'members of a share group get each message once among them': noShare,
      'a subscription that is not shared gets every message beside a share group': noShare,
    },
  )
}
