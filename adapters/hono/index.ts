/**
 * The routes a message broker asks and tells over HTTP, for Hono. The broker products are handed in:
 * they are in `devicehub/products`.
 *
 * @module
 */
export { type BrokerAuthOptions, brokerAuth } from './auth.ts'
export { type Outcome, type OutcomeCounters, outcomeCounters } from './counters.ts'
export { type BrokerEventsOptions, brokerEvents } from './events.ts'
export type { RequestBounds } from './handler.ts'
export { type HealthRouteOptions, healthRoute } from './health.ts'
export type { Labels, MetricFamily, MetricSample } from './metrics/family.ts'
export { type FleetMetrics, fleetMetrics } from './metrics/fleet-metrics.ts'
export { type MetricsAccess, type MetricsRouteOptions, metricsRoute } from './metrics/route.ts'
export type { SecretOptions } from './secret.ts'
export { type TokenGrant, type TokenRouteOptions, tokenRoute } from './tokens.ts'
