/**
 * The routes that brokers ask, for one fleet: the same file on every runtime.
 *
 * @module
 */
import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
import { brokerAuth } from 'devicehub/hono'
import { emqx } from 'devicehub/products'
import { Hono } from 'hono'
import * as v from 'valibot'

/** What the environment says, or in an edge worker its bindings. */
export type Settings = Readonly<Record<string, string | undefined>>

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })

/**
 * Makes the routes.
 *
 * @throws {ConfigError} If a password or a secret is missing, or too short.
 */
export function createSite({ PEPPER, HUB_PASSWORD, BROKER_SECRET }: Settings): Hono {
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(), // yours, on a database
    pepper: PEPPER,
    services: [{ username: 'hub', password: HUB_PASSWORD!, rules: 'hub' }],
  })
  const auth = brokerAuth(fleet, { secret: BROKER_SECRET!, products: [emqx] })
  return new Hono().route('/iot/broker', auth)
}
