/**
 * The page of a fleet: its files, the operator's routes that it asks, and what happens.
 *
 * @module
 */
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { ConfigError } from '../../src/base/errors.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { type DeviceAdminOptions, deviceAdmin } from '../admin/admin.ts'
import { applicationCheck, guardOf } from '../admin/guard.ts'
import type { Operator } from '../admin/operator.ts'
import { pageFiles } from './files.ts'
import { liveRoute } from './live.ts'
import { LiveSource, type PageHub } from './source.ts'
import { PATHS } from './wire.ts'

/** What {@link fleetPage} takes beside the fleet. */
export interface FleetPageOptions
  extends Pick<DeviceAdminOptions, 'kicks' | 'audit' | 'toJsonSchema' | 'logger'> {
  /**
   * The application's own check, such as of its session: who asks, or `undefined` for nobody. Each part of
   * the page asks it, and of a page that stays open it is asked again within 30 seconds. What comes from
   * pages of other origins is refused before it is asked, but for the page itself, which holds nothing.
   */
  readonly authorize: (
    request: Request,
    context: Context,
  ) => Operator | undefined | Promise<Operator | undefined>
  /**
   * The hub of this process: what comes through it is shown at once, and commands are sent through it.
   * Several are given by what they are to be called, and share the devices. Default: there are no commands,
   * messages and brokers to be seen, and states as the store has them.
   */
  readonly hub?: PageHub | Readonly<Record<string, PageHub>>
}

const OPTIONS: Readonly<Record<keyof FleetPageOptions, true>> = {
  authorize: true,
  hub: true,
  kicks: true,
  audit: true,
  toJsonSchema: true,
  logger: true,
}
const HUB = { device: true, onData: true, onStatus: true, onRejected: true, status: true } as const

/**
 * Makes the page, to be mounted at any path: `app.route('/fleet', fleetPage(fleet, { hub, authorize }))`.
 *
 * | Address | Is |
 * | --- | --- |
 * | `/` | the page, which holds nothing; a page with 401 for whoever is not let in |
 * | `/assets/…` | its scripts and styles, the same for everybody |
 * | `/api/…` | the operator's routes of `deviceAdmin`: whatever the page does is one of them |
 * | `/live` | what happens, as server-sent events |
 *
 * Nothing is listened to while no page is open. It loads nothing from elsewhere, and its content security
 * policy allows nothing else.
 *
 * @throws {ConfigError} If there is no `authorize`, a hub is of another fleet, or an option is unknown or not
 * valid.
 *
 * @example
 * ```ts
 * import { createFleet, createHub, defineDeviceType, memoryBroker, memoryStore } from 'devicehub'
 * import { fleetPage } from 'devicehub/page'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const hub = createHub(fleet, { brokers: { default: memoryBroker() } })
 * // Your own check, such as of a session.
 * const authorize = (request: Request) =>
 *   request.headers.get('cookie') === 'staff=dana' ? { name: 'dana' } : undefined
 * const app = new Hono().route('/fleet', fleetPage(fleet, { hub, authorize }))
 * ```
 */
export function fleetPage(fleet: Fleet, options: FleetPageOptions): Hono {
  checkOptions(options, OPTIONS)
  const { authorize, hub, kicks, audit, toJsonSchema, logger = console } = options
  const guard = guardOf({ authorize })
  const hubs = hubsOf(fleet, hub)
  const [first] = Object.values(hubs)
  const log = quietLog(logger)
  const source = new LiveSource(fleet, hubs)
  const admin = deviceAdmin(fleet, {
    authorize,
    logger,
    ...(first && { hub: first }),
    ...(kicks && { kicks }),
    ...(audit && { audit }),
    ...(toJsonSchema && { toJsonSchema }),
  })

  const app = new Hono()
  app.use(`/${PATHS.api}/*`, async (context, next) => {
    await next()
    context.header('x-content-type-options', 'nosniff')
    context.header('referrer-policy', 'same-origin')
  })
  app.route(`/${PATHS.api}`, admin)
  app.get(`/${PATHS.live}`, liveRoute({ fleet, source, guard, log }))
  return app.route('/', pageFiles(applicationCheck(authorize), log))
}

/** The hubs by what they are called. */
function hubsOf(fleet: Fleet, hub: FleetPageOptions['hub']): Readonly<Record<string, PageHub>> {
  if (hub === undefined) return {}
  if (typeof hub !== 'object' || hub === null) throw new ConfigError('hub', 'must be a hub')
  // One that lacks a method is told by its name, and not taken for several.
  const isOne = Object.keys(HUB).some((name) => name in hub)
  const hubs = (isOne ? { hub } : hub) as Readonly<Record<string, PageHub>>
  for (const [name, one] of Object.entries(hubs)) {
    checkMethods(isOne ? 'hub' : `hub.${name}`, one, HUB)
    // Throws for a type of another fleet, whose messages would never come.
    for (const type of fleet.types) one.onData(type, () => {})()
  }
  return hubs
}
