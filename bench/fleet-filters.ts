/**
 * Topic filters as a fleet has them, and topic names its devices publish to: the inputs of the
 * benches of routing.
 *
 * @module
 */
import { seededRandom, shuffle } from './random.ts'

/** What a hub and its dashboards subscribe to for all devices. The same at every size. */
const ALL_DEVICES: readonly string[] = [
  'things/weatherstation/+/data',
  'things/+/+/status',
  'things/pump/#',
  '+/+/+/reply',
]

const TYPES = ['weatherstation', 'pump', 'gateway'] as const
const CHANNELS = ['data', 'status', 'cmd', 'reply'] as const
const NAMES = 4096

/** Filters and the names to look up in them. */
export interface FleetTopics {
  readonly filters: readonly string[]
  readonly names: readonly string[]
}

/**
 * Makes filters: a few for all devices, and of the rest, each about a device of its own, six in ten
 * exact, three with `+` and one with `#`.
 *
 * Of the names, three in four belong to a device that a filter is about.
 */
export function fleetTopics(size: number): FleetTopics {
  const random = seededRandom(size)
  const devices = size - ALL_DEVICES.length
  const own = Array.from({ length: devices }, (_, i) => filterOf(i))
  const names = Array.from({ length: NAMES }, (_, i) => {
    const device = random(devices) + (i % 4 === 0 ? devices : 0)
    return `things/${typeOf(device)}/${idOf(device)}/${CHANNELS[random(CHANNELS.length)]}`
  })
  return { filters: shuffle([...ALL_DEVICES, ...own], random), names }
}

function filterOf(device: number): string {
  const topic = `things/${typeOf(device)}/${idOf(device)}`
  const kind = device % 10
  if (kind < 6) return `${topic}/${CHANNELS[kind % CHANNELS.length]}`
  if (kind < 8) return `${topic}/+`
  return kind === 8 ? `things/+/${idOf(device)}/data` : `${topic}/#`
}

function typeOf(device: number): string {
  return TYPES[device % TYPES.length]!
}

function idOf(device: number): string {
  return `STATION-${String(device).padStart(6, '0')}`
}
