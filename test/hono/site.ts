/**
 * The routes as a site mounts them: one file that runs unchanged on every runtime. Passwords are
 * known beforehand, so that requests can be written down as brokers send them.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth, brokerEvents, outcomeCounters } from '../../adapters/hono/index.ts'
import { passwordHasher } from '../../src/credential/generated.ts'
import {
  type AccessRule,
  command,
  createFleet,
  type DeviceRecord,
  defineDeviceType,
  memoryStore,
  presenceTracker,
} from '../../src/index.ts'
import { ASKING, TELLING } from '../support/products.ts'

export const SECRET = 'broker-secret-0123456789'
/** Of the device `weatherstation/STATION-001`. */
export const STATION_PASSWORD: string = `dhs_${'1'.repeat(64)}`
/** Of the device `pump/P-1`, which has rules with conditions. */
export const PUMP_PASSWORD: string = `dhs_${'2'.repeat(64)}`
/** Of the device with the user name `old-name` from another system. */
export const OLD_PASSWORD: string = `dhs_${'3'.repeat(64)}`
export const HUB_PASSWORD = 'hub-password-0123456789'

/** Devices that came from elsewhere with a slow hash of their password. */
export const IMPORTED = {
  /** `make_password` of Debian's python3-django 3.2.25: PBKDF2 with 260,000 rounds. */
  django: {
    id: 'P-django',
    password: 'correct horse',
    hash: 'pbkdf2_sha256$260000$eZ2TBdi0bGrI4k38CbQupk$8PZpcKt+x7NDfIzcGPps6xR0WugFkSsumWra2gi9HkM=',
  },
  /** `mosquitto_passwd -b` of Mosquitto 2.0.11: PBKDF2 with 101 rounds. */
  mosquitto: {
    id: 'P-mosquitto',
    password: 'battery staple',
    hash: '$7$101$izSaKhaBYWVN2DAg$RdoZm5TKCr6+JDdysedXNxMxo0hTbURy2zmZ736pf5RorINen/BngkqYpo9sRFQ7vLNTuP4IQCt2D+9prPCM+w==',
  },
  /** `hashlib.scrypt` of Python 3.11, put together as a PHC string: cheap, for machines under load. */
  scrypt: {
    id: 'P-scrypt',
    password: 'tr0ub4dor and 3',
    hash: '$scrypt$ln=10,r=8,p=1$gpaEeEbeKWSjTAvYQcrYjQ$2s+TIrxNOiMaiIlT1ZCd1SA7vwm8uVnuTdmmoA4RxhY',
  },
} as const

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

const hasher = passwordHasher(undefined)

function record(
  type: string,
  id: string,
  hash: string,
  more: { username?: string; rules?: readonly AccessRule[]; revoked?: boolean } = {},
): DeviceRecord {
  const { username = `${type}/${id}`, rules = [], revoked = false } = more
  const credentials = [{ id: 'c-1', kind: 'password' as const, hash, createdAt: 0 }]
  const times = { createdAt: 0, revision: 1 }
  return { type, id, username, credentials, rules, attributes: {}, revoked, ...times }
}

const station = hasher.hash(STATION_PASSWORD)
const store = memoryStore()
await store.insert(record('weatherstation', 'STATION-001', station))
await store.insert(record('weatherstation', 'STATION-002', station, { revoked: true }))
await store.insert(record('pump', 'P-1', hasher.hash(PUMP_PASSWORD)))
await store.insert(record('pump', 'P-2', hasher.hash(OLD_PASSWORD), { username: 'old-name' }))
for (const { id, hash } of Object.values(IMPORTED)) await store.insert(record('pump', id, hash))

export const fleet = createFleet({
  types: [weatherStation, pump],
  store,
  services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
})

const presence = presenceTracker({ types: fleet.types })
export const counters = outcomeCounters()
const logger = { info() {}, warn() {}, error() {} }

export const site = new Hono()
  .route('/iot/broker', brokerAuth(fleet, { secret: SECRET, products: ASKING, counters, logger }))
  .route(
    '/iot/events',
    brokerEvents(fleet, { secret: SECRET, products: TELLING, presence, logger }),
  )
