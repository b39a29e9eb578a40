/**
 * Waiting for events with a deadline, as the cases of the contracts do.
 *
 * @module
 */
export { Collector, type Deferred, deferred, within } from '../../src/testing/wait.ts'
