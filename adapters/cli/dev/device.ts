/**
 * A simulated device: a real MQTT client over TCP, with its own provisioned login.
 *
 * @module
 */
import type { Broker, Message } from '../../../src/broker/broker.ts'
import type { ProvisionedDevice } from '../../../src/fleet/fleet.ts'
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
  #connection: Broker
  readonly #network: DeviceNetwork
  readonly #behaviour: Behaviour
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(network: DeviceNetwork, login: ProvisionedDevice, behaviour: Behaviour) {
    this.login = login
    this.#network = network
    this.#behaviour = behaviour
    this.#connection = this.#makeConnection()
  }

  /** The one it has now, or will have when it is switched on. */
  get connection(): Broker {
    return this.#connection
  }

  /** Connects, listens for commands and begins to measure. */
  async switchOn(): Promise<void> {
    await this.#connection.connect({ onMessage: (message) => this.#obey(message) })
    await this.#connection.subscribe([{ filter: this.login.topics.cmd }])
    await this.send(this.login.topics.status, { status: 'online', firmware_version: '2.1.0' })
    this.#schedule(Math.random() * 1000)
  }

  /** Disconnects. It may be switched on again. */
  async switchOff(): Promise<void> {
    clearTimeout(this.#timer)
    const before = this.#connection
    this.#connection = this.#makeConnection()
    await before.close()
  }

  /** Publishes JSON, or a text as it is. */
  async send(topic: string, payload: unknown, correlationData?: Uint8Array): Promise<void> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    await this.#connection.publish({
      topic,
      payload: new TextEncoder().encode(text),
      ...(correlationData && { correlationData }),
    })
  }

  #makeConnection(): Broker {
    const { username, password } = this.login
    return mqtt({ url: this.#network.url, username, password })
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#schedule(this.#behaviour.seconds * 1000)
      const { data } = this.login.topics
      this.send(data, this.#behaviour.measure()).catch(this.#network.onFailure)
    }, ms)
  }

  async #obey({ payload, correlationData }: Message): Promise<void> {
    const { command, payload: wanted } = JSON.parse(new TextDecoder().decode(payload))
    const outcome = this.#behaviour.obey(command, wanted)
    const reply =
      outcome === undefined
        ? { error: { code: 'unknown-command', message: `I know no command ${command}` } }
        : { payload: outcome }
    await this.send(this.login.topics.reply, reply, correlationData)
  }
}
