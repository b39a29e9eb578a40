/**
 * Keys in memory keep the contract, and a bound.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryKeys } from '../../src/base/memory-keys.ts'
import { keysContract } from '../../src/testing/keys/contract.ts'
import { Clocks } from '../support/clocks.ts'
import { declareContract } from '../support/contract.ts'

declareContract('the contract of expiring keys, by memory', keysContract, () => ({
  keys: memoryKeys(),
}))

test('keys in memory answer at once', () => {
  const keys = memoryKeys()
  keys.set('a', '1', 60)
  assert.equal(keys.get('a'), '1')
  assert.equal(keys.setIfAbsent('a', '2', 60), false)
  assert.equal(keys.compareAndSet('a', '1', '2', 60), true)
})

for (const hours of [-1, 1]) {
  test(`a key ends after its lifetime when the wall clock jumps by ${hours} h`, () => {
    using clocks = new Clocks()
    const keys = memoryKeys()
    keys.set('a', '1', 60)
    clocks.setWall(hours * 3_600_000)
    clocks.pass(59_999)
    assert.equal(keys.get('a'), '1')
    clocks.pass(1)
    assert.equal(keys.get('a'), undefined)
  })
}

test('two of them have nothing in common', () => {
  memoryKeys().set('a', '1', 60)
  assert.equal(memoryKeys().get('a'), undefined)
})

test('beyond the size the half that was set longest ago is forgotten', () => {
  const keys = memoryKeys({ size: 4 })
  for (const key of ['1', '2', '3', '4', '5']) keys.set(key, 'x', 60)
  const kept = ['1', '2', '3', '4', '5'].map((key) => keys.get(key) !== undefined)
  assert.deepEqual(kept, [false, false, true, true, true])
})

describe('a size is refused', () => {
  for (const size of [0, 1, 3, 2.5, -2, Number.NaN]) {
    test(String(size), () => {
      assert.throws(() => memoryKeys({ size }), { name: 'ConfigError', key: 'size' })
    })
  }
})
