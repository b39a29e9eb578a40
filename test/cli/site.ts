/**
 * Two device types on two brokers, and a configuration that names them.
 *
 * @module
 */
import * as v from 'valibot'
import { type EmbeddedBroker, embeddedBroker } from '../../adapters/embedded/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  command,
  createFleet,
  defineDeviceType,
  memoryStore,
  type ProvisionedDevice,
  type ServiceAccount,
} from '../../src/index.ts'
import { captureLog } from '../hub/fixture.ts'

export const HUB_PASSWORD = 'a password for the hub 42'

/** What the configuration and this file declare alike. */
export const TYPES = `
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

export const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { ping: command({ reply: v.object({}) }) },
})
export const node = defineDeviceType('node', {
  broker: 'lorawan',
  data: v.object({ rssi: v.number() }),
})
`

export const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { ping: command({ reply: v.object({}) }) },
})
export const loraNode = defineDeviceType('node', {
  broker: 'lorawan',
  data: v.object({ rssi: v.number() }),
})

/** A configuration of the types named, as a module. */
export function configModule(types: string, brokers: unknown): string {
  return `${TYPES}
import { defineConfig } from 'devicehub/cli'
export default defineConfig({ types: [${types}], brokers: ${JSON.stringify(brokers)} })
`
}

/** An embedded broker of a fleet with a hub's login and one device of each type. */
export interface Site extends AsyncDisposable {
  readonly broker: EmbeddedBroker
  readonly station: Broker
  readonly node: Broker
  /** The station's. */
  readonly login: ProvisionedDevice
}

/** @param rules Those of the hub's login. */
export async function embeddedSite(rules: ServiceAccount['rules'] = 'hub'): Promise<Site> {
  const fleet = createFleet({
    types: [station, loraNode],
    store: memoryStore(),
    services: [{ username: 'hub', password: HUB_PASSWORD, rules }],
  })
  const broker = await embeddedBroker(fleet, { port: 0, logger: captureLog() })
  const [first, second] = await Promise.all([
    fleet.provision(station, 'S-1'),
    fleet.provision(loraNode, 'N-1'),
  ])
  const [one, two] = await Promise.all(
    [first, second].map(({ username, password }) => connect(broker.url, { username, password })),
  )
  return {
    broker,
    station: one!,
    node: two!,
    login: first,
    async [Symbol.asyncDispose]() {
      await Promise.all([one!.close(), two!.close()])
      await broker.close()
    },
  }
}

/** A connected client. */
export async function connect(
  url: string,
  login: { readonly username?: string; readonly password?: string } = {},
): Promise<Broker> {
  const broker = mqtt({ url, ...login })
  await broker.connect({ onMessage: async () => {} })
  return broker
}

/** Publishes with QoS 1; settles when the broker has it. */
export function publish(broker: Broker, topic: string, payload: unknown): Promise<void> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return broker.publish({ topic, payload: new TextEncoder().encode(text) })
}
