/**
 * The routes that change nothing.
 *
 * @module
 */
import { device, devicePage, explanation } from './answers.ts'
import { listSeen } from './listing.ts'
import { sees, seesAll } from './operator.ts'
import { ProblemError } from './problem.ts'
import { defined, listing, question } from './requests.ts'
import { type AdminRoute, deviceRoute, fleetRoute } from './route.ts'
import { deviceView } from './views.ts'

/** Devices listed and shown, and the rules asked. */
export const looking: readonly AdminRoute[] = [
  fleetRoute(
    {
      method: 'get',
      path: '/devices',
      action: 'list',
      summary: 'List devices, a page at a time',
      query: listing,
      answer: devicePage,
    },
    async ({ fleet, query, operator }) => {
      const { records, cursor } = await listSeen(fleet, operator, defined(query))
      const devices = records.map((record) => deviceView(fleet, record))
      return { devices, ...(cursor !== undefined && { cursor }) }
    },
  ),

  deviceRoute(
    {
      method: 'get',
      path: '/devices/:type/:id',
      action: 'show',
      summary: 'Show a device, its last state and its credentials',
      answer: device,
    },
    async ({ fleet, type, id, record }) => {
      const state = fleet.store.states && (await fleet.lastState(type, id))
      return deviceView(fleet, { ...record, ...(state && { state }) })
    },
  ),

  fleetRoute(
    {
      method: 'post',
      path: '/explain',
      action: 'explain',
      summary: 'Decide what somebody may do, and say why',
      body: question,
      answer: explanation,
    },
    async ({ fleet, operator, body }) => {
      if (!seesAll(operator)) {
        const record = await fleet.store.findByUsername(body.username)
        if (!record || !sees(operator, record)) {
          throw new ProblemError(404, 'principal-unknown', 'Nobody has this user name')
        }
      }
      return fleet.explain(defined(body))
    },
  ),
]
