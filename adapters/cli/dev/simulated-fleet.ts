/**
 * The simulated devices of a fleet.
 *
 * @module
 */
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { type DeviceNetwork, SimulatedDevice } from './device.ts'
import type { Simulation } from './simulation.ts'

/** A device that is switched on, and what it is one of. */
export interface Simulated {
  readonly device: SimulatedDevice
  readonly simulation: Simulation
}

/** Provisions devices of all simulations in turn, and switches them on. Ids that are taken are left out. */
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
    if (await fleet.store.get(simulation.type.name, id)) continue
    const login = await fleet.provision(simulation.type, id)
    const device = new SimulatedDevice(network, login, simulation.behave())
    simulated.push({ device, simulation })
  }
  await Promise.all(simulated.map(({ device }) => device.switchOn()))
  return simulated
}
