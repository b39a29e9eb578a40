/**
 * What timers can do.
 *
 * @module
 */

/** Longest delay of a timer, in milliseconds. */
export const MAX_TIMER_DELAY: number = 2 ** 31 - 1
