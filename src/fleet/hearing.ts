/**
 * What a fleet hears other processes with, kept beside it: a fleet that nobody watches, as in an edge
 * worker, carries nothing of the hearing.
 *
 * @module
 */
import type { ChangeFeed } from '../base/change-feed.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import type { Changes } from './changes.ts'
import type { Fleet } from './fleet.ts'
import type { KnownPrincipals } from './known.ts'
import type { TokenRevocations } from './token-revocations.ts'

/** Where a fleet hears of changes, and what they are for. */
export interface Hearing {
  readonly feed: ChangeFeed
  /** What each text of the fleet's own begins with. */
  readonly origin: string
  /** What the processes share. `undefined` if nothing: then each takes every way it has. */
  readonly keys: ExpiringKeys | undefined
  readonly known: Pick<KnownPrincipals, 'forget' | 'forgetAll'>
  readonly changes: Pick<Changes, 'listeners'>
  readonly revocations: Pick<TokenRevocations, 'heard'> | undefined
}

const HEARINGS: WeakMap<object, Hearing> = /* @__PURE__ */ new WeakMap()

/** Notes with what a fleet hears. */
export function setHearing(fleet: object, hearing: Hearing): void {
  HEARINGS.set(fleet, hearing)
}

/** With what a fleet hears; `undefined` if it has no feed, or `createFleet` did not make it. */
export function hearingOf(fleet: Fleet): Hearing | undefined {
  return HEARINGS.get(fleet)
}
