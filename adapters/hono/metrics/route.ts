/**
 * The route that monitoring reads, for Hono.
 *
 * @module
 */
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { equalConstantTime } from '../../../src/base/constant-time.ts'
import { ConfigError } from '../../../src/base/errors.ts'
import { checkMethods, checkOptions } from '../../../src/base/options.ts'
import type { Hub } from '../../../src/hub/hub.ts'
import type { PresenceTracker } from '../../../src/presence/presence.ts'
import type { ServerCounters } from '../../../src/server/events.ts'
import type { OutcomeCounters } from '../counters.ts'
import type { FleetMetrics } from './fleet-metrics.ts'
import { OPENMETRICS_TYPE, writeOpenMetrics } from './openmetrics.ts'
import { embeddedFamilies, hubFamilies, presenceFamilies, requestFamilies } from './sources.ts'

/** Who may read the metrics: one of the two. */
export type MetricsAccess =
  | {
      /**
       * What is sent as `Authorization: Bearer <secret>`, at least 32 characters of printable ASCII without
       * spaces.
       */
      readonly secret: string
    }
  | {
      /** The application's own check. `() => true` answers everybody. */
      readonly authorize: (request: Request, context: Context) => boolean | Promise<boolean>
    }

/** What {@link metricsRoute} takes beside what was counted. */
export type MetricsRouteOptions = MetricsAccess & {
  /** Whose readiness, connections and queues are told. Default: no hub's. */
  readonly hub?: Pick<Hub, 'status'>
  /** What `brokerAuth` and `brokerEvents` count. Default: none of it is told. */
  readonly counters?: Pick<OutcomeCounters, 'list'>
  /** Whose devices are told, how many of each type are connected. All are looked at. Default: nobody's. */
  readonly presence?: Pick<PresenceTracker, 'list'>
  /** An embedded broker, whose counters are told. Default: none. */
  readonly embedded?: { readonly counters: ServerCounters }
}

const OPTIONS: Readonly<Record<string, true>> = {
  secret: true,
  authorize: true,
  hub: true,
  counters: true,
  presence: true,
  embedded: true,
}

const MIN_SECRET_LENGTH = 32
const SECRET = /^[\x21-\x7e]+$/

/**
 * Makes the route: `GET` where it is mounted answers OpenMetrics 1.0 text, which Prometheus and others
 * read. Labels are declared names and codes; no device, user or topic is in it.
 *
 * Without the secret, or if `authorize` does not return `true`, the answer is 401 and says nothing; where
 * `authorize` fails, too.
 *
 * @param metrics What `createFleet` was given the observer of.
 * @throws {ConfigError} If there is neither a secret nor `authorize`, or both, or an option is unknown or
 * not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { fleetMetrics, metricsRoute } from 'devicehub/hono'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const metrics = fleetMetrics()
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore(), observer: metrics.observer })
 * const secret = 'take this from the environment, 32 characters or more'.replaceAll(' ', '-')
 * const app = new Hono().route('/metrics', metricsRoute(metrics, { secret }))
 * ```
 */
export function metricsRoute(metrics: FleetMetrics, options: MetricsRouteOptions): Hono {
  checkMethods('metrics', metrics, { observer: true, families: true })
  checkOptions(options, OPTIONS)
  const { hub, counters, presence, embedded } = options
  if (hub !== undefined) checkMethods('hub', hub, { status: true })
  if (counters !== undefined) checkMethods('counters', counters, { list: true })
  if (presence !== undefined) checkMethods('presence', presence, { list: true })
  const mayRead = accessOf(options)

  return new Hono().get('/', async (context) => {
    if (!(await mayRead(context))) {
      return context.body(null, 401, { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' })
    }
    const text = writeOpenMetrics([
      ...metrics.families(),
      ...(counters ? requestFamilies(counters) : []),
      ...(hub ? hubFamilies(hub) : []),
      ...(presence ? presenceFamilies(presence) : []),
      ...(embedded ? embeddedFamilies(embedded) : []),
    ])
    return context.body(text, 200, {
      'content-type': OPENMETRICS_TYPE,
      'cache-control': 'no-store',
    })
  })
}

function accessOf(access: MetricsAccess): (context: Context) => Promise<boolean> {
  const { authorize, secret } = access as { authorize?: unknown; secret?: unknown }
  if (authorize !== undefined && secret !== undefined) {
    throw new ConfigError('secret', 'cannot be given beside authorize: choose one of them')
  }
  if (secret !== undefined) return bySecret(secret)
  if (typeof authorize !== 'function') {
    throw new ConfigError('authorize', 'must be a function, or a secret be given in its place')
  }
  return async (context) => {
    try {
      return (await authorize(context.req.raw, context)) === true
    } catch {
      return false
    }
  }
}

function bySecret(secret: unknown): (context: Context) => Promise<boolean> {
  if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH || !SECRET.test(secret)) {
    const form = `at least ${MIN_SECRET_LENGTH} characters of printable ASCII without spaces`
    throw new ConfigError('secret', `must have ${form}`)
  }
  return async ({ req }) => {
    const sent = /^Bearer +(.+)$/i.exec(req.header('authorization') ?? '')?.[1] ?? ''
    return equalConstantTime(sent, secret)
  }
}
