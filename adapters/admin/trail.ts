/**
 * The route that reads the audit trail.
 *
 * @module
 */
import type { DeviceTrail, TrailEntry } from '../../src/device/trail.ts'
import { trailPage } from './answers.ts'
import { type Operator, sees, seesAll } from './operator.ts'
import { defined, trailing } from './requests.ts'
import { type AdminRoute, fleetRoute } from './route.ts'

/** Makes it. An operator sees the deeds on devices that it would have seen then. */
export function auditing(trail: DeviceTrail): AdminRoute {
  return fleetRoute(
    {
      method: 'get',
      path: '/audit',
      action: 'audit',
      summary: 'List who did what to which device, the newest first',
      query: trailing,
      answer: trailPage,
    },
    async ({ query, operator }) => {
      const { entries, cursor } = await trail.list(defined(query))
      const seen = entries.filter((entry) => seesEntry(operator, entry))
      return { entries: seen, ...(cursor !== undefined && { cursor }) }
    },
  )
}

function seesEntry(operator: Operator, { device, attributes = {} }: TrailEntry): boolean {
  if (seesAll(operator)) return true
  return device !== undefined && sees(operator, { type: device.type, attributes })
}
