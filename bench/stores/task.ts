/**
 * What the process of the bench of stores is told, and what it measured.
 *
 * @module
 */

/** How much to do. */
export interface Task {
  readonly driver: 'node:sqlite' | 'pg'
  /** The path of a file for each fleet, or the URL of a database for each. */
  readonly small: string
  readonly large: string
  readonly sizes: readonly [small: number, large: number]
  /** How many devices are put on record one by one, and how many log in to each fleet. */
  readonly singles: number
  readonly logins: number
  /** Devices whose presence is written, 1,000 in a batch. */
  readonly present: number
}

/** What came out. Times are in milliseconds. */
export interface Measured {
  /** To put the large fleet on record, and the `singles`. */
  readonly provisioned: number
  readonly oneByOne: number
  /** Of logins over the routes, to the small and to the large fleet in turns. */
  readonly small: readonly number[]
  readonly large: readonly number[]
  /** Of batches of presence: the first ones, and those of devices that are there. */
  readonly firstBatches: readonly number[]
  readonly batches: readonly number[]
  /** A sweep when all are lost, and when none is. */
  readonly sweepAll: number
  readonly sweepNone: number
  /** Of a process that serves logins, in bytes. */
  readonly memory: number
}
