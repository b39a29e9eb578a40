/**
 * What a page does with the small client: it connects, subscribes and publishes.
 *
 * @module
 */
import { browserBroker } from 'devicehub/browser'

const broker = browserBroker({
  url: 'wss://broker.example/mqtt',
  username: 'pump/P-1',
  password: 'secret',
})
await broker.connect({ onMessage: ({ topic, payload }) => console.log(topic, payload) })
await broker.subscribe([{ filter: 'things/pump/P-1/cmd' }])
await broker.publish({
  topic: 'things/pump/P-1/data',
  payload: new TextEncoder().encode('{"rpm":1450}'),
})
