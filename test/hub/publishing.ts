/**
 * A hub on a broker in memory, and one device of one type that publishes.
 *
 * @module
 */
import {
  createFleet,
  createHub,
  type DeviceType,
  type Hub,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'
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
