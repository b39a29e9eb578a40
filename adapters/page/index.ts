/**
 * A page of the fleet, for Hono: its devices, brokers, denials, audit trail and rules, in a browser.
 *
 * @module
 */
export { type FleetPageOptions, fleetPage } from './page.ts'
export type { PageHub } from './source.ts'
