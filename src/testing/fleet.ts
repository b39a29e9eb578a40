/**
 * Devices of a declared type, as many as a test needs.
 *
 * @module
 */
import { checkOptions } from '../base/options.ts'
import type { InferInput } from '../device/schema.ts'
import type { DeviceType } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { type VirtualDevice, type VirtualDeviceOptions, virtualDevice } from './device.ts'

/** What {@link virtualFleet} takes beside fleet and type. */
export interface VirtualFleetOptions<T extends DeviceType>
  extends Omit<VirtualDeviceOptions<T>, 'login'> {
  /** The ids of its devices. */
  readonly ids: readonly string[]
}

/** Devices that are connected. */
export interface VirtualFleet<T extends DeviceType> extends AsyncDisposable {
  /** In the order of their ids. */
  readonly devices: readonly VirtualDevice<T>[]
  /** One of them. @throws {RangeError} If there is none with this id. */
  device(id: string): VirtualDevice<T>
  /**
   * Has each device send data. Settles when the message broker has all of it. Rejects as `sendData` of a
   * device does.
   *
   * @param make Returns the data of a device; `index` is its place, from 0.
   */
  sendData(make: (device: VirtualDevice<T>, index: number) => InferInput<T['data']>): Promise<void>
  /** Disconnects all of them. */
  close(): Promise<void>
}

/**
 * Provisions devices of a type, each with a login of its own, and connects them.
 *
 * @throws {ConfigError} If an option is unknown.
 * @throws As `fleet.provision`, and as the broker of a device where it does not connect.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryBroker, memoryServer, memoryStore } from 'devicehub'
 * import { virtualFleet } from 'devicehub/testing'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const server = memoryServer()
 * const pumps = await virtualFleet(fleet, pump, {
 *   ids: ['P-1', 'P-2'],
 *   connection: () => memoryBroker(server),
 * })
 * await pumps.sendData((device, index) => ({ rpm: 1000 + index }))
 * await pumps.close()
 * ```
 */
export async function virtualFleet<T extends DeviceType>(
  fleet: Pick<Fleet, 'provision'>,
  type: T,
  options: VirtualFleetOptions<T>,
): Promise<VirtualFleet<T>> {
  checkOptions(options, { ids: true, connection: true, commands: true })
  const { ids, ...each } = options
  const devices: VirtualDevice<T>[] = []
  for (const id of ids) {
    const login = await fleet.provision(type, id)
    devices.push(virtualDevice(type, { ...each, login }))
  }
  const close = async () => {
    await Promise.all(devices.map((device) => device.close()))
  }
  try {
    await Promise.all(devices.map((device) => device.connect()))
  } catch (error) {
    await close()
    throw error
  }
  return {
    devices,
    device(id) {
      const found = devices.find(({ login }) => login.id === id)
      if (!found) throw new RangeError(`there is no virtual device "${id}" of type ${type.name}`)
      return found
    },
    async sendData(make) {
      await Promise.all(devices.map((device, index) => device.sendData(make(device, index))))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
