/**
 * The fleet: its devices in D1, and what its changes reach.
 *
 * @module
 */
import { createFleet, type Fleet } from 'devicehub'
import { emqxKick } from 'devicehub/emqx'
import { d1, sqlStore } from 'devicehub/sql'
import type { Env } from './env.ts'
import { pump } from './types.ts'

/** Makes the fleet of one isolate. */
export function makeFleet(env: Env): Fleet {
  const store = sqlStore(d1(env.DB))
  const fleet = createFleet({
    types: [pump],
    store,
    pepper: env.PEPPER,
    // Every isolate answers for the tokens that logged in at another, and they count guesses together.
    keys: store.keys,
    // No isolate hears of another's changes: what is decided by rules follows them within this time.
    rulesLifetime: 10,
    services: [{ username: 'hub', password: env.HUB_PASSWORD, rules: 'hub' }],
  })
  fleet.onChange(
    'emqx',
    emqxKick({ url: env.EMQX_URL, key: env.EMQX_KEY, secret: env.EMQX_SECRET }),
  )
  return fleet
}
