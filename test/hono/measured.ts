/**
 * A site that did one thing of each kind, and its metrics.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import {
  brokerAuth,
  type FleetMetrics,
  fleetMetrics,
  metricsRoute,
  outcomeCounters,
} from '../../adapters/hono/index.ts'
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  type Fleet,
  type Logger,
  memoryBroker,
  memoryServer,
  memoryStore,
  presenceTracker,
} from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import type { ServerCounters } from '../../src/server/events.ts'

export const SECRET = 'the-secret-of-monitoring-0123456789-abcdef'
const BROKER_SECRET = 'broker-secret-0123456789'

const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: { setRpm: command({ payload: v.object({ rpm: v.number() }), reply: v.object({}) }) },
})

/** A site, and what is read of it. */
export interface MeasuredSite extends AsyncDisposable {
  readonly fleet: Fleet
  readonly logger: Logger
  readonly password: string
  /** The metrics, as monitoring reads them. */
  read(): Promise<string>
}

/** As much as an embedded broker counts: it does not run on every runtime that the route does. */
const counters: ServerCounters = {
  ...{ connections: 2, clients: 1, sessions: 3, subscriptions: 4, retained: 5, retainedBytes: 60 },
  ...{ storedBytes: 70, messagesReceived: 8, messagesSent: 9, bytesReceived: 1e21, bytesSent: 11 },
  dropped: { 'session-full': 0, 'client-slow': 1, 'packet-too-large': 0, 'message-expired': 0 },
  refused: { 'connections-full': 6, 'logins-full': 0, 'sessions-full': 0 },
}

/** Opens one. */
export async function measuredSite(
  { metrics }: { metrics: FleetMetrics } = { metrics: fleetMetrics() },
): Promise<MeasuredSite> {
  const logger = { info() {}, warn() {}, error() {} }
  const fleet = createFleet({ types: [pump], store: memoryStore(), observer: metrics.observer })
  const { username, password, topics } = await fleet.provision(pump, 'P-1')
  const presence = presenceTracker({ types: [pump] })
  const server = memoryServer()
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, presence, logger })
  await hub.start()
  const device = memoryBroker(server)
  await device.connect({ onMessage: async () => {} })
  for (const rpm of [1, 'P-SECRET']) {
    const payload = new TextEncoder().encode(JSON.stringify({ rpm }))
    await device.publish({ topic: topics.data, payload, qos: 1 })
  }
  await hub
    .device(pump, 'P-1')
    .send('setRpm', { rpm: 1 }, { timeout: 0.05 })
    .catch(() => {})
  const requests = outcomeCounters()
  const routes = new Hono()
    .route(
      '/broker',
      brokerAuth(fleet, { secret: BROKER_SECRET, products: [emqx], counters: requests, logger }),
    )
    .route(
      '/metrics',
      metricsRoute(metrics, {
        secret: SECRET,
        hub,
        counters: requests,
        presence,
        embedded: { counters },
      }),
    )
  const headers = { authorization: `Bearer ${BROKER_SECRET}` }
  for (const [path, fields] of [
    ['auth', { username, password, clientid: username }],
    ['auth', { username, password: 'wrong', clientid: username }],
    ['auth', { username, password: 'wrong', clientid: username }],
    ['acl', { username, action: 'publish', topic: topics.data }],
    ['acl', { username, action: 'subscribe', topic: '#' }],
  ] as const) {
    const body = new URLSearchParams(fields)
    await routes.request(`/broker/emqx/${path}`, { method: 'POST', headers, body })
  }
  return {
    fleet,
    logger,
    password,
    async read() {
      const answer = await routes.request('/metrics', {
        headers: { authorization: `Bearer ${SECRET}` },
      })
      return answer.text()
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}
