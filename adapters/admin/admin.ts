/**
 * The operator's routes: devices listed, shown, put on record, changed and taken off it, over HTTP.
 *
 * @module
 */

import { bodyLimit } from 'hono/body-limit'
import { Hono } from 'hono/tiny'
import { ConfigError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/log.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import { respondProblem } from '../../src/base/problem.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Kick } from '../../src/fleet/kick.ts'
import type { Audit } from './audit.ts'
import { changing } from './changing.ts'
import { type CommandTargets, commanding } from './commands.ts'
import { type AdminAccess, guardOf } from './guard.ts'
import { introducing } from './introducing.ts'
import { kicking } from './kick.ts'
import { looking } from './looking.ts'
import { describing, type ToJsonSchema } from './openapi.ts'
import { provisioning } from './provisioning.ts'
import { MAX_BODY_BYTES } from './requests.ts'
import { serving } from './serve.ts'
import { tokens } from './tokens.ts'
import { auditing } from './trail.ts'

/** What {@link deviceAdmin} takes beside the fleet. */
export type DeviceAdminOptions = AdminAccess & {
  /**
   * Sends the commands: a hub, or a `commandSender`, which answers no reply. Default: there is no route
   * for them.
   */
  readonly hub?: CommandTargets
  /**
   * How the sessions of a device are ended at each broker, by what it is called in reports. Default:
   * there is no route for it.
   */
  readonly kicks?: Readonly<Record<string, Kick>>
  /**
   * Is told of each deed that changes something, and of each request that was refused, before it is
   * answered, and beside the trail of the store. One that fails, or takes longer than 5 seconds, is logged,
   * and the deed stands. Default: nobody is told.
   */
  readonly audit?: Audit
  /**
   * Describes the routes at `GET /openapi.json`, and the payloads of commands at `GET /types`:
   * `toJsonSchema` of `@valibot/to-json-schema`. Default: there is no such route as the first, and of payloads
   * that are written with valibot objects, lists, texts, numbers and choices are described.
   */
  readonly toJsonSchema?: ToJsonSchema
  /** Receives lines about what failed. Default: `console`. */
  readonly logger?: Logger
}

const OPTIONS = {
  authorize: true,
  secret: true,
  hub: true,
  kicks: true,
  audit: true,
  toJsonSchema: true,
  logger: true,
} as const

/**
 * Makes the routes, to be mounted where only operators are to come, such as `/admin`:
 *
 * | Route | Does |
 * | --- | --- |
 * | `GET /devices` | lists, a page at a time, narrowed by what `fleet.list` takes |
 * | `GET /devices/:type/:id` | shows one, with its last state and its credentials without their hashes |
 * | `POST /devices/:type` | puts one on record, `{ id, … }`, and answers its login |
 * | `POST /devices/:type/many` | puts up to 1,000 on record, `{ devices: […] }` |
 * | `PATCH /devices/:type/:id` | changes `rules`, `attributes`, `clientIds` |
 * | `DELETE /devices/:type/:id` | takes it off record |
 * | `POST /devices/:type/:id/rotate`, `/retire`, `/revoke`, `/restore` | as `fleet` does |
 * | `POST /devices/:type/:id/kick` | ends its sessions at each of `kicks`, and no right |
 * | `POST /devices/:type/:id/commands/:name` | sends a command and answers its reply |
 * | `POST /tokens/revoke` | revokes all tokens of a subject, `{ subject }`, as `fleet.revokeTokens` does |
 * | `POST /explain` | decides `{ username, action, topic }`, and says why |
 * | `GET /types` | lists the device types: commands with the JSON Schema of their payload, numbers of their data with units |
 * | `GET /me` | says who asks, and what they may do |
 * | `GET /openapi.json` | describes these routes, with the option `toJsonSchema` |
 * | `GET /audit` | lists who did what, a page at a time, where the store keeps a trail |
 *
 * Problems are `application/problem+json` (RFC 9457) with a `code`; none repeats what was sent. A device
 * that an operator does not see is answered as one that is not there.
 *
 * @throws {ConfigError} If there is neither `authorize` nor `secret`, or an option is unknown or not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { deviceAdmin } from 'devicehub/admin'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const secret = 'take this from the environment, 32 characters or more'.replaceAll(' ', '-')
 * const app = new Hono().route('/admin', deviceAdmin(fleet, { secret }))
 * ```
 */
export function deviceAdmin(fleet: Fleet, options: DeviceAdminOptions): Hono {
  checkOptions(options, OPTIONS)
  const guard = guardOf(options)
  const { hub, kicks, audit, toJsonSchema, logger = console } = options
  if (toJsonSchema !== undefined && typeof toJsonSchema !== 'function') {
    throw new ConfigError('toJsonSchema', 'must be that of @valibot/to-json-schema')
  }
  if (hub !== undefined) checkMethods('hub', hub, { device: true })
  const log = quietLog(logger)
  const { trail } = fleet.store
  const serve = serving({ fleet, guard, trail, audit, log })

  const app = new Hono()
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        const detail = `The body is longer than ${MAX_BODY_BYTES} bytes`
        return respondProblem({ status: 413, code: 'body-too-long', detail })
      },
    }),
  )

  const there = { commands: hub !== undefined, kick: kicks !== undefined, audit: Boolean(trail) }
  const routes = [
    ...looking,
    ...introducing(there, toJsonSchema),
    ...(trail ? [auditing(trail)] : []),
    ...provisioning,
    ...changing,
    ...tokens,
    ...(hub ? [commanding(hub)] : []),
  ]
  if (kicks !== undefined) routes.push(kicking(kicks, log))
  if (toJsonSchema) routes.push(describing(routes, toJsonSchema, 'secret' in options))
  for (const route of routes) app[route.method](route.path, serve(route))

  // What a mounted app does not find would be answered by the one that it is mounted in.
  app.all('*', () =>
    respondProblem({ status: 404, code: 'route-unknown', detail: 'No such route' }),
  )
  return app
}
