/**
 * A fleet with two devices and the login of a hub, behind the routes a broker asks.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import {
  command,
  createFleet,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type Logger,
  memoryStore,
} from '../../src/index.ts'
import { ASKING } from '../support/products.ts'

export const SECRET = 'broker-secret-0123456789'
export const HUB_PASSWORD = 'hub-password-0123456789'

export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { setInterval: command({ reply: v.object({ interval: v.number() }) }) },
})

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  rules: [
    { effect: 'allow', actions: ['publish'], filter: 'audit/{clientId}' },
    { effect: 'allow', actions: ['publish'], filter: 'logs/{deviceId}/#', maxQos: 1 },
    { effect: 'allow', actions: ['publish'], filter: 'state/{deviceId}', retain: true },
    { effect: 'deny', actions: ['publish'], filter: 'logs/{deviceId}/secret' },
  ],
})

/** A logger that remembers. */
export function captureLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const add = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { lines, info: add('info'), warn: add('warn'), error: add('error') }
}

export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly text: string
}

export const ALLOW: Answer = { status: 200, type: 'application/json', text: '{"result":"allow"}' }
export const DENY: Answer = { status: 200, type: 'application/json', text: '{"result":"deny"}' }

export interface Fixture {
  readonly fleet: Fleet
  readonly app: Hono
  readonly log: ReturnType<typeof captureLog>
  /** Of `weatherstation/STATION-001`. */
  readonly password: string
  /** Of `pump/P-1`. */
  readonly pumpPassword: string
  /** Asks as the broker does: a POST of JSON, with the secret. */
  ask(path: string, body: unknown, init?: RequestInit): Promise<Answer>
}

export async function fixture(
  options: { store?: DeviceStore; logger?: Logger; maxBodyBytes?: number } = {},
): Promise<Fixture> {
  const { store = memoryStore(), ...routeOptions } = options
  const fleet = createFleet({
    types: [weatherStation, pump],
    store,
    services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
  })
  const { password } = await fleet.provision(weatherStation, 'STATION-001')
  const { password: pumpPassword } = await fleet.provision(pump, 'P-1')
  const log = captureLog()
  const mount = () => {
    const options = { secret: SECRET, logger: log, products: ASKING, ...routeOptions }
    return new Hono().route('/iot/broker', brokerAuth(fleet, options))
  }
  mount()
  // Mounted anew for each request, so that each denial is the first of its kind in the log.
  const app = new Hono().mount('/', (request: Request) => mount().fetch(request))
  return {
    fleet,
    app,
    log,
    password,
    pumpPassword,
    ask: (path, body, init) => request(app, path, body, init),
  }
}

export async function request(
  app: Hono,
  path: string,
  body: unknown,
  init: RequestInit = {},
): Promise<Answer> {
  const response = await app.request(`/iot/broker${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: isRaw(body) ? body : JSON.stringify(body),
    ...init,
  })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  }
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> | null {
  return body === null || typeof body === 'string' || body instanceof Uint8Array
}
