/**
 * The routes that change a device on record.
 *
 * @module
 */
import { report, rotatedDevice } from './answers.ts'
import { checkOwn } from './operator.ts'
import { asSettings, defined, deviceSettings, retirement, rotation } from './requests.ts'
import { type AdminRoute, deviceRoute } from './route.ts'

const DEVICE = '/devices/:type/:id'

/** Its settings, its passwords, and whether it may do anything at all. */
export const changing: readonly AdminRoute[] = [
  deviceRoute(
    {
      method: 'patch',
      path: DEVICE,
      action: 'update',
      summary: 'Change the rules, the attributes or the client ids of a device',
      body: deviceSettings,
      answer: report,
    },
    async ({ fleet, operator, type, id, body }) => {
      if (body.attributes !== undefined) checkOwn(operator, type, body.attributes)
      return fleet.update(type, id, asSettings(body))
    },
  ),

  deviceRoute(
    {
      method: 'delete',
      path: DEVICE,
      action: 'delete',
      summary: 'Take a device off record',
      answer: report,
    },
    async ({ fleet, type, id }) => fleet.remove(type, id),
  ),

  deviceRoute(
    {
      method: 'post',
      path: `${DEVICE}/rotate`,
      action: 'rotate',
      summary: 'Give a device a new password',
      body: rotation,
      answer: rotatedDevice,
    },
    async ({ fleet, type, id, body }) => fleet.rotate(type, id, defined(body)),
  ),

  deviceRoute(
    {
      method: 'post',
      path: `${DEVICE}/retire`,
      action: 'retire',
      summary: 'End one password of a device',
      body: retirement,
      answer: report,
    },
    async ({ fleet, type, id, body }) => fleet.retire(type, id, body.credentialId),
  ),

  deviceRoute(
    {
      method: 'post',
      path: `${DEVICE}/revoke`,
      action: 'revoke',
      summary: 'Revoke a device, and end its sessions',
      answer: report,
    },
    async ({ fleet, type, id }) => fleet.revoke(type, id),
  ),

  deviceRoute(
    {
      method: 'post',
      path: `${DEVICE}/restore`,
      action: 'restore',
      summary: 'Take a revocation back',
      answer: report,
    },
    async ({ fleet, type, id }) => fleet.restore(type, id),
  ),
]
