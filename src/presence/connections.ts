/**
 * When the connections that brokers tell of began: what tells the end of one from that of another, in
 * whichever process it is told.
 *
 * @module
 */
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { DeviceRef } from '../device/reference.ts'
import { believed } from './client.ts'
import type { ConnectedEvent, ConnectionRef, DisconnectedEvent } from './presence.ts'

/** Most client ids that are remembered. */
const MAX_CLIENTS = 100_000

/** The connection of a client id that began last, as far as this process was told. */
interface Begun {
  readonly device: DeviceRef
  /** When it began, in milliseconds since the epoch. */
  readonly at: number
  readonly tag: string
  isOver: boolean
}

/** A connection that ended. */
export interface Ended {
  readonly device: DeviceRef
  /** When, in milliseconds since the epoch. */
  readonly at: number
  /** When it had begun. `undefined`: its end says nothing, since it was told before, or another took its place. */
  readonly endOf: number | undefined
}

/** The connections of one process. */
export class Connections {
  readonly #clients: RecentMap<string, Begun> = recentMap(MAX_CLIENTS)

  /** A connection began. `undefined` if it is not known whose it is. */
  begin(event: ConnectedEvent, now: number): Pick<Begun, 'device' | 'at'> | undefined {
    const key = keyOf(event)
    const known = this.#clients.get(key)
    const device = event.device ?? known?.device
    if (!device) return undefined
    const told = believed(event.connectedAt, now)
    // Where no times are told those that follow each other in one millisecond are to be told apart.
    const at = told ?? Math.max(now, known ? known.at + 1 : now)
    if (!known || at >= known.at) {
      this.#clients.set(key, { device, at, tag: event.connection ?? '', isOver: false })
    }
    return { device, at }
  }

  /** A connection ended. `undefined` if it is not known whose it is. */
  end(event: DisconnectedEvent, now: number): Ended | undefined {
    const known = this.#clients.get(keyOf(event))
    const device = event.device ?? known?.device
    if (!device) return undefined
    const at = believed(event.disconnectedAt, now) ?? now
    const endOf = this.#endOf(event, known, at, now)
    if (known && endOf !== undefined && endOf >= known.at) known.isOver = true
    return { device, at, endOf }
  }

  #endOf(
    event: DisconnectedEvent,
    known: Begun | undefined,
    at: number,
    now: number,
  ): number | undefined {
    // Whoever took it over is connected, and its own end will be told.
    if (event.takenOver) return undefined
    const connectedAt = believed(event.connectedAt, now)
    if (connectedAt !== undefined) return connectedAt
    if (event.disconnectedAt !== undefined || !known) return at
    // One of another tag ended before: the one that is known took its place.
    const isKnown = known.tag === (event.connection ?? '')
    return isKnown && !known.isOver ? known.at : undefined
  }
}

function keyOf({ broker, clientId }: ConnectionRef): string {
  return JSON.stringify([broker, clientId])
}
