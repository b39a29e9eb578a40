/**
 * The routes as a site mounts them: one file that runs unchanged on every runtime. Passwords are
 * known beforehand, so that requests can be written down as brokers send them.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth, outcomeCounters } from '../../adapters/hono/index.ts'
import { secretHasher } from '../../src/access/credential.ts'
import {
  type AccessRule,
  command,
  createFleet,
  type DeviceRecord,
  defineDeviceType,
  memoryStore,
} from '../../src/index.ts'

export const SECRET = 'broker-secret-0123456789'
/** Of the device `weatherstation/STATION-001`. */
export const STATION_PASSWORD: string = `dhs_${'1'.repeat(64)}`
/** Of the device `pump/P-1`, which has rules with conditions. */
export const PUMP_PASSWORD: string = `dhs_${'2'.repeat(64)}`
/** Of the device with the user name `old-name` from another system. */
export const OLD_PASSWORD: string = `dhs_${'3'.repeat(64)}`
export const HUB_PASSWORD = 'hub-password-0123456789'

const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { setInterval: command({ reply: v.object({ interval: v.number() }) }) },
})

const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  rules: [
    { effect: 'allow', actions: ['publish'], filter: 'audit/{clientId}' },
    { effect: 'allow', actions: ['publish'], filter: 'logs/{deviceId}/#', maxQos: 1 },
    { effect: 'allow', actions: ['publish'], filter: 'state/{deviceId}', retain: true },
    { effect: 'allow', actions: ['subscribe'], filter: 'news/#' },
    { effect: 'allow', actions: ['subscribe'], filter: 'work/#', share: 'crew' },
    { effect: 'deny', actions: ['subscribe'], filter: 'news/secret/#' },
  ],
})

const hasher = secretHasher(undefined)

function record(
  type: string,
  id: string,
  secret: string,
  more: { username?: string; rules?: readonly AccessRule[]; revoked?: boolean } = {},
): DeviceRecord {
  const { username = `${type}/${id}`, rules = [], revoked = false } = more
  const credentials = [
    { id: 'c-1', kind: 'password' as const, hash: hasher.hash(secret), createdAt: 0 },
  ]
  const times = { createdAt: 0, revision: 1 }
  return { type, id, username, credentials, rules, attributes: {}, revoked, ...times }
}

const store = memoryStore()
await store.insert(record('weatherstation', 'STATION-001', STATION_PASSWORD))
await store.insert(record('weatherstation', 'STATION-002', STATION_PASSWORD, { revoked: true }))
await store.insert(record('pump', 'P-1', PUMP_PASSWORD))
await store.insert(record('pump', 'P-2', OLD_PASSWORD, { username: 'old-name' }))

export const fleet = createFleet({
  types: [weatherStation, pump],
  store,
  services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
})

export const counters = outcomeCounters()
const logger = { info() {}, warn() {}, error() {} }

export const site = new Hono().route(
  '/iot/broker',
  brokerAuth(fleet, { secret: SECRET, counters, logger }),
)
