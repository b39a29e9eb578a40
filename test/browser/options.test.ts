/**
 * What a page may configure, and what is said of what it may not.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { browserBroker, credentials, offlineQueue } from '../../adapters/browser/index.ts'
import { ConfigError } from '../../src/base/errors.ts'

const url = 'wss://broker.example/mqtt'
const LOGIN = { username: 'u', password: 'p' }
const SECRET = 'a-secret-of-this-test'

describe('is taken', () => {
  for (const options of [
    { url },
    { url: 'ws://127.0.0.1:9001' },
    { url: `${url}?tenant=1` },
    { url, username: 'u' },
    { url, username: 'u', password: 'p', clientId: 'u//1' },
    { url, credentials: credentials(() => LOGIN) },
    { url, keepalive: 0, sessionExpiry: 0xffff_ffff, receiveMaximum: 65_535, waitForBroker: true },
    { url, offlineQueue: offlineQueue({ limit: 1, whenFull: 'drop-oldest' }) },
    { url, credentials: credentials(async () => LOGIN) },
  ]) {
    test(JSON.stringify(options), async () => {
      await browserBroker(options).close()
    })
  }
})

describe('is refused, with its key', () => {
  for (const [key, options] of [
    ['options', undefined],
    ['options', null],
    ['options', [url]],
    ['url', {}],
    ['url', { url: 7 }],
    ['url', { url: '' }],
    ['url', { url: 'broker.example' }],
    ['url', { url: 'mqtt://broker.example' }],
    ['url', { url: 'https://broker.example' }],
    ['url', { url: `wss://u:${SECRET}@broker.example` }],
    ['url', { url: `wss://broker.example/#${SECRET}` }],
    ['username', { url, username: '' }],
    ['username', { url, username: 'a\0b' }],
    ['username', { url, username: '\ud800' }],
    ['username', { url, username: 7 }],
    ['password', { url, password: SECRET }],
    ['password', { url, username: 'u', password: `${SECRET}\0` }],
    ['password', { url, username: 'u', password: 'x'.repeat(65_536) }],
    ['clientId', { url, clientId: 'ü'.repeat(40_000) }],
    ['credentials', { url, credentials: { username: 'u', password: 'p' } }],
    ['credentials', { url, credentials: () => ({ username: 'u', password: 'p' }) }],
    ['credentials', { url, credentials: null }],
    ['credentials', { url, credentials: credentials(() => LOGIN), username: 'u' }],
    ['keepalive', { url, keepalive: -1 }],
    ['keepalive', { url, keepalive: 1.5 }],
    ['keepalive', { url, keepalive: 65_536 }],
    ['keepalive', { url, keepalive: '60' }],
    ['sessionExpiry', { url, sessionExpiry: 2 ** 32 }],
    ['receiveMaximum', { url, receiveMaximum: 0 }],
    ['waitForBroker', { url, waitForBroker: 1 }],
    ['offlineQueue', { url, offlineQueue: { limit: 1 } }],
    ['guard', { url, guard: null }],
    ['keepAlive', { url, keepAlive: 60 }],
    ['protocolVersion', { url, protocolVersion: 4 }],
  ] as const) {
    test(`${key}: ${JSON.stringify(options)?.slice(0, 80)}`, () => {
      assert.throws(
        () => browserBroker(options as never),
        (error: unknown) => {
          assert.ok(error instanceof ConfigError, String(error))
          assert.equal(error.key, key)
          assert.ok(!error.message.includes(SECRET))
          return true
        },
      )
    })
  }

  for (const [key, make] of [
    ['credentials', () => credentials(LOGIN as never)],
    ['offlineQueue.limit', () => offlineQueue({ limit: 0 })],
    ['offlineQueue.limit', () => offlineQueue({ limit: 1_000_001 })],
    ['offlineQueue.whenFull', () => offlineQueue({ whenFull: 'drop' as never })],
    ['offlineQueue.max', () => offlineQueue({ max: 1 } as never)],
  ] as const) {
    test(`${key}: ${make}`, () => {
      assert.throws(make, { code: 'ERR_CONFIG', key })
    })
  }
})
