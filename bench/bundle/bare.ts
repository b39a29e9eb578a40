/**
 * What a page does with the bare package: it connects, subscribes and publishes.
 *
 * @module
 */
import mqtt from 'mqtt'

const client = await mqtt.connectAsync('wss://broker.example/mqtt', {
  protocolVersion: 5,
  username: 'pump/P-1',
  password: 'secret',
})
client.on('message', (topic, payload) => console.log(topic, payload))
await client.subscribeAsync('things/pump/P-1/cmd', { qos: 1 })
await client.publishAsync('things/pump/P-1/data', '{"rpm":1450}', { qos: 1 })
