/**
 * What happens at a fleet and its hubs, told to those who look: listened to while there is somebody.
 *
 * @module
 */
import { clock } from '../../src/base/clock.ts'
import { printable } from '../../src/base/quote.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import type { DeviceType } from '../../src/device/type.ts'
import type { DeniedEvent } from '../../src/fleet/denied.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { DeviceEvent, Rejection } from '../../src/hub/events.ts'
import type { Hub } from '../../src/hub/hub.ts'
import type { HubStatus } from '../../src/hub/status.ts'
import type { LogEntry } from './wire.ts'

/** What is read of a hub, and what commands are sent through. */
export type PageHub = Pick<Hub, 'device' | 'onData' | 'onStatus' | 'onRejected' | 'status'>

/** A valid message of a device. */
export interface HeardMessage {
  readonly type: DeviceType
  readonly device: DeviceRef
  readonly channel: 'data' | 'status'
  /** What its type made of it. */
  readonly value: unknown
  readonly at: number
  readonly timestamp: number | undefined
  /** Whether the broker had it stored: it says nothing of now. */
  readonly isRetained: boolean
}

/** Something that was refused. Its text is made for those who read it. */
export interface Refused extends Omit<LogEntry, 'text'> {
  explain(): string
}

/** Who is told. Neither may fail, nor take long. */
export interface LiveListener {
  heard(message: HeardMessage): void
  refused(refused: Refused): void
}

/** How many messages came through a broker since somebody looks. */
export interface Counts {
  readonly handled: number
  readonly rejected: number
}

/** A hub now. */
export interface HubNow {
  readonly name: string
  readonly status: HubStatus
  /** By the names of its brokers. */
  readonly counts: Readonly<Record<string, Counts>>
}

type Counters = Map<string, { handled: number; rejected: number }>

/** See the module. */
export class LiveSource {
  readonly #fleet: Fleet
  readonly #hubs: readonly { name: string; hub: PageHub; counters: Counters }[]
  readonly #listeners = new Set<LiveListener>()
  #stops: readonly (() => void)[] = []

  constructor(fleet: Fleet, hubs: Readonly<Record<string, PageHub>>) {
    this.#fleet = fleet
    this.#hubs = Object.entries(hubs).map(([name, hub]) => ({ name, hub, counters: new Map() }))
  }

  /** Whether anything is listened to. */
  get isOn(): boolean {
    return this.#stops.length > 0
  }

  /** Tells somebody. Returns how to stop that. */
  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener)
    if (!this.isOn) this.#stops = this.#start()
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
      for (const stop of this.#stops) stop()
      this.#stops = []
    }
  }

  /** The hubs now. */
  hubs(): readonly HubNow[] {
    return this.#hubs.map(({ name, hub, counters }) => {
      const status = hub.status()
      const none: Counts = { handled: 0, rejected: 0 }
      const counts = Object.keys(status.brokers).map(
        (broker) => [broker, { ...(counters.get(broker) ?? none) }] as const,
      )
      return { name, status, counts: Object.fromEntries(counts) }
    })
  }

  #start(): readonly (() => void)[] {
    const ofHubs = this.#hubs.flatMap(({ hub, counters }) => {
      counters.clear()
      const count = (broker: string, what: keyof Counts) => {
        const counter = counters.get(broker) ?? { handled: 0, rejected: 0 }
        counters.set(broker, counter)
        counter[what]++
      }
      const hear = (type: DeviceType, channel: 'data' | 'status', event: DeviceEvent) => {
        count(event.broker, 'handled')
        const { device, receivedAt, timestamp, message } = event
        const value = (event as Partial<Record<typeof channel, unknown>>)[channel]
        const heard: HeardMessage = {
          ...{ type, device, channel, value, at: receivedAt.getTime() },
          timestamp: timestamp?.getTime(),
          isRetained: message.retain,
        }
        for (const listener of this.#listeners) listener.heard(heard)
      }
      const reject = (rejection: Rejection) => {
        count(rejection.broker, 'rejected')
        this.#refuse(refusedMessage(rejection))
      }
      return [
        ...this.#fleet.types.flatMap((type) => [
          hub.onData(type, (event) => hear(type, 'data', event)),
          hub.onStatus(type, (event) => hear(type, 'status', event)),
        ]),
        hub.onRejected(reject, { keepsLog: true }),
      ]
    })
    const onDenied = (denied: DeniedEvent) => this.#refuse(refusedAccess(this.#fleet, denied))
    return [...ofHubs, this.#fleet.onDenied(onDenied)]
  }

  #refuse(refused: Refused): void {
    for (const listener of this.#listeners) listener.refused(refused)
  }
}

function refusedMessage({ code, text, broker, message, device }: Rejection): Refused {
  return {
    ...{ at: clock().date(), kind: 'rejection', code, broker, topic: printable(message.topic) },
    ...(device && { device }),
    explain: () => text,
  }
}

function refusedAccess(fleet: Fleet, denied: DeniedEvent): Refused {
  const { at, action, username, topic, code } = denied
  const device = username === undefined ? undefined : deviceOf(fleet, username)
  return {
    ...{ at, kind: 'denial', code, action },
    ...(username !== undefined && { username: printable(username) }),
    ...(topic !== undefined && { topic: printable(topic) }),
    ...(device && { device }),
    explain: () => printable(denied.explain()),
  }
}

/** The device that a user name is made of, whether there is such a one or not. */
function deviceOf(fleet: Fleet, username: string): DeviceRef | undefined {
  const [type, id] = username.split('/', 2)
  const isOfFleet = id !== undefined && fleet.types.some(({ name }) => name === type)
  return isOfFleet && username === `${type}/${id}` ? { type: type!, id } : undefined
}
