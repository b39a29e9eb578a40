/**
 * What the broker tells a presence tracker of the devices that are connected to it.
 *
 * @module
 */
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { ConnectionRef, PresenceTracker } from '../../src/presence/presence.ts'
import type { ServerEvent } from '../../src/server/events.ts'
import type { Holder } from './holder.ts'

/** The part of a tracker that is told. */
export type PresenceSink = Pick<PresenceTracker, 'connected' | 'disconnected'>

/** Tells of a connection that was made, or has ended. */
export type PresenceFeed = (event: ConnectionEvent, holder: Holder) => void

type ConnectionEvent = Extract<ServerEvent, { kind: 'connected' | 'disconnected' }>

/**
 * Makes the feed of one broker, which is one of its own to the tracker.
 *
 * No times are told: what is told here comes in the order in which it happens, and this process's clock
 * may be set back.
 */
export function presenceFeed(presence: PresenceSink, log: QuietLog): PresenceFeed {
  const broker = crypto.randomUUID()
  /** The connections that stand, each with a name of its own: a session may have had several. */
  const names = new WeakMap<Holder, string>()
  let connections = 0

  function tell(kind: keyof PresenceSink, event: ConnectionRef & { readonly device: DeviceRef }) {
    try {
      presence[kind](event)
    } catch (error) {
      log.write('error', 'presence', `presence.${kind} failed: ${describeError(error)}`)
    }
  }

  return (event, holder) => {
    const { device } = holder.principal
    if (!device) return
    const { owner, clientId } = event.client
    const connection = names.get(holder) ?? `${++connections}`
    names.set(holder, connection)
    const told = { broker, clientId: `${owner}#${clientId}`, connection, device }
    // Whoever takes a session over comes in the same turn, and is to be told of first: the device was
    // never away.
    const isTakenOver =
      event.kind === 'disconnected' && event.reasonCode === REASON.sessionTakenOver
    if (isTakenOver) queueMicrotask(() => tell('disconnected', told))
    else tell(event.kind, told)
  }
}
