/**
 * A fleet of two tenants with a hub, its page, and devices that say something.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { Operator } from '../../adapters/admin/index.ts'
import { type FleetPageOptions, fleetPage } from '../../adapters/page/index.ts'
import type { LiveEvents } from '../../adapters/page/wire.ts'
import {
  createFleet,
  createHub,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type Hub,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'

export const pump = defineDeviceType('pump', {
  data: v.object({
    rpm: v.number(),
    motor: v.optional(v.object({ bar: v.number() })),
    mode: v.optional(v.string()),
  }),
  heartbeat: 4,
  stateFields: ['mode'],
})
export const valve = defineDeviceType('valve', { data: v.object({ open: v.boolean() }) })

/** Who may do what. The name is sent in the header `x-operator`. */
export const OPERATORS: readonly Operator[] = [
  { name: 'admin' },
  { name: 'reader', may: 'read' },
  { name: 'north', attributes: { tenant: 'north' } },
  { name: 'valves', types: ['valve'] },
]

/** An event of a stream. */
export type Told = {
  [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] }
}[keyof LiveEvents]

/** A stream that is read. */
export class Listening {
  readonly events: Told[] = []
  /** Comments among them. */
  readonly comments: string[] = []
  isOver = false
  readonly #reader: {
    read(): Promise<{ done: boolean; value?: string | undefined }>
    cancel(): Promise<void>
  }

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body
      .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
      .getReader()
    // Whoever leaves may be told so by an error.
    void this.#read().catch(() => {})
  }

  /** What came under a name. */
  of<Name extends keyof LiveEvents>(name: Name): readonly LiveEvents[Name][] {
    return this.events
      .filter((one) => one.name === name)
      .map(({ data }) => data as LiveEvents[Name])
  }

  /** Forgets what came. */
  clear(): void {
    this.events.length = 0
  }

  /** Leaves. */
  async leave(): Promise<void> {
    await this.#reader.cancel()
  }

  async #read(): Promise<void> {
    let text = ''
    for (;;) {
      const { done, value } = await this.#reader.read()
      if (done) break
      text += value
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) this.#take(block)
    }
    this.isOver = true
  }

  #take(block: string): void {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? []
    if (name === undefined) this.comments.push(block)
    else this.events.push({ name, data: JSON.parse(data!) } as Told)
  }
}

/** A fleet with its page at `/fleet`. */
export interface Site extends AsyncDisposable {
  readonly fleet: Fleet
  readonly hub: Hub
  readonly app: Hono
  readonly lines: string[]
  /** Who is let in: to be changed. */
  operators: readonly Operator[]
  /** How often the check of the application was asked. */
  readonly asked: () => number
  /** How many handlers the hub has, and listeners the fleet. */
  readonly listeners: () => number
  /** Sends as a device does. */
  say(type: string, id: string, channel: 'data' | 'status', payload: unknown): Promise<void>
  request(operator: string | undefined, path: string, headers?: object): Promise<Response>
  /** Listens. */
  live(operator: string, query: string): Promise<Listening>
}

/** Opens it, with pumps `n-1` and `s-1` and a valve `s-2`, of two tenants. */
export async function openSite(
  options: { readonly store?: DeviceStore; readonly page?: Partial<FleetPageOptions> } = {},
): Promise<Site> {
  const fleet = createFleet({ types: [pump, valve], store: options.store ?? memoryStore() })
  const server = memoryServer()
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const logger = { info: write, warn: write, error: write }
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, logger })
  await hub.start()
  for (const [type, id, tenant] of [
    [pump, 'n-1', 'north'],
    [pump, 's-1', 'south'],
    [valve, 's-2', 'south'],
  ] as const) {
    await fleet.provision(type, id, { attributes: { tenant } })
  }
  const device = memoryBroker(server)
  await device.connect({ onMessage() {} })
  let listeners = 0
  let asked = 0
  const counted = <Rest extends unknown[]>(add: (...args: Rest) => () => void) => {
    return (...args: Rest) => {
      const stop = add(...args)
      listeners++
      return () => {
        listeners--
        stop()
      }
    }
  }
  const site: Site = {
    fleet,
    hub,
    lines,
    operators: OPERATORS,
    asked: () => asked,
    listeners: () => listeners,
    app: new Hono(),
    async say(type, id, channel, payload) {
      const topic = `things/${type}/${id}/${channel}`
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      await device.publish({ topic, payload: new TextEncoder().encode(text) })
    },
    async request(operator, path, headers = {}) {
      const named = operator !== undefined && { 'x-operator': operator }
      return site.app.request(path, { headers: { ...named, ...headers } })
    },
    async live(operator, query) {
      const response = await site.request(operator, `/fleet/live?${query}`)
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
      return new Listening(response.body!)
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
  const page = fleetPage(
    { ...fleet, onDenied: counted(fleet.onDenied) },
    {
      authorize(request) {
        asked++
        return site.operators.find(({ name }) => name === request.headers.get('x-operator'))
      },
      hub: {
        device: hub.device,
        status: hub.status,
        onData: counted(hub.onData) as Hub['onData'],
        onStatus: counted(hub.onStatus) as Hub['onStatus'],
        onRejected: counted(hub.onRejected),
      },
      logger,
      ...options.page,
    },
  )
  site.app.route('/fleet', page)
  return site
}

/** Lets what was sent be read: a few turns of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0))
}
