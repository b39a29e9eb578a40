/**
 * Routes by which something outside asks whether the process lives and is ready, for Hono.
 *
 * @module
 */
import { Hono } from 'hono/tiny'
import { monotonicNow } from '../../src/base/clock.ts'
import { withinDeadline } from '../../src/base/deadline.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Hub } from '../../src/hub/hub.ts'

/** What {@link healthRoute} asks about: one of them at least. */
export interface HealthRouteOptions {
  /** The hub of this process. Default: none is asked about. */
  readonly hub?: Pick<Hub, 'status'>
  /** A fleet whose store has to answer. Default: none is asked about. */
  readonly fleet?: Pick<Fleet, 'list'>
}

/** What keeps a process from being ready. */
type Part = 'hub' | 'brokers' | 'store'

/** How long the store may take. */
const STORE_LIMIT_MS = 2_000
/** How long its answer holds, however often somebody asks. */
const STORE_ANSWER_MS = 1_000

/**
 * Makes two routes, which anybody may ask:
 *
 * - `GET /live` answers 200 as long as the process answers at all. What asks it may restart the process.
 * - `GET /ready` answers 200 `{ ready: true, failed: [] }`, or 503 with what is amiss in `failed`: `hub` (it
 *   is not started, or closed), `brokers` (one is not connected, or a subscription is not in place),
 *   `store` (it fails, or does not answer within 2 seconds). The store is asked once a second at most. A
 *   process that is not ready comes back by itself: take work from it, and do not restart it.
 *
 * Neither says anything else: why is for operators, in `hub.status()` and the log.
 *
 * @throws {ConfigError} If there is nothing to ask about, or an option is unknown or not valid.
 *
 * @example
 * ```ts
 * import { createFleet, createHub, defineDeviceType, memoryBroker, memoryStore } from 'devicehub'
 * import { healthRoute } from 'devicehub/hono'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const hub = createHub(fleet, { brokers: { default: memoryBroker() } })
 * const app = new Hono().route('/health', healthRoute({ hub, fleet }))
 * ```
 */
export function healthRoute(options: HealthRouteOptions): Hono {
  checkOptions(options, { hub: true, fleet: true })
  const { hub, fleet } = options
  if (!hub && !fleet) throw new ConfigError('hub', 'is missing: give a hub, a fleet, or both')
  if (hub !== undefined) checkMethods('hub', hub, { status: true })
  if (fleet !== undefined) checkMethods('fleet', fleet, { list: true })
  const storeAnswers = fleet && storeCheck(fleet)

  async function failedParts(): Promise<readonly Part[]> {
    const failed: Part[] = []
    if (hub) {
      const { state, brokers } = hub.status()
      if (state !== 'running') failed.push('hub')
      if (!Object.values(brokers).every(({ subscribed }) => subscribed)) failed.push('brokers')
    }
    if (storeAnswers && !(await storeAnswers())) failed.push('store')
    return failed
  }

  const headers = { 'cache-control': 'no-store' }
  return new Hono()
    .get('/live', (context) => context.json({ live: true }, 200, headers))
    .get('/ready', async (context) => {
      const failed = await failedParts()
      const ready = failed.length === 0
      return context.json({ ready, failed }, ready ? 200 : 503, headers)
    })
}

/** Whether the store answers. All who ask within a second are told the same. */
function storeCheck(fleet: Pick<Fleet, 'list'>): () => Promise<boolean> {
  let asked = -Infinity
  let answer = Promise.resolve(false)
  return () => {
    const now = monotonicNow()
    if (now - asked < STORE_ANSWER_MS) return answer
    asked = now
    const ask = async () => fleet.list({ limit: 1 })
    answer = withinDeadline(STORE_LIMIT_MS, ask, undefined, 'answer').then(
      () => true,
      () => false,
    )
    return answer
  }
}
