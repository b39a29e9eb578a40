/**
 * What topics say, as they were last read: a hub asks for each message, and devices repeat theirs.
 *
 * @module
 */
import { InvalidTopicError } from '../base/errors.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { DeviceType } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Channel } from '../topic/template.ts'

/** What a topic says. */
export interface Route {
  readonly type: DeviceType
  readonly channel: Channel
  /** The same one for every message of the topic, and frozen. */
  readonly device: DeviceRef
  /** The device's name for the queue. */
  readonly name: string
  /** The subject of an error message. */
  readonly what: string
}

/** How many topics are kept. Beyond it the half read longest ago is forgotten. */
const MAX_ROUTES = 20_000

/** Makes what reads topics: `undefined` for one that is malformed, or no device's. */
export function topicRoutes(fleet: Fleet): (topic: string) => Route | undefined {
  const routes: RecentMap<string, Route> = recentMap(MAX_ROUTES)
  return (topic) => {
    const known = routes.get(topic)
    if (known) return known
    const route = read(fleet, topic)
    if (route) routes.set(topic, route)
    return route
  }
}

function read(fleet: Fleet, topic: string): Route | undefined {
  try {
    const found = fleet.route(topic)
    if (!found) return undefined
    const { type, deviceId, channel } = found
    const name = `${type.name}/${deviceId}`
    const device = Object.freeze({ type: type.name, id: deviceId })
    return { type, channel, device, name, what: `${channel} of ${name}` }
  } catch (error) {
    if (error instanceof InvalidTopicError) return undefined
    throw error
  }
}
