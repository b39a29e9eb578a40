/**
 * A simulated device: a real MQTT client over TCP, with its own provisioned login.
 *
 * @module
 */
import type { Broker } from '../../../src/broker/broker.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import type { ProvisionedDevice } from '../../../src/fleet/fleet.ts'
import {
  type CommandHandlers,
  type VirtualDevice,
  virtualDevice,
} from '../../../src/testing/device.ts'
import { mqtt } from '../../mqtt/index.ts'
import type { Behaviour } from './simulation.ts'

/** Where the simulated devices connect. */
export interface DeviceNetwork {
  readonly url: string
  /** Called when a publish fails. */
  readonly onFailure: (error: unknown) => void
}

/** A simulated device that is switched on. */
export class SimulatedDevice {
  readonly login: ProvisionedDevice
  readonly #device: VirtualDevice
  readonly #network: DeviceNetwork
  readonly #behaviour: Behaviour
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    network: DeviceNetwork,
    type: DeviceType,
    login: ProvisionedDevice,
    behaviour: Behaviour,
  ) {
    this.login = login
    this.#network = network
    this.#behaviour = behaviour
    const names = Object.keys(type.commands)
    const obey = (name: string) => (payload: unknown) => behaviour.obey(name, payload)
    const commands = Object.fromEntries(names.map((name) => [name, obey(name)]))
    this.#device = virtualDevice(type, {
      login,
      connection: ({ username, password }) => mqtt({ url: network.url, username, password }),
      commands: commands as CommandHandlers<DeviceType>,
    })
  }

  /** The one it has now, or had last. */
  get connection(): Broker {
    return this.#device.broker
  }

  /** Connects, listens for commands and begins to measure. */
  async switchOn(): Promise<void> {
    await this.#device.connect()
    await this.#device.send('status', {
      ...{ status: 'online', firmware_version: '2.1.0' },
      battery_level: 10 + Math.floor(Math.random() * 90),
    })
    this.#schedule(Math.random() * 1000)
  }

  /** Disconnects. It may be switched on again. */
  async switchOff(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#device.close()
  }

  /** Publishes data, whatever it is: bytes as they are, else JSON of it. */
  sendData(payload: unknown): Promise<void> {
    return this.#device.send('data', payload)
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#schedule(this.#behaviour.seconds * 1000)
      this.sendData(this.#behaviour.measure()).catch(this.#network.onFailure)
    }, ms)
  }
}
