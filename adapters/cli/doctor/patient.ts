/**
 * A broker that is looked at, and connections to it.
 *
 * @module
 */
import { BrokerError } from '../../../src/base/errors.ts'
import type { Broker, BrokerCapabilities, Message } from '../../../src/broker/broker.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import type { Product } from '../../../src/product/product.ts'
import type { BrokerConfig } from '../../mqtt/options.ts'
import { brokerAs, type Client, openBroker } from '../broker.ts'
import type { Settings } from '../settings/load.ts'
import type { TryDevices } from './devices.ts'
import type { Report } from './report.ts'
import type { Routes } from './routes.ts'

/** What checks of a broker go by. */
export interface Patient {
  readonly name: string
  /** What it is called in findings. */
  readonly subject: string
  readonly settings: Settings
  readonly fleet: Fleet
  /** The device types that use it. */
  readonly types: readonly DeviceType[]
  /** What the configuration says, where the `mqtt` engine makes it. */
  readonly config: BrokerConfig | undefined
  /** The same for devices, which may have another address. */
  readonly deviceConfig: BrokerConfig | undefined
  /** What the configuration says it is. */
  readonly product: Product | undefined
  readonly routes: Routes | undefined
  readonly devices: TryDevices
  readonly connections: Connections
  readonly report: Report
}

/** A connection that stands. */
export interface Connection {
  readonly broker: Broker
  readonly capabilities: BrokerCapabilities
  /** What it has received so far: topics with their payload as text. */
  readonly received: { readonly topic: string; readonly text: string }[]
  /** Settles when it has received a message on a topic with this text, or the time is up. */
  hears(topic: string, text: string): Promise<boolean>
}

const DELIVERY_LIMIT_MS = 5_000

/** All connections of a run, so that none stays. */
export class Connections {
  readonly #open = new Set<Broker>()
  /** Ends all that is begun. */
  readonly signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  /** Connects as the hub would, in a session of its own. Rejects as the broker does. */
  asHub(settings: Settings, name: string): Promise<Connection> {
    return this.#connect(openBroker(settings, name, false))
  }

  /** Connects as somebody else, over what the configuration says of the network. */
  as(config: BrokerConfig, client: Client): Promise<Connection> {
    return this.#connect(brokerAs(config, client))
  }

  async #connect(broker: Broker): Promise<Connection> {
    this.signal.throwIfAborted()
    this.#open.add(broker)
    const received: Connection['received'] = []
    const listeners = new Set<() => void>()
    const onMessage = async ({ topic, payload }: Message) => {
      received.push({ topic, text: new TextDecoder().decode(payload) })
      for (const listener of listeners) listener()
    }
    const capabilities = await broker.connect({ onMessage, signal: this.signal })
    const hears = (topic: string, text: string) =>
      new Promise<boolean>((resolve) => {
        const end = (heard: boolean) => {
          clearTimeout(timer)
          listeners.delete(look)
          resolve(heard)
        }
        const look = () => {
          if (received.some((one) => one.topic === topic && one.text === text)) end(true)
        }
        const timer = setTimeout(end, DELIVERY_LIMIT_MS, false)
        listeners.add(look)
        look()
      })
    return { broker, capabilities, received, hears }
  }

  /** Ends one. */
  async end({ broker }: Connection): Promise<void> {
    this.#open.delete(broker)
    await broker.close()
  }

  /** Ends all. */
  async endAll(): Promise<void> {
    await Promise.allSettled([...this.#open].map((broker) => broker.close()))
    this.#open.clear()
  }
}

/** Whether the broker did what it was asked. One that ends the connection instead did not. */
export async function isGranted(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof BrokerError && REFUSALS.includes(error.code)) return false
    throw error
  }
}

const REFUSALS: readonly string[] = [
  'ERR_BROKER_NOT_AUTHORIZED',
  'ERR_BROKER_REFUSED',
  'ERR_BROKER_LOGIN_REFUSED',
  'ERR_BROKER_CONNECTION_LOST',
  'ERR_BROKER_NOT_CONNECTED',
]

/** The client id that doctor uses beside that of a device: one of its own, or of the device alone. */
export function clientIdOf(username: string): string {
  return `${username}//doctor-${crypto.randomUUID().slice(0, 8)}`
}

/** A text as a payload. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
