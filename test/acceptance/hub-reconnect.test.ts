/**
 * A hub goes on by itself when its broker was gone.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  type BrokerStatus,
  createFleet,
  createHub,
  memoryStore,
} from '../../src/index.ts'
import { bytes, captureLog, pump } from '../hub/fixture.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, within } from '../support/wait.ts'

/** Settles at the next event of a type. */
async function until(broker: Broker, type: BrokerStatus['kind']): Promise<void> {
  for await (const status of broker.status()) if (status.kind === type) return
}

test('after the broker was killed and restarted, a hub receives again, and its log says so', {
  skip: mosquittoMissing,
}, async () => {
  const mosquitto = await startMosquitto()
  const log = captureLog()
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  await fleet.provision(pump, 'P-1')
  const connection = mqtt({ url: mosquitto.url })
  const device = mqtt({ url: mosquitto.url })
  const hub = createHub(fleet, { brokers: { default: connection }, logger: log })
  try {
    const heard = new Collector<number>()
    hub.onData(pump, ({ data }) => heard.push(data.rpm))
    await hub.start()
    await device.connect({ onMessage: async () => {} })
    const publish = (rpm: number) =>
      device.publish({ topic: 'things/pump/P-1/data', payload: bytes({ rpm }) })
    await publish(1)
    await heard.reach(1, 'messages')

    const lost = Promise.all([until(connection, 'disconnected'), until(device, 'disconnected')])
    const back = Promise.all([until(connection, 'connected'), until(device, 'connected')])
    await mosquitto.kill()
    await within(lost, 'loss of the connections')
    await assert.rejects(publish(2), { code: 'ERR_BROKER_NOT_CONNECTED' })
    await mosquitto.restart()
    await within(back, 'new connections', 20_000)

    await publish(3)
    assert.deepEqual(await heard.reach(2, 'messages'), [1, 3])
    assert.match(
      log.lines.join('\n'),
      /warn: Broker "default": connection lost.*\n.*info: .*connected again/s,
    )
  } finally {
    await Promise.all([hub.close(), device.close()])
    await mosquitto.stop()
  }
})
