/**
 * The store in memory keeps the contract.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../src/device/memory-store.ts'
import { statesConform } from './states-suite.ts'
import { record, storeConforms } from './store-suite.ts'

storeConforms('memory', async () => ({ store: memoryStore() }))
statesConform('memory', async () => ({ store: memoryStore() }))

test('two stores in memory have nothing in common', async () => {
  const [one, other] = [memoryStore(), memoryStore()]
  await one.insert(record('pump', 'P-1'))
  assert.deepEqual((await other.list()).records, [])
  await other.insert(record('pump', 'P-1', { revoked: true }))
  assert.equal((await one.get('pump', 'P-1'))?.revoked, false)
})
