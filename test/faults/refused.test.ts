/**
 * A wrong password: one clear error at first, and nobody who knocks again and again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerError } from '../../src/base/errors.ts'
import { bytes, connectClient, type FailedReconnect, makeClient, typesOf } from '../mqtt/client.ts'
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
      assert.equal(closed!.kind, 'closed')
      await nobodyKnocks(between, 1)
      assert.doesNotMatch(JSON.stringify(client.statuses.items), /wrong one/)
    } finally {
      await mosquitto.stop()
    }
  })

  for (const protocolVersion of [5, 4] as const) {
    const name = protocolVersion === 5 ? '5' : '3.1.1'
    test(`that was right before is tried again until it is, with MQTT ${name}`, async () => {
      const before = await startMosquitto({ logins: { hub: hub.password } })
      const changed = await startMosquitto({ logins: { hub: 'another one' } })
      try {
        await using between = await network(before.port)
        await using client = await connectClient({ url: between.url, protocolVersion, ...hub })
        await client.broker.subscribe([{ filter: 'a' }])
        between.cut()
        between.heal(changed.port)
        const failed = await client.failedReconnects.reach(2, 'refusals', RECONNECT_LIMIT)
        const isRefused = ({ error }: FailedReconnect) =>
          (error as BrokerError).code === 'ERR_BROKER_LOGIN_REFUSED'
        const delays = failed.filter(isRefused).map(({ delay }) => delay)
        assert.ok(delays.length > 0)
        for (const [i, delay] of delays.entries()) assert.ok(delay >= 0.5 * 2 ** i, `${delays}`)
        between.heal(before.port)
        await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
        assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
        await client.broker.publish({ topic: 'a', payload: bytes('x') })
        await client.received.reach(1, 'message')
        assert.doesNotMatch(JSON.stringify(failed), /right one/)
      } finally {
        await Promise.all([before.stop(), changed.stop()])
      }
    })
  }
})
