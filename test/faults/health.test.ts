/**
 * What a hub on a real broker answers to whoever asks after its health.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Hono } from 'hono'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  type BrokerStatus,
  createFleet,
  createHub,
  memoryStore,
} from '../../src/index.ts'
import { captureLog, pump } from '../hub/fixture.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'

const BACK_LIMIT = 60_000

/** A hub, its log, and the answer of a health route over it. */
function site(config: BrokerConfig) {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const broker = mqtt(config)
  const log = captureLog()
  const hub = createHub(fleet, { brokers: { default: broker }, logger: log })
  const app = new Hono().get('/health', (c) => c.json(hub.status(), hub.ready ? 200 : 503))
  const health = async () => {
    const answer = await app.request('/health')
    const { state, brokers } = (await answer.json()) as ReturnType<typeof hub.status>
    return [answer.status, state, brokers.default?.state]
  }
  return { broker, hub, log, health }
}

/** Settles when the hub has read the next event of a type. */
async function until(broker: Broker, type: BrokerStatus['kind']): Promise<void> {
  for await (const status of broker.status()) if (status.kind === type) break
  await setImmediate()
}

test('its health is that of its broker', { skip: mosquittoMissing }, async () => {
  const mosquitto = await startMosquitto()
  const { broker, hub, health } = site({ url: mosquitto.url })
  try {
    assert.deepEqual(await health(), [503, 'idle', 'idle'])
    await hub.start()
    assert.deepEqual(await health(), [200, 'running', 'connected'])

    const lost = until(broker, 'disconnected')
    const failed = until(broker, 'reconnect-failed')
    const back = until(broker, 'connected')
    await mosquitto.kill()
    await within(lost, 'loss')
    assert.deepEqual(await health(), [503, 'running', 'disconnected'])
    await within(failed, 'failed attempt', BACK_LIMIT)
    const { attempts, lastError } = hub.status().brokers.default!
    assert.ok(attempts >= 1)
    assert.equal(lastError?.code, 'ERR_BROKER_UNREACHABLE')
    await mosquitto.restart()
    await within(back, 'new connection', BACK_LIMIT)
    assert.deepEqual(await health(), [200, 'running', 'connected'])
    await hub.close()
    assert.deepEqual(await health(), [503, 'closed', 'closed'])
  } finally {
    await hub.close()
    await mosquitto.stop()
  }
})

test('one whose password is wrong ends with that, and names no password', {
  skip: mosquittoMissing,
}, async () => {
  const mosquitto = await startMosquitto({ logins: { hub: 'the right one' } })
  try {
    const { hub, log, health } = site({
      url: mosquitto.url,
      username: 'hub',
      password: 'a wrong one',
    })
    const running = hub.run({ signal: new AbortController().signal })
    await assert.rejects(within(running, 'end'), { code: 'ERR_BROKER_LOGIN_REFUSED' })
    assert.deepEqual(await health(), [503, 'closed', 'closed'])
    const told = JSON.stringify([hub.status(), log.lines])
    assert.match(told, /ERR_BROKER_LOGIN_REFUSED/)
    assert.doesNotMatch(told, /wrong one/)
  } finally {
    await mosquitto.stop()
  }
})
