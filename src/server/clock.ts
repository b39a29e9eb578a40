/**
 * The time a server lives by.
 *
 * @module
 */
import type { Clock } from '../base/clock.ts'

/** Tells time, and calls back. A server has no other. */
export type ServerClock = Pick<Clock, 'now' | 'after' | 'soon'>
