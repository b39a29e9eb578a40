/**
 * The main job on one machine: an embedded broker guarded by the fleet, the HTTP routes other
 * brokers would ask, a hub, and a simulated fleet that talks to it over real TCP.
 *
 * `npm start`, or `npm start -- --seconds 15` to end by itself.
 *
 * @module
 */
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import { createFleet, createHub, type Fleet, type Logger, memoryStore } from 'devicehub'
import { type EmbeddedBroker, embeddedBroker } from 'devicehub/aedes'
import { brokerAuth } from 'devicehub/hono'
import { mqtt } from 'devicehub/mqtt'
import { Hono } from 'hono'
import { SimulatedDevice } from './device.ts'
import { pump, types, weatherStation } from './fleet.ts'
import { bold, dim, green, Report, red, yellow } from './report.ts'

const USAGE =
  'Usage: npm start -- [--seconds N] [--devices N]   (N devices: 20 to 1000, default 24)'
const LIVE_LINE_MS = 3_000

function readOptions(): { seconds: number | undefined; devices: number } {
  const fail = (problem: string): never => {
    console.error(`${problem}\n${USAGE}`)
    process.exit(2)
  }
  let values: { seconds?: string; devices?: string } = {}
  try {
    const options = { seconds: { type: 'string' }, devices: { type: 'string' } } as const
    values = parseArgs({ options }).values
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds)
  if (seconds !== undefined && !(seconds > 0 && seconds <= 86_400)) {
    fail('--seconds must be a number above 0, up to 86400')
  }
  const devices = Number(values.devices ?? 24)
  if (!(Number.isInteger(devices) && devices >= 20 && devices <= 1000)) {
    fail('--devices must be a whole number from 20 to 1000')
  }
  return { seconds, devices }
}

const { seconds, devices: count } = readOptions()
const report = new Report()
const hubPassword = crypto.randomUUID()
const routesSecret = crypto.randomUUID()
// What the library would log is told by the report's own lines, but for errors.
const logger: Logger = { info() {}, warn() {}, error: (line) => report.event(red('!'), line) }

const fleet = createFleet({
  types,
  store: memoryStore(),
  pepper: crypto.randomUUID(),
  services: [{ username: 'hub', password: hubPassword, rules: 'hub' }],
})

const broker = await startBroker(fleet)
const http = await startRoutes(fleet)
const hub = createHub(fleet, {
  brokers: { default: mqtt({ url: broker.url, username: 'hub', password: hubPassword }) },
  logger: {
    ...logger,
    warn: (line) => report.event(yellow('i'), line),
  },
})
hub.onData(weatherStation, ({ device, data }) => report.measured(device.id, data.temperature))
hub.onData(pump, ({ device }) => report.measured(device.id, undefined))
hub.onStatus(weatherStation, ({ device }) => report.measured(device.id, undefined))
hub.onStatus(pump, ({ device }) => report.measured(device.id, undefined))
hub.onRejected(({ reason, code }) => {
  report.rejected++
  report.event(yellow('✗'), `rejected (${code}): ${reason}`)
})

console.log(`${bold('devicehub')} ${dim('— press Ctrl-C to end')}`)
console.log(`  broker   ${broker.url}`)
console.log(`  routes   ${http.url}/auth and ${http.url}/acl`)
await hub.start()

const fleetNetwork = {
  url: broker.url,
  onFailure: (error: unknown) => logger.error(error instanceof Error ? error.message : 'failed'),
}
const devices = await switchOnFleet(count)
console.log(`  fleet    ${devices.length} simulated devices, each with its own login\n`)

// One of the broker's connections is the hub's.
const live = setInterval(() => report.live(broker.connections - 1), LIVE_LINE_MS)
const ended = untilEnd(seconds)
await showcase()
await ended
clearInterval(live)
await Promise.all(devices.map((device) => device.switchOff()))
await hub.close()
await http.close()
await broker.close()
report.summary()

async function startBroker(guard: Fleet): Promise<EmbeddedBroker> {
  return embeddedBroker(guard, {
    port: 0,
    logger,
    onDenied({ text }) {
      report.denied++
      report.event(red('⛔'), `denied: ${text}`)
    },
  })
}

async function startRoutes(guard: Fleet): Promise<{ url: string; close(): Promise<void> }> {
  const routes = brokerAuth(guard, { secret: routesSecret, logger })
  const app = new Hono().route('/iot/broker', routes)
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const options = { fetch: app.fetch, hostname: '127.0.0.1', port: 0 }
    const started = serve(options, () => resolve(started))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/iot/broker`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function switchOnFleet(size: number): Promise<SimulatedDevice[]> {
  const devices: SimulatedDevice[] = []
  for (let i = 1; i <= size; i++) {
    const number = String(i).padStart(3, '0')
    const station = i % 3 !== 0
    const login = await fleet.provision(
      station ? weatherStation : pump,
      station ? `STATION-${number}` : `PUMP-${number}`,
    )
    const measure = station
      ? () => ({ temperature: 18 + Math.random() * 12, humidity: 40 + Math.random() * 30 })
      : () => ({ rpm: Math.round(1400 + Math.random() * 200), bar: 2 + Math.random() })
    devices.push(new SimulatedDevice(fleetNetwork, login, measure))
  }
  await Promise.all(devices.map((device) => device.switchOn()))
  return devices
}

/** One of everything: a command with its reply, a denial, a rejection and a broker's HTTP call. */
async function showcase(): Promise<void> {
  const [device] = devices as [SimulatedDevice, ...SimulatedDevice[]]
  const { id, username } = device.login

  const asked = Date.now()
  const sent = { seconds: 0.5 }
  const reply = await hub.device(weatherStation, id).send('setInterval', sent)
  report.commands++
  report.event(
    green('⇄'),
    `command setInterval ${JSON.stringify(sent)} to ${username}, reply ${JSON.stringify(reply)} in ${Date.now() - asked} ms`,
  )

  // The broker refuses; its guard reports the reason through onDenied.
  await device.connection.subscribe([{ filter: 'things/weatherstation/+/cmd' }]).catch(() => {})
  await device.send(device.login.topics.data, { temperature: 'warm' })

  const question = { username, topic: 'things/pump/PUMP-003/data', action: 'publish' }
  const response = await fetch(`${http.url}/acl`, {
    method: 'POST',
    headers: { authorization: `Bearer ${routesSecret}`, 'content-type': 'application/json' },
    body: JSON.stringify(question),
  })
  const answer = await response.text()
  if (answer.includes('deny')) report.denied++
  report.event(
    green('⇄'),
    `a broker asks over HTTP: POST /acl ${JSON.stringify(question)} → ${answer}`,
  )
}

function untilEnd(limit: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = limit === undefined ? undefined : setTimeout(resolve, limit * 1000)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearTimeout(timer)
        resolve()
      })
    }
  })
}
