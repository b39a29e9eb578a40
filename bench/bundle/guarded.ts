/**
 * The page with the small client, which refuses by itself what its rules do not grant.
 *
 * @module
 */
import { browserBroker, guardedBroker } from 'devicehub/browser'

const username = 'pump/P-1'
const connection = browserBroker({ url: 'wss://broker.example/mqtt', username, password: 'secret' })
const broker = guardedBroker(connection, {
  username,
  attributes: { deviceId: 'P-1' },
  rules: [{ effect: 'allow', actions: ['publish'], filter: 'things/pump/{deviceId}/data' }],
})
await broker.connect({ onMessage: ({ topic, payload }) => console.log(topic, payload) })
await broker.subscribe([{ filter: 'things/pump/P-1/cmd' }])
await broker.publish({
  topic: 'things/pump/P-1/data',
  payload: new TextEncoder().encode('{"rpm":1450}'),
})
