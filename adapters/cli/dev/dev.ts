/**
 * `devicehub dev`: the main job on one machine. An embedded broker guarded by the fleet, the HTTP
 * routes other brokers would ask, a hub, and a simulated fleet that talks to it over real TCP.
 *
 * @module
 */
import { toError } from '../../../src/base/errors.ts'
import { loadTogether } from '../../../src/base/load-package.ts'
import type { Logger } from '../../../src/base/log.ts'
import { printable } from '../../../src/base/quote.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import type { DeviceRef } from '../../../src/device/reference.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import { createFleet } from '../../../src/fleet/create.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { createHub } from '../../../src/hub/create.ts'
import type { Hub, HubOptions } from '../../../src/hub/hub.ts'
import { storedPresence } from '../../../src/presence/stored.ts'
import { presenceTracker } from '../../../src/presence/tracker.ts'
import { embeddedBroker } from '../../embedded/index.ts'
import { checkRuntime } from '../../embedded/runtime.ts'
import { mqtt } from '../../mqtt/index.ts'
import { loadMqtt } from '../../mqtt/package.ts'
import { print } from '../output.ts'
import { loadSettings } from '../settings/load.ts'
import { stopSignal, whenAborted } from '../signals.ts'
import { demo } from './demo.ts'
import { type OwnDevice, printOwn, provisionOwn } from './own-devices.ts'
import { reportPresence, tellBoth } from './presence.ts'
import { bold, dim, green, Report, red, yellow } from './report.ts'
import { loadRoutes, serveRoutes } from './routes.ts'
import { sampledSimulation } from './sampled.ts'
import { showcase } from './showcase.ts'
import { switchOnFleet } from './simulated-fleet.ts'
import type { Simulation } from './simulation.ts'
import { openDevStore } from './store.ts'

/** The options of the verb. */
export interface DevOptions {
  readonly config?: string
  /** Default: until it is told to stop. */
  readonly seconds?: number
  /** Default: 24. */
  readonly devices?: number
  /** Devices of the user's own. Default: one. */
  readonly device?: readonly DeviceRef[]
  /** The path of a SQLite file. Default: the configuration's store, or none but in memory. */
  readonly store?: string
}

const LIVE_LINE_MS = 3_000

/**
 * Runs the verb. Settles when the time is over, or it was told to stop, and all is closed.
 *
 * The fleet is one of its own. Of the configuration it has the device types, the prefix and the store
 * that is given beside them; neither the team's own fleet nor the brokers are used.
 */
export async function dev(options: DevOptions): Promise<void> {
  const { config, seconds, devices = 24, device } = options
  const stop = stopSignal()
  // No package is of use where the broker does not run.
  checkRuntime()
  // Most are loaded one after the other later on: what is missing is told of at once.
  const loading = [loadSettings(config), loadMqtt(), loadRoutes()] as const
  const [settings] = await loadTogether(loading)
  const report = new Report()
  // What the library would log is told by the report's own lines, but for errors.
  const logger: Logger = { info() {}, warn() {}, error: (line) => report.event(red('!'), line) }
  const simulations = settings ? await findSimulations(settings.fleet.types, report) : demo

  const kept = await openDevStore(options.store, settings)
  const hubPassword = crypto.randomUUID()
  // Without a pepper, under which a later run would know no password of this one. They are random.
  const fleet = createFleet({
    types: settings?.fleet.types ?? demo.map(({ type }) => type),
    store: kept.store,
    services: [{ username: 'hub', password: hubPassword, rules: 'hub' }],
    ...(settings && { prefix: settings.fleet.prefix }),
  })
  const own = await provisionOwn(fleet, simulations, device)
  const presence = presenceTracker({ types: fleet.types, logger })
  const stored = fleet.store.states && storedPresence(fleet, { logger })
  const sink = stored ? tellBoth(presence, stored) : presence
  const broker = await embeddedBroker(fleet, {
    port: 0,
    presence: sink,
    logger,
    onDenied({ text }) {
      report.denied++
      report.event(red('⛔'), `denied: ${text}`)
    },
  })
  const connect = () => mqtt({ url: broker.url, username: 'hub', password: hubPassword })
  const parts = { fleet, own, presence: sink, report, logger }
  // As two processes would: each message is for one of them.
  const hub = devHub(parts, connect)
  const second = devHub(parts, connect)
  const secret = crypto.randomUUID()
  const routes = await serveRoutes(fleet, {
    ...{ secret, logger, hub: { first: hub, second }, kicks: { embedded: broker.kick } },
    onVisit: (url) => report.event(green('⇄'), `the page is open; from another browser: ${url}`),
  })

  await print(`${bold('devicehub')} ${dim('— press Ctrl-C to end')}`)
  await print(`  broker   ${broker.url}`)
  await print(`  page     ${routes.pageUrl}`)
  await print(`  routes   ${routes.url}/auth and ${routes.url}/acl`)
  await print(`  store    ${kept.description}`)
  await Promise.all([hub.start(), second.start()])
  await print('  hubs     2, which share the work')
  const onFailure = (error: unknown) => logger.error(toError(error).message)
  const network = { url: broker.url, onFailure }
  const simulated = await switchOnFleet(fleet, network, simulations, devices)
  await print(`  fleet    ${simulated.length} simulated devices, each with its own login`)
  const lifetime = kept.isLasting ? 'on record' : 'until this ends'
  await printOwn(own, simulations, { fleet, url: broker.url, lifetime })
  await print('')

  const stopReporting = reportPresence(presence, report)
  const live = setInterval(() => {
    presence.sweep()
    stored?.sweep().catch(() => {}) // A store that fails is told of by what is written to it.
    report.live(presence.list({ connected: true }).length)
  }, LIVE_LINE_MS)
  const ended = untilEnd(stop, seconds)
  const where = { url: routes.url, secret }
  await showcase({ fleet, hub, presence, routes: where, simulated, report })
  await ended
  clearInterval(live)
  stopReporting()
  await Promise.all(simulated.map(({ device }) => device.switchOff()))
  await Promise.all([hub.close(), second.close()])
  await routes.close()
  await broker.close()
  await stored?.close()
  kept.close()
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

/** What {@link devHub} is made of. */
interface DevHubParts {
  readonly fleet: Fleet
  readonly own: readonly OwnDevice[]
  readonly presence: NonNullable<HubOptions['presence']>
  readonly report: Report
  readonly logger: Logger
}

/** A hub that reports what it handles; every broker that a type names is the embedded one. */
function devHub({ fleet, own, presence, report, logger }: DevHubParts, connect: () => Broker): Hub {
  const names = new Set(fleet.types.map((type) => type.broker))
  const hub = createHub(fleet, {
    brokers: Object.fromEntries([...names].map((name) => [name, connect()])),
    presence,
    logger: { ...logger, warn: (line) => report.event(yellow('i'), line) },
  })
  const owned = new Set(own.map(({ type, id }) => `${type.name}/${id}`))
  const tell = ({ type, id }: DeviceRef, channel: string, payload: unknown) => {
    if (!owned.has(`${type}/${id}`)) return
    const said = `${type}/${id} ${channel} ${JSON.stringify(payload)}`
    report.event(green('←'), printable(said))
  }
  for (const type of fleet.types) {
    hub.onData(type, ({ device, data }) => {
      report.measured(device.id, data)
      tell(device, 'data', data)
    })
    hub.onStatus(type, ({ device, status }) => {
      report.measured(device.id, undefined)
      tell(device, 'status', status)
    })
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
