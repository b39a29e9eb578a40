/**
 * `waitForBroker`: a first connection that is tried until it stands.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { freePort, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { type Client, makeClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const LIMIT = 60_000
const hub = { username: 'hub', password: 'password' }

/** The codes and reasons of the attempts that failed. */
function failures({ failedReconnects }: Client): unknown[] {
  return failedReconnects.items.map(({ attempt, error }) => {
    assert.ok(error instanceof BrokerError)
    return [attempt, error.code, error.reasonCode]
  })
}

function connecting(client: Client): Promise<unknown> {
  return within(client.broker.connect({ onMessage() {} }), 'connection', LIMIT)
}

describe('a first connection that is waited for', () => {
  test('is made when the broker takes the login, whatever it answered before', async () => {
    const answers = [0x87, 'hang-up', 0x86, 'silence', 0] as const
    await using server = await scriptedBroker({
      connect(n) {
        const answer = answers[n - 1]!
        return typeof answer === 'string' ? answer : { reason: answer }
      },
    })
    const config = { url: server.url, waitForBroker: true, connectTimeout: 2, ...hub }
    await using client = makeClient(config)
    await connecting(client)
    assert.deepEqual(failures(client), [
      [1, 'ERR_BROKER_LOGIN_REFUSED', 0x87],
      [2, 'ERR_BROKER_UNREACHABLE', undefined],
      [3, 'ERR_BROKER_LOGIN_REFUSED', 0x86],
      [4, 'ERR_BROKER_TIMEOUT', undefined],
    ])
    assert.deepEqual(typesOf(client), ['connected'])
    await within(client.broker.publish({ topic: 'a', payload: new Uint8Array(1) }), 'publish')
  })

  test('is made when the broker listens', async () => {
    await using server = await scriptedBroker()
    await server.shut()
    await using client = makeClient({ url: server.url, waitForBroker: true, ...hub })
    const connected = connecting(client)
    await client.failedReconnects.reach(2, 'failures', LIMIT)
    await server.open()
    await connected
    assert.equal(server.connections, 1)
  })

  test('is made when the function gives a login', async () => {
    await using server = await scriptedBroker()
    let calls = 0
    const credentials = () => {
      if (++calls < 3) throw new Error('no login yet')
      return hub
    }
    await using client = makeClient({ url: server.url, waitForBroker: true, credentials })
    await connecting(client)
    assert.deepEqual(failures(client), [
      [1, 'ERR_BROKER_CREDENTIALS', undefined],
      [2, 'ERR_BROKER_CREDENTIALS', undefined],
    ])
  })

  test('is made again as any other when it is lost', async () => {
    const reasons = [0x87, 0, 0x87, 0]
    await using server = await scriptedBroker({ connect: (n) => ({ reason: reasons[n - 1]! }) })
    await using client = makeClient({ url: server.url, waitForBroker: true, ...hub })
    await connecting(client)
    server.cut()
    await client.statuses.reach(3, 'statuses', LIMIT)
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
    const refused = [1, 'ERR_BROKER_LOGIN_REFUSED', 0x87]
    assert.deepEqual(failures(client), [refused, refused])
  })

  test('is made when Mosquitto is started', { skip: mosquittoMissing }, async () => {
    const mosquitto = await startMosquitto({ logins: { hub: hub.password } })
    try {
      await mosquitto.halt()
      await using client = makeClient({ url: mosquitto.url, waitForBroker: true, ...hub })
      const connected = connecting(client)
      await client.failedReconnects.reach(1, 'failure', LIMIT)
      await mosquitto.restart()
      await connected
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('waiting for a first connection', () => {
  const config = async (): Promise<BrokerConfig> => ({
    url: `mqtt://127.0.0.1:${await freePort()}`,
    waitForBroker: true,
  })

  test('ends with close', async () => {
    await using client = makeClient(await config())
    const rejected = assert.rejects(connecting(client), { code: 'ERR_BROKER_CLOSED' })
    await client.failedReconnects.reach(1, 'failure', LIMIT)
    await within(client.broker.close(), 'close')
    await rejected
    assert.deepEqual(typesOf(client), ['closed'])
  })

  test('ends with the signal, and closes the broker', async () => {
    await using client = makeClient(await config())
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const { signal } = abort
    const connected = client.broker.connect({ onMessage() {}, signal })
    await client.failedReconnects.reach(1, 'failure', LIMIT)
    abort.abort(reason)
    await within(assert.rejects(connected, reason), 'rejection')
    assert.deepEqual(await client.statuses.reach(1, 'status'), [{ kind: 'closed', error: reason }])
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_CLOSED' })
  })

  test('is not what happens unless it is asked for', async () => {
    await using client = makeClient({ ...(await config()), waitForBroker: false })
    await assert.rejects(connecting(client), { code: 'ERR_BROKER_UNREACHABLE' })
    assert.deepEqual(failures(client), [])
    assert.deepEqual(typesOf(client), ['closed'])
  })

  test('has no effect on what is published meanwhile', async () => {
    await using broker = mqtt({ ...(await config()), offlineQueue: {} })
    const connected = broker.connect({ onMessage() {} })
    const rejected = assert.rejects(connected, { code: 'ERR_BROKER_CLOSED' })
    const publish = broker.publish({ topic: 'a', payload: new Uint8Array(1) })
    await assert.rejects(publish, { code: 'ERR_BROKER_NOT_CONNECTED' })
    await broker.close()
    await rejected
  })
})
