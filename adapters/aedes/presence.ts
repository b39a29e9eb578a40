/**
 * What the broker tells a presence tracker of the devices that are connected to it.
 *
 * @module
 */
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import type { ConnectionRef, PresenceTracker } from '../../src/presence/presence.ts'

/** The part of a tracker that is told. */
export type PresenceSink = Pick<PresenceTracker, 'connected' | 'disconnected'>

/** Tells of a connection that was made, with the key of its session. Returns how to tell of its end. */
export type PresenceFeed = (device: DeviceRef, key: string) => () => void

/**
 * Makes the feed of one broker, which is one of its own to the tracker.
 *
 * No times are told: what is told here comes in the order in which it happens, and this process's clock
 * may be set back.
 */
export function presenceFeed(presence: PresenceSink, log: QuietLog): PresenceFeed {
  const broker = crypto.randomUUID()
  let connections = 0

  function tell(kind: keyof PresenceSink, event: ConnectionRef & { readonly device: DeviceRef }) {
    try {
      presence[kind](event)
    } catch (error) {
      log.write('error', 'presence', `presence.${kind} failed: ${describeError(error)}`)
    }
  }

  return (device, key) => {
    // Tells a connection from the one that takes its session over, and is told first.
    const connection = `${++connections}`
    const event = { broker, clientId: key, connection, device }
    tell('connected', event)
    return () => tell('disconnected', event)
  }
}
