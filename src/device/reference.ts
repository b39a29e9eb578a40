/**
 * A device in a word.
 *
 * @module
 */

/** A device, by type and id. */
export interface DeviceRef {
  readonly type: string
  readonly id: string
}
