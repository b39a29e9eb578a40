/**
 * `devicehub dev`: the main job on one machine. An embedded broker guarded by the fleet, the HTTP
 * routes other brokers would ask, a hub, and a simulated fleet that talks to it over real TCP.
 *
 * @module
 */
import { toError } from '../../../src/base/errors.ts'
import { loadTogether } from '../../../src/base/load-package.ts'
import type { Logger } from '../../../src/base/log.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import { memoryStore } from '../../../src/device/memory-store.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import { createFleet } from '../../../src/fleet/create.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { createHub } from '../../../src/hub/create.ts'
import type { Hub } from '../../../src/hub/hub.ts'
import { embeddedBroker } from '../../aedes/index.ts'
import { loadAedes } from '../../aedes/load.ts'
import { mqtt } from '../../mqtt/index.ts'
import { loadMqtt } from '../../mqtt/package.ts'
import { print } from '../output.ts'
import { loadSettings } from '../settings/load.ts'
import { stopSignal, whenAborted } from '../signals.ts'
import { demo } from './demo.ts'
import { bold, dim, Report, red, yellow } from './report.ts'
import { loadRoutes, serveRoutes } from './routes.ts'
import { sampledSimulation } from './sampled.ts'
import { showcase } from './showcase.ts'
import { switchOnFleet } from './simulated-fleet.ts'
import type { Simulation } from './simulation.ts'

/** The options of the verb. */
export interface DevOptions {
  readonly config?: string
  /** Default: until it is told to stop. */
  readonly seconds?: number
  /** Default: 24. */
  readonly devices?: number
}

const LIVE_LINE_MS = 3_000

/**
 * Runs the verb. Settles when the time is over, or it was told to stop, and all is closed.
 *
 * The fleet is one of its own, in memory: of the configuration it has the device types and the
 * prefix, and neither the store nor the brokers are used.
 */
export async function dev({ config, seconds, devices = 24 }: DevOptions): Promise<void> {
  const stop = stopSignal()
  const settings = await loadSettings(config)
  const report = new Report()
  // What the library would log is told by the report's own lines, but for errors.
  const logger: Logger = { info() {}, warn() {}, error: (line) => report.event(red('!'), line) }
  // Loaded one after the other later on: what is missing is told of at once.
  await loadTogether([loadAedes(), loadMqtt(), loadRoutes()])
  const simulations = settings ? await findSimulations(settings.fleet.types, report) : demo

  const hubPassword = crypto.randomUUID()
  const fleet = createFleet({
    types: settings?.fleet.types ?? demo.map(({ type }) => type),
    store: memoryStore(),
    pepper: crypto.randomUUID(),
    services: [{ username: 'hub', password: hubPassword, rules: 'hub' }],
    ...(settings && { prefix: settings.fleet.prefix }),
  })
  const broker = await embeddedBroker(fleet, {
    port: 0,
    logger,
    onDenied({ text }) {
      report.denied++
      report.event(red('⛔'), `denied: ${text}`)
    },
  })
  const secret = crypto.randomUUID()
  const routes = await serveRoutes(fleet, { secret, logger })
  const hub = devHub(fleet, report, logger, () =>
    mqtt({ url: broker.url, username: 'hub', password: hubPassword }),
  )

  await print(`${bold('devicehub')} ${dim('— press Ctrl-C to end')}`)
  await print(`  broker   ${broker.url}`)
  await print(`  routes   ${routes.url}/auth and ${routes.url}/acl`)
  await hub.start()
  const hubConnections = broker.connections
  const onFailure = (error: unknown) => logger.error(toError(error).message)
  const network = { url: broker.url, onFailure }
  const simulated = await switchOnFleet(fleet, network, simulations, devices)
  await print(`  fleet    ${simulated.length} simulated devices, each with its own login\n`)

  const live = setInterval(() => report.live(broker.connections - hubConnections), LIVE_LINE_MS)
  const ended = untilEnd(stop, seconds)
  await showcase({ fleet, hub, routes: { url: routes.url, secret }, simulated, report })
  await ended
  clearInterval(live)
  await Promise.all(simulated.map(({ device }) => device.switchOff()))
  await hub.close()
  await routes.close()
  await broker.close()
  await report.summary()
}

async function findSimulations(
  types: readonly DeviceType[],
  report: Report,
): Promise<readonly Simulation[]> {
  const found: Simulation[] = []
  for (const type of types) {
    const simulation = await sampledSimulation(type)
    if (simulation) found.push(simulation)
    else {
      const problem = 'found no sample of data that its schema takes: no device of it is simulated'
      report.event(yellow('i'), `device type "${type.name}": ${problem}`)
    }
  }
  return found
}

/** A hub that reports what it handles; every broker that a type names is the embedded one. */
function devHub(fleet: Fleet, report: Report, logger: Logger, connect: () => Broker): Hub {
  const names = new Set(fleet.types.map((type) => type.broker))
  const hub = createHub(fleet, {
    brokers: Object.fromEntries([...names].map((name) => [name, connect()])),
    logger: { ...logger, warn: (line) => report.event(yellow('i'), line) },
  })
  for (const type of fleet.types) {
    hub.onData(type, ({ device, data }) => report.measured(device.id, data))
    hub.onStatus(type, ({ device }) => report.measured(device.id, undefined))
  }
  hub.onRejected(({ text: reason, code }) => {
    report.rejected++
    report.event(yellow('✗'), `rejected (${code}): ${reason}`)
  })
  return hub
}

/** Settles when the signal aborts, or the time is over. */
function untilEnd(stop: AbortSignal, seconds: number | undefined): Promise<void> {
  if (seconds === undefined) return whenAborted(stop)
  const time = new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
  return Promise.race([whenAborted(stop), time])
}
