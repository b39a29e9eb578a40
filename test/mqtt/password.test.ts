/**
 * A password that a function gives: called for each connection.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/index.ts'
import { network } from '../faults/network.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { connectClient, makeClient, typesOf } from './client.ts'

const RECONNECT_LIMIT = 30_000

describe('a password that a function gives', { skip: mosquittoMissing }, () => {
  test('is asked for at each connection, so that a renewed one counts', async () => {
    const before = await startMosquitto({ logins: { hub: 'password 1' } })
    const after = await startMosquitto({ logins: { hub: 'password 2' } })
    try {
      await using between = await network(before.port)
      let calls = 0
      const password = async () => `password ${++calls}`
      await using client = await connectClient({ url: between.url, username: 'hub', password })
      assert.equal(calls, 1)
      between.cut()
      between.heal(after.port)
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      assert.equal(calls, 2)
    } finally {
      await Promise.all([before.stop(), after.stop()])
    }
  })

  test('may be given at once', async () => {
    const mosquitto = await startMosquitto({ logins: { hub: 'the right one' } })
    try {
      const login = { url: mosquitto.url, username: 'hub' }
      await using client = await connectClient({ ...login, password: () => 'the right one' })
      assert.deepEqual(typesOf(client), ['connected'])
      await using wrong = makeClient({ ...login, password: () => 'a wrong one' })
      await assert.rejects(wrong.connect(), { code: 'ERR_BROKER_LOGIN_REFUSED' })
    } finally {
      await mosquitto.stop()
    }
  })

  test('that it fails to give at a reconnect is told, and tried again', async () => {
    const mosquitto = await startMosquitto({ logins: { hub: 'password' } })
    try {
      await using between = await network(mosquitto.port)
      let calls = 0
      const password = () => {
        if (++calls === 2) throw new Error('the vault is closed: s3cret')
        return 'password'
      }
      await using client = await connectClient({ url: between.url, username: 'hub', password })
      between.cut()
      between.heal()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      const error = client.failedReconnects.items[0]!.error as BrokerError
      assert.equal(error.code, 'ERR_BROKER_PASSWORD')
      assert.doesNotMatch(error.message, /s3cret/)
      assert.equal(calls, 3)
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('before anything is dialled', () => {
  // Nobody listens there: it is not asked.
  const nobody = { url: 'mqtt://127.0.0.1:1', username: 'hub' }
  for (const [title, password] of [
    ['throws', () => Promise.reject(new Error('no'))],
    ['throws at once', () => assert.fail('no')],
    ['gives nothing', () => undefined],
    ['gives bytes', async () => new Uint8Array(4)],
    ['gives a NUL', () => 'a\0b'],
  ] as const) {
    test(`a function that ${title} is ERR_BROKER_PASSWORD`, async () => {
      await using client = makeClient({ ...nobody, password: password as () => string })
      await assert.rejects(client.connect(), { code: 'ERR_BROKER_PASSWORD' })
    })
  }

  test('a function that takes too long is given up', async () => {
    const password = () => new Promise<string>(() => {})
    await using client = makeClient({ ...nobody, password, connectTimeout: 100 })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_TIMEOUT' })
  })

  test('a function needs a user name, too', () => {
    assert.throws(() => makeClient({ password: () => 'x' }), {
      name: 'ConfigError',
      key: 'mqtt.password',
    })
  })
})
