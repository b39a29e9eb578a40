/**
 * The configuration of the offline queue: its defaults, and how a mistake is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseBrokerConfig } from '../../adapters/mqtt/config.ts'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { createBrokers } from '../../src/broker/engine.ts'

describe('the configuration of the offline queue', () => {
  for (const [given, resolved] of [
    [{}, { limit: 1_000, whenFull: 'reject' }],
    [
      { limit: 1, whenFull: 'drop-oldest' },
      { limit: 1, whenFull: 'drop-oldest' },
    ],
    [{ limit: 1_000_000 }, { limit: 1_000_000, whenFull: 'reject' }],
  ] as const) {
    test(`${JSON.stringify(given)} is ${JSON.stringify(resolved)}`, () => {
      const parsed = parseBrokerConfig({ offlineQueue: given }, 'brokers.default')
      assert.deepEqual(parsed.offlineQueue, resolved)
    })
  }

  for (const [given, key, problem] of [
    [true, 'offlineQueue', 'must be an object'],
    [null, 'offlineQueue', 'must be an object'],
    [100, 'offlineQueue', 'must be an object'],
    [{ limit: 0 }, 'offlineQueue.limit', 'must be a whole number from 1 to 1000000'],
    [{ limit: 1_000_001 }, 'offlineQueue.limit', 'must be a whole number from 1 to 1000000'],
    [{ limit: '5' }, 'offlineQueue.limit', 'must be a whole number from 1 to 1000000'],
    [{ limit: 1.5 }, 'offlineQueue.limit', 'must be a whole number from 1 to 1000000'],
    [{ whenFull: 'drop' }, 'offlineQueue.whenFull', "must be 'reject' or 'drop-oldest'"],
    [{ size: 5 }, 'offlineQueue.size', 'is not a setting of a broker'],
  ] as const) {
    test(`${JSON.stringify(given)} is refused by name`, () => {
      const config = { offlineQueue: given } as unknown as BrokerConfig
      assert.throws(
        () => mqtt(config, 'brokers.default'),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.equal(error.key, `brokers.default.${key}`)
          assert.equal(error.message, `brokers.default.${key}: ${problem}`)
          return true
        },
      )
    })
  }

  test('is plain data for createBrokers', () => {
    const wrong = { default: { host: 'a', offlineQueue: { limit: -1 } } }
    const right = { default: { host: 'a', offlineQueue: { limit: 5, whenFull: 'reject' } } }
    assert.throws(() => createBrokers(wrong, { mqtt }), {
      key: 'brokers.default.offlineQueue.limit',
    })
    assert.ok(createBrokers(right, { mqtt }).default)
  })
})
