/**
 * The routes that put devices on record.
 *
 * @module
 */

import type { Problem } from '../../src/base/problem.ts'
import type { NewDevice } from '../../src/fleet/fleet.ts'
import { outcomes, recordedDevice } from './answers.ts'
import { checkOwn } from './operator.ts'
import { problemOf } from './problem.ts'
import { asSettings, newDevice, newDevices } from './requests.ts'
import { type AdminRoute, type TypeCall, typeRoute } from './route.ts'

const UNSURE: Problem = {
  status: 503,
  code: 'failed',
  detail: 'It failed here, and may be on record or not',
}

/** One, and many at once. */
export const provisioning: readonly AdminRoute[] = [
  typeRoute(
    {
      method: 'post',
      path: '/devices/:type',
      action: 'provision',
      summary: 'Put a device on record, and answer its login',
      body: newDevice,
      answer: recordedDevice,
    },
    (device) => [device],
    async ({ fleet, operator, type, body }) => {
      const { id, passwordHash, ...settings } = body
      checkOwn(operator, type, settings.attributes)
      return passwordHash === undefined
        ? fleet.provision(type, id, asSettings(settings))
        : fleet.importDevice(type, id, passwordHash, asSettings(settings))
    },
  ),

  typeRoute(
    {
      method: 'post',
      path: '/devices/:type/many',
      action: 'provision',
      summary: 'Put up to 1,000 devices on record, and answer what became of each',
      body: newDevices,
      answer: outcomes,
    },
    ({ devices }) => devices,
    async (call) => ({ outcomes: await provisionMany(call) }),
  ),
]

/** Those that an operator may not put on record are refused as any other. */
async function provisionMany({
  fleet,
  operator,
  type,
  deed,
  body: { devices },
}: TypeCall<{ readonly devices: readonly unknown[] }>): Promise<readonly unknown[]> {
  const refused = new Map<number, unknown>()
  const taken: NewDevice[] = []
  for (const [i, device] of devices.entries()) {
    try {
      const { attributes } = (device ?? {}) as { attributes?: unknown }
      checkOwn(operator, type, attributes)
      taken.push(device as NewDevice)
    } catch (error) {
      refused.set(i, error)
    }
  }
  const made = [...(await fleet.provisionMany(type, taken))]
  return devices.map((device, i) => {
    const id = idOf(device)
    const error = refused.get(i)
    const outcome = error ? { id, error: error as Error } : made.shift()!
    if (!outcome.error) return outcome
    const problem = problemOf(outcome.error) ?? UNSURE
    deed.settle(i, problem.code)
    return { id, error: { code: problem.code, detail: problem.detail, ...problem.more } }
  })
}

function idOf(device: unknown): string {
  const { id } = (device ?? {}) as { id?: unknown }
  return typeof id === 'string' ? id : ''
}
