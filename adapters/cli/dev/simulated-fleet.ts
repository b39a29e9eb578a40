/**
 * The simulated devices of a fleet.
 *
 * @module
 */
import type { DeviceRecord } from '../../../src/device/store.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { type DeviceNetwork, SimulatedDevice } from './device.ts'
import type { Simulation } from './simulation.ts'

/** The attribute by which a later run knows its devices from the user's. */
const SIMULATED = { simulated: 'yes' }

/** Whether a device on record was put there to be simulated, and is nobody's. */
export function isSimulated({ attributes }: DeviceRecord): boolean {
  return attributes.simulated === SIMULATED.simulated
}

/** A device that is switched on, and what it is one of. */
export interface Simulated {
  readonly device: SimulatedDevice
  readonly simulation: Simulation
}

/**
 * Provisions devices of all simulations in turn, and switches them on. Those of an earlier run get new
 * passwords, since nobody has the ones before. Ids that the user's own devices have are left out.
 */
export async function switchOnFleet(
  fleet: Fleet,
  network: DeviceNetwork,
  simulations: readonly Simulation[],
  size: number,
): Promise<readonly Simulated[]> {
  const round = simulations.flatMap((one) => Array.from({ length: one.weight }, () => one))
  if (round.length === 0) return []
  const simulated: Simulated[] = []
  for (let i = 1; simulated.length < size; i++) {
    const simulation = round[(i - 1) % round.length]!
    const id = `${simulation.idPrefix}-${String(i).padStart(3, '0')}`
    const record = await fleet.store.get(simulation.type.name, id)
    if (record && (record.revoked || !isSimulated(record))) continue
    const login = record
      ? await fleet.rotate(simulation.type, id)
      : await fleet.provision(simulation.type, id, { attributes: SIMULATED })
    const device = new SimulatedDevice(network, simulation.type, login, simulation.behave())
    simulated.push({ device, simulation })
  }
  await Promise.all(simulated.map(({ device }) => device.switchOn()))
  return simulated
}
