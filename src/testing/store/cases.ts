/**
 * What a case of the contract of stores is.
 *
 * @module
 */
import type { DeviceStore } from '../../device/store.ts'
import type { Cases } from '../contract.ts'

/** Cases by their titles, each on an empty store of its own. */
export type StoreCases = Cases<[store: DeviceStore]>
