/**
 * The store in memory keeps the contract.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../src/device/memory-store.ts'
import {
  deviceStatesContract,
  deviceTrailContract,
  insertManyContract,
  storeContract,
} from '../../src/testing/store/contract.ts'
import { record } from '../../src/testing/store/record.ts'
import { declareContract } from '../support/contract.ts'

const open = () => ({ store: memoryStore() })
declareContract('the store contract, by memory', storeContract, open)
declareContract('the last states of devices, by memory', deviceStatesContract, open)
declareContract('the audit trail, by memory', deviceTrailContract, open)
declareContract('many records at once, by memory', insertManyContract, open)

test('two stores in memory have nothing in common', async () => {
  const [one, other] = [memoryStore(), memoryStore()]
  await one.insert(record('pump', 'P-1'))
  assert.deepEqual((await other.list()).records, [])
  await other.insert(record('pump', 'P-1', { revoked: true }))
  assert.equal((await one.get('pump', 'P-1'))?.revoked, false)
})
