/**
 * Which brokers `listen` connects to.
 *
 * @module
 */
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { unknownBroker } from '../broker.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import type { Settings } from '../settings/load.ts'

/**
 * The brokers asked for, without repetition; by default every one that a device type uses.
 *
 * @throws {CommandFailure} If one is not configured, or no device type uses it.
 */
export function chooseBrokers(
  settings: Settings,
  asked: readonly string[] | undefined,
): readonly string[] {
  const { fleet, brokers } = settings
  const used = new Set(fleet.types.map((type) => type.broker))
  const misused = (problem: string) => new CommandFailure(exitCode.misused, problem)
  for (const name of asked ?? used) {
    if (Object.hasOwn(brokers, name)) continue
    const type = asked ? undefined : fleet.types.find((type) => type.broker === name)
    const user = type ? `, which the device type "${type.name}" uses` : ''
    throw unknownBroker(settings, name, user)
  }
  const idle = asked?.find((name) => !used.has(name))
  if (idle !== undefined) throw misused(`no device type uses the broker "${idle}"`)
  if (used.size === 0) throw misused('there is no device type to listen to')
  return [...new Set(asked ?? used)]
}

/** The fleet as far as it uses these brokers. */
export function withTypesOf(fleet: Fleet, brokers: readonly string[]): Fleet {
  return { ...fleet, types: fleet.types.filter((type) => brokers.includes(type.broker)) }
}
