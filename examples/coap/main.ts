/**
 * One fleet on two protocols: a weather station over MQTT, a soil sensor over CoAP. Both brokers are
 * configured as plain data, each with its engine by name, and the fleet decides on both who is who
 * and may do what. All of it runs on this machine, so that nothing else is needed.
 *
 * `node --import tsx examples/coap/main.ts`
 *
 * @module
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { createBrokers, createFleet, createHub, memoryStore } from 'devicehub'
import { embeddedBroker } from 'devicehub/embedded'
import { mqtt } from 'devicehub/mqtt'
import { CoapDevice } from './device.ts'
import { coap } from './engine.ts'
import { soilSensor, weatherStation } from './types.ts'

const password = crypto.randomUUID()
const fleet = createFleet({
  types: [weatherStation, soilSensor],
  store: memoryStore(),
  services: [{ username: 'hub', password, rules: 'hub' }],
})
const quiet = { info() {}, warn() {}, error: console.error }
const embedded = await embeddedBroker(fleet, { port: 0, logger: quiet })
const port = await freePort()

const config = {
  default: { url: embedded.url, username: 'hub', password },
  field: { engine: 'coap', host: '127.0.0.1', port },
}
const brokers = createBrokers(config, { mqtt, coap: coap(fleet) })
const hub = createHub(fleet, { brokers, logger: quiet })
let handled = 0
hub.onData(weatherStation, ({ device, data, broker }) => {
  console.log(`heard ${device.type}/${device.id} ${data.temperature} °C through ${broker}`)
})
hub.onData(soilSensor, async ({ device, data, broker }) => {
  await setTimeout(100) // Such as writing to a database.
  handled++
  console.log(`heard ${device.type}/${device.id} ${data.moisture} % through ${broker}`)
})
await hub.start()

// The weather station, over MQTT.
const station = await fleet.provision(weatherStation, 'STATION-1')
const { username } = station
const connection = mqtt({ url: embedded.url, username, password: station.password })
await connection.connect({ onMessage() {} })
await connection.publish({ topic: station.topics.data, payload: toBytes({ temperature: 21.5 }) })

// The soil sensor, over CoAP: its message is acknowledged when the hub has handled it.
const sensor = await fleet.provision(soilSensor, 'SENSOR-1')
const device = new CoapDevice({ port, ...sensor })
const code = await device.post(sensor.topics.data, toBytes({ moisture: 31 }))
console.log(`answered ${code} to its data, with ${handled} message handled`)

// It observes its commands, and posts its replies.
const observed = await device.observe(sensor.topics.cmd, (payload) => {
  const { command, payload: content, id } = JSON.parse(new TextDecoder().decode(payload))
  console.log(`received ${command} ${JSON.stringify(content)}`)
  void device.post(sensor.topics.reply, toBytes({ payload: content, id }))
})
console.log(`answered ${observed} to its observation`)
const reply = await hub.device(soilSensor, 'SENSOR-1').send('setInterval', { seconds: 60 })
console.log(`replied ${JSON.stringify(reply)}`)

// What it may not, and who nobody knows.
const other = await fleet.provision(soilSensor, 'SENSOR-2')
const stranger = new CoapDevice({ port, username: sensor.username, password: 'a guess' })
const moisture = toBytes({ moisture: 99 })
await refused('data of another', device.post(other.topics.data, moisture))
await refused('a command', device.post(sensor.topics.cmd, toBytes({ command: 'setInterval' })))
await refused(
  'to observe another',
  device.observe(other.topics.cmd, () => {}),
)
await refused('a wildcard', device.post('things/soilsensor/+/data', moisture))
await refused('a wrong password', stranger.post(sensor.topics.data, moisture))
await fleet.revoke(soilSensor, 'SENSOR-1')
await refused('a revoked device', device.post(sensor.topics.data, moisture))
console.log(`handled ${handled} message of soil sensors`)

await hub.close()
await connection.close()
await embedded.close()
for (const each of [device, stranger]) each.close()

async function refused(what: string, answer: Promise<string>): Promise<void> {
  console.log(`refused ${await answer} ${what}`)
}

function toBytes(content: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content))
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}
