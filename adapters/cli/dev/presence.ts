/**
 * Lines about devices that come and go.
 *
 * @module
 */
import type { PresenceTracker } from '../../../src/presence/presence.ts'
import type { StoredPresence } from '../../../src/presence/stored.ts'
import { dim, green, type Report, yellow } from './report.ts'

/** What brokers and hubs tell of. */
type PresenceSink = Pick<StoredPresence, 'heard' | 'told' | 'connected' | 'disconnected'>

/** Tells a tracker, which the report reads, and the store, where the page has it from. */
export function tellBoth(tracker: PresenceTracker, stored: StoredPresence): PresenceSink {
  return {
    heard(...heard) {
      tracker.heard(...heard)
      stored.heard(...heard)
    },
    told: (...told) => stored.told(...told),
    connected(...connected) {
      stored.connected(...connected)
      return tracker.connected(...connected)
    },
    disconnected(...disconnected) {
      stored.disconnected(...disconnected)
      return tracker.disconnected(...disconnected)
    },
  }
}

/** Reports each device that connects, disconnects or falls silent. Returns how to stop that. */
export function reportPresence(presence: PresenceTracker, report: Report): () => void {
  return presence.onChange(({ device, before, presence: { connected, fresh } }) => {
    const name = `${device.type}/${device.id}`
    if (connected !== before.connected) {
      if (connected === true) report.event(green('↑'), `${name} connected`)
      else report.event(dim('↓'), `${name} disconnected`)
    }
    if (before.fresh && !fresh) report.event(yellow('…'), `${name} is silent`)
  })
}

/** Settles when a device is disconnected. */
export function untilDisconnected(presence: PresenceTracker, username: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = presence.onChange(({ device, presence: { connected } }) => {
      if (connected !== false || `${device.type}/${device.id}` !== username) return
      stop()
      resolve()
    })
  })
}
