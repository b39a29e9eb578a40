/**
 * A client of the bench, in a process of its own: does one task and prints what it took.
 *
 * @module
 */
import mqttPackage, { type MqttClient } from 'mqtt'
import * as v from 'valibot'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { command, createFleet, createHub, defineDeviceType, memoryStore } from '../../src/index.ts'
import {
  DEVICES,
  dataTopic,
  deviceId,
  FILTER,
  type Outcome,
  payloadOf,
  RECEIVER,
  type Task,
  TYPE,
  WINDOW,
} from './task.ts'

const HOUR = 3_600
const task: Task = JSON.parse(process.argv[2]!)
const { url, qos, count } = task

const station = defineDeviceType(TYPE, {
  data: v.object({
    temperature: v.number(),
    humidity: v.number(),
    pressure: v.number(),
    sequence: v.number(),
    firmware: v.string(),
  }),
  commands: {
    echo: command({ payload: v.object({ n: v.number() }), reply: v.object({ n: v.number() }) }),
  },
})

/** Counts up to the end of a task. The clock starts with the first. */
function counter(): { readonly add: () => void; readonly end: Promise<Outcome> } {
  let counted = 0
  let start = 0
  let finish: (outcome: Outcome) => void
  const end = new Promise<Outcome>((resolve) => {
    finish = resolve
  })
  return {
    add() {
      if (counted++ === 0) start = performance.now()
      if (counted === count) finish({ total: performance.now() - start })
    },
    end,
  }
}

async function makeHub() {
  const fleet = createFleet({ types: [station], store: memoryStore() })
  for (let i = 0; i < DEVICES; i++) await fleet.provision(station, deviceId(i))
  return createHub(fleet, {
    brokers: {
      default: mqtt({
        url,
        clientId: RECEIVER,
        cleanStart: false,
        sessionExpiry: HOUR,
        sharedSubscriptions: false,
      }),
    },
    logger: { info() {}, warn: console.error, error: console.error },
  })
}

function connectBare(clientId: string, isKept: boolean): MqttClient {
  const properties = isKept ? { properties: { sessionExpiryInterval: HOUR } } : {}
  return mqttPackage.connect(url, { protocolVersion: 5, clientId, clean: !isKept, ...properties })
}

async function connected(client: MqttClient): Promise<MqttClient> {
  await new Promise<void>((resolve, reject) =>
    client.once('connect', () => resolve()).once('error', reject),
  )
  return client
}

/** Publishes all, so many at once, by whatever publishes one. */
async function publishAll(publish: (i: number) => Promise<unknown>): Promise<Outcome> {
  let next = 0
  const start = performance.now()
  const work = async () => {
    while (next < count) await publish(next++)
  }
  await Promise.all(Array.from({ length: Math.min(task.window ?? WINDOW, count) }, work))
  return { total: performance.now() - start }
}

const roles: Readonly<Record<`${Task['role']} ${Task['with']}`, () => Promise<Outcome>>> = {
  async 'prepare devicehub'() {
    await using hub = await makeHub()
    hub.onData(station, () => {})
    await hub.start()
    return { total: 0 }
  },
  async 'prepare mqtt'() {
    const client = await connected(connectBare(RECEIVER, true))
    await client.subscribeAsync(FILTER, { qos: 1 })
    await client.endAsync()
    return { total: 0 }
  },
  async 'receive devicehub'() {
    const { add, end } = counter()
    const hub = await makeHub()
    hub.onData(station, ({ data }) => {
      if (data.sequence > 0) add()
    })
    await hub.start()
    const outcome = await end
    await hub.close()
    return outcome
  },
  async 'receive mqtt'() {
    const { add, end } = counter()
    const client = connectBare(RECEIVER, true)
    client.on('message', (_, payload) => {
      const { sequence } = JSON.parse(payload.toString()) as { sequence: number }
      if (sequence > 0) add()
    })
    const outcome = await end
    await client.endAsync()
    return outcome
  },
  async 'publish devicehub'() {
    const broker = mqtt({ url, clientId: 'bench-publisher' })
    await broker.connect({ onMessage: async () => {} })
    const encoder = new TextEncoder()
    const outcome = await publishAll((i) =>
      broker.publish({ topic: dataTopic(i), payload: encoder.encode(payloadOf(i)), qos }),
    )
    await broker.close()
    return outcome
  },
  async 'publish mqtt'() {
    const client = await connected(connectBare('bench-publisher', false))
    const outcome = await publishAll((i) =>
      client.publishAsync(dataTopic(i), payloadOf(i), { qos }),
    )
    await client.endAsync()
    return outcome
  },
  async 'call devicehub'() {
    const hub = await makeHub()
    await hub.start()
    const device = mqtt({ url, clientId: 'bench-device' })
    await device.connect({
      async onMessage({ topic, payload, correlationData }) {
        const reply = topic.replace(/cmd$/, 'reply')
        const { payload: asked } = JSON.parse(new TextDecoder().decode(payload))
        const answer = new TextEncoder().encode(JSON.stringify({ payload: asked }))
        await device.publish({
          topic: reply,
          payload: answer,
          qos,
          ...(correlationData && { correlationData }),
        })
      },
    })
    await device.subscribe([{ filter: `things/${TYPE}/${deviceId(0)}/cmd`, qos }])
    const handle = hub.device(station, deviceId(0))
    const times: number[] = []
    const start = performance.now()
    for (let n = 0; n < count; n++) {
      const from = performance.now()
      await handle.send('echo', { n })
      times.push(performance.now() - from)
    }
    const total = performance.now() - start
    await Promise.all([hub.close(), device.close()])
    return { total, ...quantiles(times) }
  },
  async 'call mqtt'() {
    const asker = await connected(connectBare('bench-asker', false))
    const device = await connected(connectBare('bench-device', false))
    const [cmd, reply] = ['cmd', 'reply'].map((channel) => dataTopic(0).replace(/data$/, channel))
    device.on('message', (_, payload) => device.publish(reply!, payload, { qos }))
    await device.subscribeAsync(cmd!, { qos })
    await asker.subscribeAsync(reply!, { qos })
    const times: number[] = []
    const start = performance.now()
    for (let n = 0; n < count; n++) {
      const from = performance.now()
      const answered = new Promise((resolve) => asker.once('message', resolve))
      asker.publish(cmd!, JSON.stringify({ payload: { n } }), { qos })
      await answered
      times.push(performance.now() - from)
    }
    const total = performance.now() - start
    await Promise.all([asker.endAsync(), device.endAsync()])
    return { total, ...quantiles(times) }
  },
}

function quantiles(times: readonly number[]): { p50: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
  return { p50: at(0.5), p99: at(0.99) }
}

const outcome = await roles[`${task.role} ${task.with}`]()
console.log(JSON.stringify(outcome))
process.exit(0)
