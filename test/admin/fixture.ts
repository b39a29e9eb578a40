/**
 * A fleet with operators, and its routes.
 *
 * @module
 */
import { toJsonSchema } from '@valibot/to-json-schema'
import { Hono } from 'hono'
import * as v from 'valibot'
import { type AuditEntry, deviceAdmin, type Operator } from '../../adapters/admin/index.ts'
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  type Fleet,
  type Kick,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: {
    stop: command(),
    setRpm: command({
      payload: v.object({ rpm: v.number() }),
      reply: v.object({ rpm: v.number() }),
    }),
  },
})
export const valve = defineDeviceType('valve', { data: v.object({ open: v.boolean() }) })

/** Who may do what. The name is sent in the header `x-operator`. */
const OPERATORS: readonly Operator[] = [
  { name: 'admin' },
  { name: 'reader', may: 'read' },
  { name: 'north', attributes: { tenant: 'north' } },
  { name: 'valves', types: ['valve'] },
]

/** What was answered. */
export interface Answer {
  readonly status: number
  // What a test looks at is said by what it compares with.
  readonly body: Record<string, unknown>
  readonly type: string | null
}

/** A place to ask. */
export interface Site {
  readonly fleet: Fleet
  readonly trail: AuditEntry[]
  /** The routes there are. */
  readonly routes: readonly { readonly method: string; readonly path: string }[]
  readonly lines: string[]
  ask(
    operator: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
}

/** Pumps and valves of two tenants. */
export async function openSite(
  options: { fleet?: Fleet; hub?: boolean; kicks?: Record<string, Kick> } = {},
): Promise<Site & AsyncDisposable> {
  const fleet =
    options.fleet ??
    createFleet({
      types: [pump, valve],
      store: memoryStore(),
      pepper: 'a pepper of more than 16 bytes',
    })
  const trail: AuditEntry[] = []
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const server = memoryServer()
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) } })
  if (options.hub) await hub.start()
  const device = memoryBroker(server)
  if (options.hub) {
    await device.connect({
      async onMessage({ topic, payload }) {
        const sent = JSON.parse(new TextDecoder().decode(payload))
        if (sent.command !== 'setRpm') return
        const reply = JSON.stringify({ id: sent.id, payload: sent.payload })
        await device.publish({
          topic: topic.replace('/cmd', '/reply'),
          payload: new TextEncoder().encode(reply),
        })
      },
    })
    await device.subscribe([{ filter: 'things/+/+/cmd' }])
  }
  const routes = deviceAdmin(fleet, {
    authorize: ({ headers }) => OPERATORS.find(({ name }) => name === headers.get('x-operator')),
    audit: (entry) => void trail.push(entry),
    logger: { info: write, warn: write, error: write },
    ...(options.hub && { hub }),
    ...(options.kicks && { kicks: options.kicks }),
    toJsonSchema,
  })
  const app = new Hono().route('/admin', routes)
  return {
    fleet,
    trail,
    routes: routes.routes,
    lines,
    async ask(operator, method, path, body, headers = {}) {
      const response = await app.request(`/admin${path}`, {
        method,
        headers: {
          ...(operator !== undefined && { 'x-operator': operator }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: isRaw(body) ? body : JSON.stringify(body) }),
      })
      const type = response.headers.get('content-type')
      return { status: response.status, body: (await response.json()) as Answer['body'], type }
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}

/** Whether a body is sent as it is. */
function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array
}
