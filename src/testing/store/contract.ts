/**
 * The contract of stores.
 *
 * @module
 */
import type { MaybePromise } from '../../base/maybe-promise.ts'
import type { DeviceStore } from '../../device/store.ts'
import * as assert from '../assert.ts'
import { type Contract, contractOf } from '../contract.ts'
import { deleting } from './deleting.ts'
import { inserting } from './inserting.ts'
import { listing } from './listing.ts'
import { many, type StoreOfMany } from './many.ts'
import { reading } from './reading.ts'
import { type StoreWithStates, states } from './states.ts'
import { type StoreWithTrail, trail } from './trail.ts'
import { updating } from './updating.ts'
import { values } from './values.ts'

/** An empty store, and how to be rid of it. */
export interface OpenedStore {
  readonly store: DeviceStore
  /** Called when the case is done, whatever came of it. Default: nothing is. */
  close?(): Promise<void>
}

/** Opens an empty store, for each case another. */
export type OpenStore = () => MaybePromise<OpenedStore>

/**
 * What a {@link DeviceStore} promises, as cases. The store is to be one on the real database.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { memoryStore } from 'devicehub'
 * import { storeContract } from 'devicehub/testing'
 *
 * for (const { name, run } of storeContract) {
 *   test(name, () => run(() => ({ store: memoryStore() })))
 * }
 * ```
 */
export const storeContract: Contract<OpenStore> = contractOf(
  { reading, inserting, updating, 'records are values': values, deleting, listing },
  onStore,
)

/**
 * What a {@link DeviceStore} promises of its `states`, as cases: for one that has them, beside
 * {@link storeContract}. They list by the filters that read states, so the store names all of these.
 */
export const deviceStatesContract: Contract<OpenStore> = contractOf(
  { 'last states': states },
  (open: OpenStore, run) =>
    onStore(open, (store) => {
      assert.ok(store.states, 'the store has no states')
      return run(store as StoreWithStates)
    }),
)

/**
 * What a {@link DeviceStore} promises of its `trail`, as cases: for one that has it, beside
 * {@link storeContract}.
 */
export const deviceTrailContract: Contract<OpenStore> = contractOf(
  { 'the audit trail': trail },
  (open: OpenStore, run) =>
    onStore(open, (store) => {
      assert.ok(store.trail, 'the store has no trail')
      return run(store as StoreWithTrail)
    }),
)

/**
 * What a {@link DeviceStore} promises of `insertMany`, as cases: for one that has it, beside
 * {@link storeContract}.
 */
export const insertManyContract: Contract<OpenStore> = contractOf(
  { 'many at once': many },
  (open: OpenStore, run) =>
    onStore(open, (store) => {
      assert.ok(store.insertMany, 'the store has no insertMany')
      return run(store as StoreOfMany)
    }),
)

async function onStore(open: OpenStore, run: (store: DeviceStore) => Promise<void>): Promise<void> {
  const { store, close } = await open()
  try {
    await run(store)
  } finally {
    await close?.()
  }
}
