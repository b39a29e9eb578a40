/**
 * A wrong password: one clear error, and nobody who knocks again and again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerError } from '../../src/index.ts'
import { connectClient, makeClient, typesOf } from '../mqtt/client.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { type Network, network } from './network.ts'

const RECONNECT_LIMIT = 30_000
/** Longer than the longest first pause, which is a second: who tries again has come by then. */
const PATIENCE = 1_500
const hub = { username: 'hub', password: 'the right one' }

async function nobodyKnocks(between: Network, since: number): Promise<void> {
  await sleep(PATIENCE) // That something does not happen is no event.
  assert.equal(between.connections, since)
}

describe('a wrong password', { skip: mosquittoMissing }, () => {
  test('is told once, and tried once', async () => {
    const mosquitto = await startMosquitto({ logins: { hub: hub.password } })
    try {
      await using between = await network(mosquitto.port)
      await using client = makeClient({ url: between.url, ...hub, password: 'a wrong one' })
      await assert.rejects(client.connect(), {
        code: 'ERR_BROKER_LOGIN_REFUSED',
        message: /refused the login/,
      })
      const [closed] = await client.statuses.reach(1, 'status')
      assert.equal(closed!.type, 'closed')
      await nobodyKnocks(between, 1)
      assert.doesNotMatch(JSON.stringify(client.statuses.items), /wrong one/)
    } finally {
      await mosquitto.stop()
    }
  })

  test('that was right before ends a hub with one error, after one attempt', async () => {
    const before = await startMosquitto({ logins: { hub: hub.password } })
    const after = await startMosquitto({ logins: { hub: 'another one' } })
    try {
      await using between = await network(before.port)
      await using client = await connectClient({ url: between.url, ...hub })
      assert.equal(between.connections, 1)
      between.cut()
      between.heal(after.port)
      const statuses = await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'closed'])
      const { error } = statuses[2] as { error?: BrokerError }
      assert.equal(error?.code, 'ERR_BROKER_LOGIN_REFUSED')
      assert.equal(between.connections, 2)
      await assert.rejects(client.broker.publish({ topic: 'a', payload: new Uint8Array() }), {
        code: 'ERR_BROKER_CLOSED',
      })
      await nobodyKnocks(between, 2)
    } finally {
      await Promise.all([before.stop(), after.stop()])
    }
  })
})
