/**
 * A login that a function gives: called for each connection.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/base/errors.ts'
import type { Credentials } from '../../src/client/credentials.ts'
import { network } from '../faults/network.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { connectClient, makeClient, typesOf } from './client.ts'

const RECONNECT_LIMIT = 30_000

describe('a login that a function gives', { skip: mosquittoMissing }, () => {
  test('is asked for at each connection, so that a renewed one counts', async () => {
    const before = await startMosquitto({ logins: { hub: 'password 1' } })
    const after = await startMosquitto({ logins: { hub: 'password 2' } })
    try {
      await using between = await network(before.port)
      let calls = 0
      const credentials = async () => ({ username: 'hub', password: `password ${++calls}` })
      await using client = await connectClient({ url: between.url, credentials })
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
      const { url } = mosquitto
      const login = (password: string) => () => ({ username: 'hub', password })
      await using client = await connectClient({ url, credentials: login('the right one') })
      assert.deepEqual(typesOf(client), ['connected'])
      await using wrong = makeClient({ url, credentials: login('a wrong one') })
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
      const credentials = () => {
        if (++calls === 2) throw new Error('the vault is closed: s3cret')
        return { username: 'hub', password: 'password' }
      }
      await using client = await connectClient({ url: between.url, credentials })
      between.cut()
      between.heal()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      const error = client.failedReconnects.items[0]!.error as BrokerError
      assert.equal(error.code, 'ERR_BROKER_CREDENTIALS')
      assert.doesNotMatch(error.message, /s3cret/)
      assert.equal(calls, 3)
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('before anything is dialled', () => {
  // Nobody listens there: it is not asked.
  const url = 'mqtt://127.0.0.1:1'
  const username = 'hub'
  const password = 'password'
  for (const [title, credentials] of [
    ['rejects', () => Promise.reject(new Error('no'))],
    ['throws', () => assert.fail('no')],
    ['gives nothing', () => undefined],
    ['gives null', async () => null],
    ['gives a text', () => 'password'],
    ['gives no user name', () => ({ password })],
    ['gives no password', async () => ({ username })],
    ['gives an empty user name', () => ({ username: '', password })],
    ['gives an empty password', () => ({ username, password: '' })],
    ['gives bytes', async () => ({ username, password: new Uint8Array(4) })],
    ['gives a NUL', () => ({ username, password: 'a\0b' })],
    ['gives a text that is too long', () => ({ username, password: 'x'.repeat(65_536) })],
  ] as const) {
    test(`a function that ${title} is ERR_BROKER_CREDENTIALS`, async () => {
      await using client = makeClient({ url, credentials: credentials as () => Credentials })
      await assert.rejects(client.connect(), { code: 'ERR_BROKER_CREDENTIALS' })
    })
  }

  test('a function that takes too long is given up', async () => {
    const credentials = () => new Promise<Credentials>(() => {})
    await using client = makeClient({ url, credentials, connectTimeout: 0.1 })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_TIMEOUT' })
  })
})
