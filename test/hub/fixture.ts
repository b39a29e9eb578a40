/**
 * A fleet, a hub on a broker in memory, and a device's end of that broker.
 *
 * @module
 */
import * as v from 'valibot'
import {
  type Broker,
  command,
  createFleet,
  createHub,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type Hub,
  type HubOptions,
  type Logger,
  type MemoryServer,
  type Message,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'

export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number(), humidity: v.optional(v.number()) }),
  commands: {
    reboot: command(),
    setInterval: command({
      payload: v.object({ interval: v.number() }),
      reply: v.object({ interval: v.number() }),
    }),
  },
})

export const pump = defineDeviceType('pump', { data: v.strictObject({ rpm: v.number() }) })

/** A logger that remembers. */
export function captureLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const add = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { lines, info: add('info'), warn: add('warn'), error: add('error') }
}

export interface Fixture extends AsyncDisposable {
  readonly fleet: Fleet
  readonly hub: Hub
  readonly server: MemoryServer
  readonly log: ReturnType<typeof captureLog>
  /** The devices' end. */
  readonly devices: Broker
  /** What the devices received. */
  readonly onCommand: (handler: (message: Message) => Promise<void> | void) => void
  publish(topic: string, payload: unknown): Promise<void>
}

/** Provisions `weatherstation/STATION-001` and `pump/P-1`; start the hub yourself. */
export async function fixture(
  options: Partial<HubOptions> & { store?: DeviceStore } = {},
): Promise<Fixture> {
  const { store = memoryStore(), ...hubOptions } = options
  const fleet = createFleet({ types: [weatherStation, pump], store })
  await fleet.provision(weatherStation, 'STATION-001')
  await fleet.provision(pump, 'P-1')
  const server = memoryServer()
  const log = captureLog()
  const hub = createHub(fleet, {
    brokers: { default: memoryBroker(server) },
    logger: log,
    retry: { delay: 0.001 },
    ...hubOptions,
  })
  const devices = memoryBroker(server)
  let handle: (message: Message) => Promise<void> | void = () => {}
  await devices.connect({ onMessage: async (message) => handle(message) })
  await devices.subscribe([{ filter: 'things/+/+/cmd' }])
  return {
    fleet,
    hub,
    server,
    log,
    devices,
    onCommand: (handler) => {
      handle = handler
    },
    publish: (topic, payload) => devices.publish({ topic, payload: bytes(payload) }),
    async [Symbol.asyncDispose]() {
      await hub.close()
      await devices.close()
    },
  }
}

/** JSON in UTF-8; a string or bytes stay what they are. */
export function bytes(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload
  return new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload))
}

export function parse(message: Message): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(message.payload))
}
