/**
 * One fleet on three brokers: `default`, `lorawan` with TLS and `cloud` with a login of its own.
 * A device type names its broker, and its messages are received and its commands sent through that
 * one only. All three are embedded brokers on this machine, so that nothing else is needed.
 *
 * `node --import tsx examples/multi-broker/main.ts`
 *
 * @module
 */
import { type Broker, createFleet, createHub, type Message, memoryStore } from 'devicehub'
import { type EmbeddedBrokerOptions, embeddedBroker } from 'devicehub/embedded'
import { type BrokerConfig, mqtt } from 'devicehub/mqtt'
import { createAuthority } from '../certificates/certificate.ts'
import { cloudSensor, loraNode, types, weatherStation } from './types.ts'
import { Happenings, watch } from './watch.ts'

const passwords = { hub: crypto.randomUUID(), cloud: crypto.randomUUID(), eye: crypto.randomUUID() }
const fleet = createFleet({
  types,
  store: memoryStore(),
  services: [
    { username: 'hub', password: passwords.hub, rules: 'hub' },
    { username: 'cloud-user', password: passwords.cloud, rules: 'hub' },
    {
      username: 'observer',
      password: passwords.eye,
      rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'things/#' }],
    },
  ],
})

const quiet = { info() {}, warn() {}, error: console.error }
const authority = await createAuthority('Authority of the example')
const { cert, key } = await authority.issue({ name: 'lorawan', hosts: ['127.0.0.1'] })
const embedded = (options: EmbeddedBrokerOptions = {}) =>
  embeddedBroker(fleet, { port: 0, logger: quiet, ...options })
const servers = {
  default: await embedded(),
  lorawan: await embedded({ tls: { certFile: cert, keyFile: key } }),
  cloud: await embedded(),
}
const networks = {
  default: { url: servers.default.url },
  lorawan: { url: servers.lorawan.url, caCerts: authority.cert },
  cloud: { url: servers.cloud.url },
} satisfies Record<string, BrokerConfig>
type Name = keyof typeof networks
const names = Object.keys(networks) as Name[]

const hub = createHub(fleet, {
  brokers: {
    default: mqtt({ ...networks.default, username: 'hub', password: passwords.hub }),
    lorawan: mqtt({ ...networks.lorawan, username: 'hub', password: passwords.hub }),
    cloud: mqtt({ ...networks.cloud, username: 'cloud-user', password: passwords.cloud }),
  },
})
const heard = new Happenings<string>()
for (const type of types) {
  hub.onData(type, ({ device, data, broker }) =>
    heard.add(`${device.type}/${device.id} ${data.temperature} °C through ${broker}`),
  )
}
await hub.start()

const observer = { username: 'observer', password: passwords.eye }
const observers = names.map((name) => mqtt({ ...networks[name], ...observer }))
const carried = await Promise.all(observers.map(watch))

const station = await switchOn(weatherStation, 'STATION-1', 'default')
const node = await switchOn(loraNode, 'NODE-1', 'lorawan')
const sensor = await switchOn(cloudSensor, 'SENSOR-1', 'cloud')
await station.measure(21.5)
await node.measure(4.5)
await sensor.measure(18)
const answer = await hub.device(loraNode, 'NODE-1').send('setInterval', { seconds: 60 })

// The node goes astray: it may log in there, but who listens there does not listen to its type.
const stray = await node.strayTo('default')
await stray.measure(99)
await station.measure(22)
await heard.reach(4)
await Promise.all([carried[0]!.reach(3), carried[1]!.reach(3), carried[2]!.reach(1)])

for (const name of names) console.log(`broker ${name} is ${networks[name].url}`)
for (const line of heard.list) console.log(`heard ${line}`)
console.log(`answered loranode/NODE-1 ${JSON.stringify(answer)}`)
for (const [i, name] of names.entries()) {
  for (const topic of carried[i]!.list) console.log(`carried by ${name} ${topic}`)
}

await hub.close()
const devices = [station, node, sensor, stray].map(({ connection }) => connection)
await Promise.all([...devices, ...observers].map((broker) => broker.close()))
await Promise.all(Object.values(servers).map((server) => server.close()))

async function switchOn(type: (typeof types)[number], id: string, network: Name) {
  const { username, password, topics } = await fleet.provision(type, id)
  const connectTo = async (name: Name) => {
    const connection = mqtt({ ...networks[name], username, password })
    const send = (topic: string, content: unknown, more: Partial<Message> = {}) =>
      connection.publish({ ...more, topic, payload: toBytes(content) })
    await connection.connect({
      async onMessage({ payload, correlationData }) {
        const { payload: content } = JSON.parse(new TextDecoder().decode(payload))
        await send(topics.reply, { payload: content }, correlationData && { correlationData })
      },
    })
    await connection.subscribe([{ filter: topics.cmd }])
    const measure = (temperature: number) => send(topics.data, { temperature })
    return { connection, measure } satisfies { connection: Broker; measure: unknown }
  }
  return { ...(await connectTo(network)), strayTo: connectTo }
}

function toBytes(content: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content))
}
