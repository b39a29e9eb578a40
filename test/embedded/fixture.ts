/**
 * An embedded broker with two pumps and a service account, and clients of it that end with it.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net'
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import * as v from 'valibot'
import {
  type Denial,
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
  embeddedBroker,
} from '../../adapters/embedded/index.ts'
import {
  command,
  createFleet,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type Logger,
  memoryStore,
} from '../../src/index.ts'
import { Collector, within } from '../support/wait.ts'

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: { start: command({ reply: v.object({ started: v.boolean() }) }) },
  rules: [
    { effect: 'allow', actions: ['publish'], filter: 'audit/{clientId}' },
    { effect: 'allow', actions: ['publish'], filter: 'state/{deviceId}', retain: true },
    { effect: 'allow', actions: ['publish'], filter: '$SYS/#' },
    { effect: 'allow', actions: ['subscribe'], filter: 'news/#', maxQos: 1 },
    { effect: 'deny', actions: ['subscribe'], filter: 'news/internal/#' },
  ],
})

export const OFFICE = { username: 'office', password: 'office-password-0123' }
/** Whose rules grant a shared subscription, and nothing else. */
export const TEAM = { username: 'team', password: 'team-password-01234' }

/** A logger that remembers. */
export class CapturedLog implements Logger {
  readonly lines: string[] = []
  readonly info = (line: string): void => void this.lines.push(`info: ${line}`)
  readonly warn = (line: string): void => void this.lines.push(`warn: ${line}`)
  readonly error = (line: string): void => void this.lines.push(`error: ${line}`)
}

export interface Login {
  readonly username: string
  readonly password: string
}

/** An MQTT.js client and all that came to it. */
export interface TestClient {
  readonly mqtt: MqttClient
  readonly messages: Collector<{ topic: string; text: string; packet: IPublishPacket }>
  /** Settles when the connection ends, with the reason code of the broker's DISCONNECT, if any. */
  readonly ended: Promise<number | undefined>
}

/** A broker, and what is done with it. */
export interface Site extends AsyncDisposable {
  readonly fleet: Fleet
  readonly broker: EmbeddedBroker
  readonly log: CapturedLog
  readonly denials: Collector<Denial>
  /** Logins of the pumps P-1 and P-2. */
  readonly p1: Login
  readonly p2: Login
  /** Connects, by MQTT 5 unless told otherwise. Rejects when the broker refuses. */
  connect(
    login: IClientOptions,
    options?: IClientOptions,
    transport?: 'url' | 'websocketUrl',
  ): Promise<TestClient>
  /** A bare TCP connection to the broker. */
  dial(): Promise<Socket>
}

/** Starts a broker on a free port. */
export async function openSite(
  options: {
    websocket?: boolean
    onDenied?: (denial: Denial) => void
    store?: DeviceStore
    rulesLifetime?: number
    limits?: EmbeddedBrokerOptions['limits']
  } = {},
): Promise<Site> {
  const log = new CapturedLog()
  const denials = new Collector<Denial>()
  const fleet = createFleet({
    types: [pump],
    store: options.store ?? memoryStore(),
    ...(options.rulesLifetime !== undefined && { rulesLifetime: options.rulesLifetime }),
    services: [
      {
        ...OFFICE,
        rules: [
          { effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' },
          { effect: 'allow', actions: ['subscribe'], filter: '$SYS/#' },
        ],
      },
      {
        ...TEAM,
        rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'things/#', share: 'team' }],
      },
    ],
  })
  const [p1, p2] = await Promise.all([fleet.provision(pump, 'P-1'), fleet.provision(pump, 'P-2')])
  const broker = await embeddedBroker(fleet, {
    port: 0,
    logger: log,
    onDenied: options.onDenied ?? denials.push,
    ...(options.limits && { limits: options.limits }),
    ...(options.websocket && { websocket: { port: 0 } }),
  })
  const clients: TestClient[] = []
  const sockets: Socket[] = []

  return {
    fleet,
    broker,
    log,
    denials,
    p1,
    p2,

    async connect(login, connectOptions, transport = 'url') {
      const client = await openClient(broker[transport]!, { ...login, ...connectOptions })
      clients.push(client)
      return client
    },

    async dial() {
      const socket = connectTcp(portOf(broker.url), '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => {})
      await within(once(socket, 'connect'), 'TCP connection')
      return socket
    },

    async [Symbol.asyncDispose]() {
      for (const client of clients) client.mqtt.end(true)
      for (const socket of sockets) socket.destroy()
      await within(broker.close(), 'close of the broker')
    },
  }
}

/** Connects by MQTT 5, without reconnecting. Rejects when the broker refuses. */
export async function openClient(url: string, options: IClientOptions): Promise<TestClient> {
  const client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 0, ...options })
  const messages: TestClient['messages'] = new Collector()
  client.on('message', (topic, payload, packet) =>
    messages.push({ topic, text: payload.toString(), packet }),
  )
  let code: number | undefined
  client.on('disconnect', ({ reasonCode }) => {
    code = reasonCode
  })
  const ended = new Promise<number | undefined>((resolve) =>
    client.once('close', () => resolve(code)),
  )
  const connected = new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
    client.once('close', () => reject(new Error('The connection ended before CONNACK')))
  })
  await within(connected, 'CONNACK')
  client.on('error', () => {})
  return { mqtt: client, messages, ended }
}

/** The port in a URL. */
export function portOf(url: string): number {
  return Number(new URL(url).port)
}

/** A server on a port of its own, which is taken for as long as that is open. */
export async function takePort(): Promise<{ port: number; close(): Promise<void> }> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Settles with the reason code that a promise of MQTT.js is rejected with. */
export async function reasonOf(promise: Promise<unknown>): Promise<number | number[] | undefined> {
  try {
    await within(promise, 'answer')
    return 0
  } catch (error) {
    const { code, packet } = error as { code?: number; packet?: { granted?: number[] } }
    if (code === undefined && packet?.granted === undefined) throw error
    return packet?.granted ?? code
  }
}
