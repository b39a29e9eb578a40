/**
 * The {@link Broker} contract as cases. They import no test runner, so whatever can loop over them
 * can run them; `run.ts` does it with `node:test`.
 *
 * @module
 */
import type { Case } from './bench.ts'
import { delivery } from './delivery.ts'
import { handlers } from './handlers.ts'
import { lifecycle } from './lifecycle.ts'
import { subscriptions } from './subscriptions.ts'
import { wills } from './wills.ts'

export { type Open, type OpenLosable, runCase } from './bench.ts'

/** Every case by its title. */
export const brokerCases: Readonly<Record<string, Case>> = {
  ...delivery,
  ...subscriptions,
  ...handlers,
  ...lifecycle,
  ...wills,
}
