/**
 * Devices of the user's own at `devicehub dev`: their logins, and how to try one.
 *
 * @module
 */
import { DeviceHubError } from '../../../src/base/errors.ts'
import type { DeviceRef } from '../../../src/device/reference.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { print } from '../output.ts'
import { bold } from './report.ts'
import { isSimulated } from './simulated-fleet.ts'
import type { Simulation } from './simulation.ts'

/** The id of the one that is made where none is asked for. */
const DEFAULT_ID = 'MY-DEVICE'

/** A device of the user's own. */
export interface OwnDevice {
  readonly type: DeviceType
  readonly id: string
  readonly username: string
  /** Left out where it was shown before: only its hash is kept. */
  readonly password?: string
  readonly revoked: boolean
}

/**
 * Provisions the devices asked for; by default one of the first type that samples were found for. One
 * that is the user's already keeps its login.
 *
 * @throws {CommandFailure} If a type is not of the fleet, an id is none, or one is asked for twice.
 */
export async function provisionOwn(
  fleet: Fleet,
  simulations: readonly Simulation[],
  asked: readonly DeviceRef[] | undefined,
): Promise<readonly OwnDevice[]> {
  const first = simulations[0]?.type ?? fleet.types[0]
  const wanted = asked ?? (first ? [{ type: first.name, id: DEFAULT_ID }] : [])
  const own: OwnDevice[] = []
  for (const { type: name, id } of wanted) {
    const misused = (problem: string, cause?: unknown) =>
      new CommandFailure(exitCode.misused, `--device ${name}/${id}: ${problem}`, { cause })
    const type = fleet.types.find((one) => one.name === name)
    if (!type) {
      const names = fleet.types.map((one) => one.name).join(', ') || 'none'
      throw misused(`there is no device type "${name}": there is ${names}`)
    }
    if (own.some((one) => one.type === type && one.id === id)) throw misused('is given twice')
    try {
      own.push(await ownDevice(fleet, type, id))
    } catch (error) {
      throw error instanceof DeviceHubError ? misused(error.message, error) : error
    }
  }
  return own
}

async function ownDevice(fleet: Fleet, type: DeviceType, id: string): Promise<OwnDevice> {
  const record = await fleet.store.get(type.name, id)
  if (record && !isSimulated(record)) {
    return { type, id, username: record.username, revoked: record.revoked }
  }
  // One that was simulated by an earlier run is the user's from now on.
  if (record) await fleet.update(type, id, { attributes: {} })
  const login = await (record ? fleet.rotate(type, id) : fleet.provision(type, id))
  return { type, id, username: login.username, password: login.password, revoked: false }
}

/** Where they are, and for how long. */
export interface OwnPlace {
  readonly fleet: Fleet
  /** The broker's. */
  readonly url: string
  /** Until when the logins are good, in words. */
  readonly lifetime: string
}

/**
 * Prints the logins. The one place where a password is shown, to whoever is to log in with it: it is
 * good at a broker that this machine alone reaches.
 */
export async function printOwn(
  own: readonly OwnDevice[],
  simulations: readonly Simulation[],
  { fleet, url, lifetime }: OwnPlace,
): Promise<void> {
  for (const { type, id, username, password, revoked } of own) {
    const simulation = simulations.find((one) => one.type === type)
    const { hostname, port } = new URL(url)
    const topics = fleet.topics(type)
    const data = simulation ? JSON.stringify(simulation.behave().measure()) : 'DATA'
    const at = ['-h', hostname, '-p', port, '-i', username, '-u', username, '-P']
    const message = ['-t', topics.name(id, 'data'), '-m', data]
    await print(`\n  ${bold('a device of your own')}, ${lifetime}`)
    await print(`    broker     ${url}`)
    await print(`    user name  ${username}`)
    await print(`    password   ${password ?? describeKept(revoked)}`)
    await print(`    client id  ${username}`)
    if (Object.keys(type.commands).length > 0) {
      await print(`    commands   ${topics.name(id, 'cmd')}`)
    }
    if (revoked) continue
    const secret = password ?? '"$PASSWORD"'
    const words = ['mosquitto_pub', ...at.map(shellWord), secret, ...message.map(shellWord)]
    await print(`    try        ${words.join(' ')}`)
  }
}

function describeKept(revoked: boolean): string {
  if (revoked) return 'none is good: it is revoked'
  return 'as it was shown before; the line below takes it from $PASSWORD'
}

/** An argument as a POSIX shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
