/**
 * How a store refuses. The class of the error is its own.
 *
 * @module
 */

/** The device or its user name is there already. */
export const EXISTS = { code: 'ERR_DEVICE_EXISTS' } as const
/** The record is of another revision, or is not there. */
export const CONFLICT = { code: 'ERR_REVISION_CONFLICT' } as const
