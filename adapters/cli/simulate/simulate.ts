/**
 * `devicehub simulate TYPE`: devices of a type that connect to the configured broker and send data.
 *
 * @module
 */
import { toError } from '../../../src/base/errors.ts'
import { printable } from '../../../src/base/quote.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import {
  type CommandHandlers,
  type VirtualDevice,
  virtualDevice,
} from '../../../src/testing/device.ts'
import { brokerAs, brokerFailure, mqttConfig, reachedAt, unknownBroker } from '../broker.ts'
import { sampledSimulation } from '../dev/sampled.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { jsonLine } from '../json-line.ts'
import { print, printError } from '../output.ts'
import { requireSettings, type Settings } from '../settings/load.ts'
import { connectWhenTold } from '../shared-fleet.ts'
import { stopSignal } from '../signals.ts'
import { drift } from './drift.ts'
import { inTurn, type Logins, provisionLogins, readLogins } from './logins.ts'
import { atRate, type Tally } from './pace.ts'

/** The options of the verb. */
export interface SimulateOptions {
  readonly config?: string
  /** Default: all that are in the file of logins, or else 10. */
  readonly devices?: number
  /** Messages in a second, of all devices together. Default: one for each device. */
  readonly rate?: number
  /** Seconds. Default: until it is told to stop. */
  readonly duration?: number
  readonly realistic?: boolean
  /** A file of JSON lines with logins. Default: devices are put on record for the time. */
  readonly logins?: string
  /** Where devices reach the broker. Default: where the hub does. */
  readonly deviceUrl?: string
  readonly json?: boolean
}

const DEFAULT_DEVICES = 10
const CONNECT_AT_ONCE = 20
const PROGRESS_MS = 5_000

/**
 * Runs the verb. Settles when the time is over, or it was told to stop, all devices are disconnected, and
 * those that were put on record are removed.
 *
 * @throws {CommandFailure} If something is not given as it has to be, or the broker cannot be used.
 */
export async function simulate(name: string, options: SimulateOptions): Promise<void> {
  const stop = stopSignal()
  const settings = await requireSettings(options.config)
  const { fleet } = settings
  const type = findType(fleet, name)
  const network = reachedAt(findNetwork(settings, type), options.deviceUrl)
  const simulation = await sampledSimulation(type)
  if (!simulation) {
    const problem = `found no sample of data that the schema of "${name}" takes`
    throw new CommandFailure(exitCode.failed, problem)
  }
  const logins = await openLogins(settings, type, options, stop)
  const devices: VirtualDevice[] = []
  const tally: Tally = { done: 0, failed: 0, skipped: 0, times: [] }
  let begun: number | undefined
  let ended = 0
  try {
    const base = simulation.behave().measure()
    const measures = await Promise.all(
      logins.devices.map(async () => {
        if (!options.realistic) return { next: async () => base }
        return drift(type.data, base, Math.random)
      }),
    )
    for (const login of logins.devices) {
      const { obey } = simulation.behave()
      const names = Object.keys(type.commands)
      const answer = (one: string) => (payload: unknown) => obey(one, payload)
      const commands = Object.fromEntries(names.map((one) => [one, answer(one)]))
      devices.push(
        virtualDevice(type, {
          login,
          connection: ({ username, password }) => brokerAs(network, { username, password }),
          commands: commands as CommandHandlers<DeviceType>,
        }),
      )
    }
    await connectAll(type, devices, options.logins === undefined, stop)
    begun = performance.now()
    await run({ ...options, count: devices.length }, stop, tally, async (n) => {
      const i = n % devices.length
      await devices[i]!.send('data', await measures[i]!.next())
    })
    ended = performance.now()
  } finally {
    await Promise.allSettled(devices.map((device) => device.close()))
    await logins.end()
  }
  const seconds = (ended - begun) / 1_000
  await tell(
    { tally, seconds, devices: devices.length, asked: rateOf(options, devices.length) },
    options,
  )
  if (tally.done === 0 && tally.error !== undefined) {
    throw brokerFailure(type.broker, toError(tally.error))
  }
}

function findType(fleet: Fleet, name: string): DeviceType {
  const type = fleet.types.find((one) => one.name === name)
  if (type) return type
  const names = fleet.types.map((one) => one.name).join(', ') || 'none'
  throw new CommandFailure(exitCode.misused, `there is no device type "${name}": there is ${names}`)
}

function findNetwork(settings: Settings, { name, broker }: DeviceType) {
  if (!Object.hasOwn(settings.brokers, broker)) {
    throw unknownBroker(settings, broker, `, which the device type "${name}" uses`)
  }
  const config = mqttConfig(settings, broker)
  if (config) return config
  const problem = `the broker "${broker}" is not one of the engine mqtt: no device can connect to it`
  throw new CommandFailure(exitCode.misused, problem)
}

function openLogins(
  settings: Settings,
  type: DeviceType,
  { logins, devices }: SimulateOptions,
  stop: AbortSignal,
): Promise<Logins> {
  return logins === undefined
    ? provisionLogins(settings, type, devices ?? DEFAULT_DEVICES, stop)
    : readLogins(logins, settings.fleet, type, devices)
}

async function connectAll(
  { broker }: DeviceType,
  devices: readonly VirtualDevice[],
  isNew: boolean,
  stop: AbortSignal,
): Promise<void> {
  const failed = new AbortController()
  const work = async (device: VirtualDevice) => {
    if (stop.aborted || failed.signal.aborted) return
    const connect = () => device.connect()
    await (isNew ? connectWhenTold(connect, stop) : connect()).catch((error) => {
      failed.abort()
      throw brokerFailure(broker, error)
    })
  }
  await inTurn(devices, work, CONNECT_AT_ONCE)
}

function rateOf({ rate }: SimulateOptions, devices: number): number {
  return rate ?? devices
}

/** Sends until the time is over, and tells how far it is. */
async function run(
  { duration, count, ...options }: SimulateOptions & { readonly count: number },
  stop: AbortSignal,
  tally: Tally,
  send: (n: number) => Promise<void>,
): Promise<void> {
  const limit = new AbortController()
  const end = () => limit.abort()
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  const timer = duration === undefined ? undefined : setTimeout(end, duration * 1_000)
  const progress = setInterval(() => {
    void printError(`${tally.done} sent, ${tally.failed} failed`)
  }, PROGRESS_MS)
  try {
    await atRate(rateOf(options, count), limit.signal, tally, send)
  } finally {
    clearTimeout(timer)
    clearInterval(progress)
    stop.removeEventListener('abort', end)
  }
}

interface Outcome {
  readonly tally: Tally
  readonly seconds: number
  readonly devices: number
  readonly asked: number
}

async function tell(
  { tally, seconds, devices, asked }: Outcome,
  { json }: SimulateOptions,
): Promise<void> {
  const { done, failed, skipped, error } = tally
  const rate = Math.round((done / Math.max(seconds, 0.001)) * 10) / 10
  const sorted = tally.times.filter((time) => time !== undefined).sort((a, b) => a - b)
  const p95 = Math.round((sorted[Math.floor(sorted.length * 0.95)] ?? 0) * 10) / 10
  const rounded = Math.round(seconds * 10) / 10
  if (json) {
    const counts = { devices, sent: done, failed, skipped }
    await print(jsonLine({ ...counts, seconds: rounded, rate, askedRate: asked, p95 }))
    return
  }
  const slower = skipped === 0 ? '' : `, ${skipped} left out since the broker was slower`
  await print(
    `${done} messages of ${devices} devices in ${rounded} s: ${rate} a second of ${asked}, ${failed} failed${slower}; the broker took 95 % of them within ${p95} ms`,
  )
  if (failed > 0) await printError(printable(`the first failure: ${firstLine(error)}`))
}
