/**
 * All checks, in an order in which each knows what it needs of those before it.
 *
 * @module
 */
import { quote } from '../../../src/base/quote.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import { isAsking } from '../../../src/product/product.ts'
import { mqttConfig, reachedAt } from '../broker.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { loadProducts } from '../products.ts'
import { openFleet, type Settings } from '../settings/load.ts'
import { checkCertificates, checkRoutesCertificate } from './checks/certificates.ts'
import { checkClientIds } from './checks/client-ids.ts'
import { checkClock, clockReader } from './checks/clock.ts'
import { checkCompatibility } from './checks/compatibility.ts'
import { checkConnection } from './checks/connection.ts'
import { checkDelivery } from './checks/delivery.ts'
import { checkGrants } from './checks/grants.ts'
import { checkHubRights } from './checks/hub-rights.ts'
import { checkRoutes } from './checks/routes.ts'
import { checkRunningHub } from './checks/running-hub.ts'
import { checkStore } from './checks/store.ts'
import { checkStrangers } from './checks/strangers.ts'
import { checkVersions } from './checks/versions.ts'
import { type TryDevice, TryDevices } from './devices.ts'
import { Connections, type Patient } from './patient.ts'
import { Report } from './report.ts'
import { readRoutes, routesOf } from './routes.ts'

/** What is to be looked at. */
export interface Subjects {
  /** The URL of the routes. */
  readonly routes?: string
  /** The URL of a hub's status. */
  readonly hub?: string
  /** The user name of a device that may be used. */
  readonly device?: string
  /** Where devices reach the broker. Default: where the hub does. */
  readonly deviceUrl?: string
}

/** An examination that is under way. */
export interface Examination {
  readonly report: Report
  /** Settles when all checks are made, or cannot be. */
  readonly done: Promise<void>
  /**
   * Ends connections and removes devices. Settles when nothing is left.
   *
   * @returns What could not be removed.
   */
  end(): Promise<readonly string[]>
}

/**
 * Begins an examination.
 *
 * @throws {CommandFailure} If what is to be looked at is not given as it has to be.
 */
export async function examine(
  settings: Settings,
  subjects: Subjects,
  signal: AbortSignal,
): Promise<Examination> {
  const report = new Report()
  const address = subjects.routes === undefined ? undefined : readRoutes(subjects.routes)
  const products = await loadProducts()
  // A store that cannot be opened is a finding, and the types are there all the same.
  const fleet = await openFleet(settings).catch(() => settings.fleet)
  const devices = new TryDevices(settings, fleet, subjects.device, signal)
  const connections = new Connections(signal)
  const onDate = clockReader(report)

  if (subjects.deviceUrl !== undefined && Object.keys(settings.brokers).length > 1) {
    const problem = '--device-url is for a configuration of one broker'
    throw new CommandFailure(exitCode.misused, problem)
  }

  const patientOf = (name: string): Patient => {
    const setting = settings.brokers[name]!
    const named = typeof setting === 'function' ? undefined : setting.product
    const product = products.find((one) => one.name === named)
    if (named !== undefined && !product) {
      const names = products.map((one) => one.name).join(', ')
      const problem = `brokers.${name}.product: there is no product ${quote(named)}: there is ${names}`
      throw new CommandFailure(exitCode.misused, problem)
    }
    const config = mqttConfig(settings, name)
    const routes =
      address && product && isAsking(product)
        ? routesOf(product, address, { signal, onDate })
        : undefined
    return {
      ...{ name, subject: `broker "${name}"`, settings, fleet, product, routes },
      types: fleet.types.filter((type) => type.broker === name),
      ...{ config, deviceConfig: config && reachedAt(config, subjects.deviceUrl) },
      ...{ devices, connections, report },
    }
  }

  const patients = Object.keys(settings.brokers).map(patientOf)
  if (address && !patients.some(({ routes }) => routes)) {
    const keys = patients.map(({ name }) => `brokers.${name}.product`).join(', ')
    const problem = `--routes: the configuration names no product that asks there: ${keys}`
    throw new CommandFailure(exitCode.misused, problem)
  }

  async function all(): Promise<void> {
    await checkVersions(report)
    const hasStore = await checkStore(report, settings)
    if (!hasStore) devices.giveUp('the store cannot be used')
    if (address) await checkRoutesCertificate(report, address.url)
    for (const patient of patients) {
      signal.throwIfAborted()
      await examineBroker(patient)
    }
    await checkClock(report)
    await checkRunningHub(report, subjects.hub, signal)
  }

  return {
    report,
    done: all(),
    async end() {
      await connections.endAll()
      return devices.remove()
    },
  }
}

async function examineBroker(patient: Patient): Promise<void> {
  const { report, subject, config, devices, types } = patient
  await checkCompatibility(patient)
  await checkCertificates(patient)
  const atRoutes = await checkRoutes(patient)
  const { isReachable, hub } = await checkConnection(patient, atRoutes)
  if (!isReachable) {
    for (const check of ['strangers', ...WITH_HUB]) report.skip(check, subject, 'it is not reached')
    return
  }
  await checkStrangers(patient)
  if (!hub) {
    for (const check of WITH_HUB) report.skip(check, subject, 'the hub is not let in')
    return
  }
  await checkHubRights(patient, hub)
  const [type] = types
  const tried = type && config ? await tryDevices(patient, type) : []
  const [device] = tried
  if (!device) {
    const why = devices.reason ?? 'no device of a type that uses it can be tried'
    for (const check of WITH_DEVICE) report.skip(check, subject, why)
    return
  }
  if (!(await checkDelivery(patient, device, hub))) {
    for (const check of ['grants', 'client-ids']) {
      report.skip(check, subject, 'a device and the hub do not reach each other')
    }
    return
  }
  await checkGrants(patient, device, hub)
  await checkClientIds(patient, tried)
}

/** Devices of a type; none where they cannot be made, which is a finding. */
async function tryDevices(
  { report, devices }: Patient,
  type: DeviceType,
): Promise<readonly TryDevice[]> {
  let tried: readonly TryDevice[] = []
  await report.check('device', 'fleet', async (found) => {
    try {
      tried = await devices.of(type)
    } catch (error) {
      devices.giveUp('no device could be made')
      const mend = 'mend the store, or what is told of changes by fleet.onChange'
      found('device-not-made', `no device can be put on record: ${firstLine(error)}`, mend)
    }
  })
  return tried
}

const WITH_DEVICE = ['delivery', 'grants', 'client-ids'] as const
const WITH_HUB = ['hub-rights', ...WITH_DEVICE] as const
