/**
 * A hub on a broker in memory, and one device of one type that publishes.
 *
 * @module
 */
import {
  createFleet,
  createHub,
  type DataEvent,
  type DeviceType,
  type Hub,
  memoryBroker,
  memoryServer,
  memoryStore,
  type Rejection,
  type StatusEvent,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { bytes, captureLog } from './fixture.ts'

export interface Publishing extends AsyncDisposable {
  readonly hub: Hub
  readonly log: ReturnType<typeof captureLog>
  /** Publishes as the device `D-1`. */
  publish(payload: unknown, channel?: 'data' | 'status'): Promise<void>
}

/** Start the hub yourself. */
export async function publishing(type: DeviceType): Promise<Publishing> {
  const fleet = createFleet({ types: [type], store: memoryStore() })
  await fleet.provision(type, 'D-1')
  const server = memoryServer()
  const log = captureLog()
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, logger: log })
  const device = memoryBroker(server)
  await device.connect({ onMessage: async () => {} })
  return {
    hub,
    log,
    publish: (payload, channel = 'data') =>
      device.publish({ topic: `things/${type.name}/D-1/${channel}`, payload: bytes(payload) }),
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}

/** What becomes of the one message that a device of a type publishes, and what is logged of it. */
export async function outcomeOf<T extends DeviceType>(
  type: T,
  sent: unknown,
  channel: 'data' | 'status' = 'data',
): Promise<{
  readonly outcome: DataEvent<T> | StatusEvent<T> | Rejection
  readonly lines: readonly string[]
}> {
  await using p = await publishing(type)
  const outcomes = new Collector<DataEvent<T> | StatusEvent<T> | Rejection>()
  p.hub.onData(type, outcomes.push)
  p.hub.onStatus(type, outcomes.push)
  p.hub.onRejected(outcomes.push)
  await p.hub.start()
  await p.publish(sent, channel)
  const [outcome] = await outcomes.reach(1, 'outcomes')
  return { outcome: outcome!, lines: p.log.lines }
}
