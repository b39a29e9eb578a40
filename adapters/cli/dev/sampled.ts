/**
 * Simulations of the user's own device types, which send samples of what their schemas accept.
 *
 * @module
 */
import type { DeviceType } from '../../../src/device/type.ts'
import { sample } from './sample.ts'
import type { Simulation } from './simulation.ts'

/** Makes the simulation of a type, or returns `undefined` if no data was found that it accepts. */
export async function sampledSimulation(type: DeviceType): Promise<Simulation | undefined> {
  const data = await sample(type.data)
  if (!data) return undefined
  const replies = new Map<string, unknown>()
  let shown: Simulation['command']
  for (const [name, { payload, reply }] of Object.entries(type.commands)) {
    const answer = reply && (await sample(reply))
    if (!answer) continue
    replies.set(name, answer.value)
    const question = payload ? await sample(payload) : { value: undefined }
    if (question) shown ??= { name, payload: question.value }
  }
  return {
    type,
    idPrefix: type.name.toUpperCase(),
    weight: 1,
    wrongData: new TextEncoder().encode('no JSON text'),
    command: shown,
    behave: () => ({
      seconds: 1 + Math.random(),
      measure: () => data.value,
      obey: (command) => replies.get(command),
    }),
  }
}
