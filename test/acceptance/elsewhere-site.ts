/**
 * What the processes of one fleet have, which share a PostgreSQL, and perhaps a Redis.
 *
 * @module
 */
import * as v from 'valibot'
import { redisFeed, redisKeys } from '../../adapters/redis/index.ts'
import { sqlStore } from '../../adapters/sql/index.ts'
import { createFleet, defineDeviceType, type Fleet } from '../../src/index.ts'
import { openIoRedis } from '../redis/clients.ts'
import type { LISTENING_DRIVERS } from '../sql/listening.ts'

export const meter = defineDeviceType('meter', { data: v.object({ kWh: v.number() }) })

/** A fleet of one process, and what it opened. */
export interface SiteFleet {
  readonly fleet: Fleet
  migrate(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens one. It reads again by itself after an hour only.
 *
 * @param redisUrl What carries the changes and the keys. Default: the database.
 */
export function siteFleet(
  open: (typeof LISTENING_DRIVERS)[string],
  url: string,
  redisUrl?: string,
): SiteFleet {
  const { executor, close } = open(url)
  const store = sqlStore(executor)
  const redis = redisUrl === undefined ? undefined : openIoRedis(redisUrl)
  const fleet = createFleet({
    types: [meter],
    store,
    feed: redis ? redisFeed(redis) : store.feed,
    keys: redis ? redisKeys(redis) : store.keys,
    sealingKey: 'a sealing key of at least 32 bytes',
    rulesLifetime: 3_600,
  })
  return {
    fleet,
    migrate: () => store.migrate(),
    async close() {
      redis?.disconnect()
      await close()
    },
  }
}
