/**
 * Devices of the user's own at `devicehub dev`: their logins, and how to try one.
 *
 * @module
 */
import { DeviceHubError } from '../../../src/base/errors.ts'
import type { DeviceRef } from '../../../src/device/reference.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import type { Fleet, ProvisionedDevice } from '../../../src/fleet/fleet.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { print } from '../output.ts'
import { bold } from './report.ts'
import type { Simulation } from './simulation.ts'

/** The id of the one that is made where none is asked for. */
const DEFAULT_ID = 'MY-DEVICE'

/** A device of the user's own. */
export interface OwnDevice {
  readonly type: DeviceType
  readonly login: ProvisionedDevice
}

/**
 * Provisions the devices asked for; by default one of the first type that samples were found for.
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
    if (own.some(({ login }) => login.username === `${name}/${id}`)) throw misused('is given twice')
    try {
      own.push({ type, login: await fleet.provision(type, id) })
    } catch (error) {
      throw error instanceof DeviceHubError ? misused(error.message, error) : error
    }
  }
  return own
}

/**
 * Prints the logins. The one place where a password is shown, to whoever is to log in with it: it is
 * good at a broker that this machine alone reaches, until that ends.
 */
export async function printOwn(
  own: readonly OwnDevice[],
  simulations: readonly Simulation[],
  url: string,
): Promise<void> {
  for (const { type, login } of own) {
    const { username, password, topics } = login
    const simulation = simulations.find((one) => one.type === type)
    const { hostname, port } = new URL(url)
    const data = simulation ? JSON.stringify(simulation.behave().measure()) : 'DATA'
    const at = ['-h', hostname, '-p', port, '-i', username, '-u', username, '-P', password]
    const example = ['mosquitto_pub', ...at, '-t', topics.data, '-m', data]
    await print(`\n  ${bold('a device of your own')}, until this ends`)
    await print(`    broker     ${url}`)
    await print(`    user name  ${username}`)
    await print(`    password   ${password}`)
    await print(`    client id  ${username}`)
    if (Object.keys(type.commands).length > 0) await print(`    commands   ${topics.cmd}`)
    await print(`    try        ${example.map(shellWord).join(' ')}`)
  }
}

/** An argument as a POSIX shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
