/**
 * What the page and its server say to each other: addresses, and what stands in events.
 *
 * The page's own address ends in `/` (one without it is redirected), and every address below is relative to
 * it, so it may be mounted anywhere. What it shows stands in the fragment.
 *
 * | Address | Is |
 * | --- | --- |
 * | `./` | the shell: `ASSETS['index.html']`, as it is, with the security headers. Who is not let in gets a page with 401 |
 * | `assets/:name` | all other entries of `ASSETS`, immutable, each under its name |
 * | `api/…` | the operator's routes of `deviceAdmin` (`docs/admin.md`), `api/me` and `api/types` among them |
 * | `live?…` | server-sent events: one stream for all that a view shows |
 *
 * `api/` answers problems as `application/problem+json`. So does `live`, before its stream begins: 400
 * `request-invalid`, 401 `operator-unknown`, 403 `operator-limited` or `origin-foreign`, 503 `streams-full`.
 * An `EventSource` does not say which and does not come again after one; `api/me` tells whether the session
 * has ended.
 *
 * @module
 */
import type { DeviceState } from '../../src/device/states.ts'
import type { HubStatus } from '../../src/hub/status.ts'

export type { TrailEntry, TrailPage } from '../../src/device/trail.ts'
export type { Explanation } from '../../src/rule/explain.ts'
export type { Operator } from '../admin/operator.ts'
export type {
  CommandView,
  FieldView,
  MeView,
  PayloadSchema,
  TypesView,
  TypeView,
} from '../admin/type-views.ts'
export type { CredentialView, DeviceView } from '../admin/views.ts'

/** Where what is, relative to the page. */
export const PATHS = { api: 'api', live: 'live', assets: 'assets' } as const

/**
 * The query of `live`. At least one of them has to be given, else 400.
 *
 * - `device`: `{type}/{id}`, up to 100 times: their states. Neither name has a `/`.
 * - `follow`: `{type}/{id}`, once: the messages of that device. Its state needs a `device` of its own.
 * - `hubs`: `1`: the hubs and their brokers. 403 for an operator that is limited to some devices.
 * - `log`: `1`: what is denied and rejected. A limited operator hears of devices that it sees alone.
 *
 * Another view is another stream: close the one before. A device that is unknown, or that the operator does
 * not see, is left out without a word, and comes as soon as it is there.
 */
export const LIVE_QUERY = {
  device: 'device',
  follow: 'follow',
  hubs: 'hubs',
  log: 'log',
} as const

/** Most devices of one stream. */
export const MAX_WATCHED = 100

/**
 * The events of `live` by name: the `data` of each is JSON. Of each kind one comes in a second at most, and
 * has all there is since the one before. All times are milliseconds since the Unix epoch by the server's
 * clock, which is told as `at`: ages are to be taken from it, and not from the clock of the browser.
 */
export interface LiveEvents {
  /** The first event of each stream. */
  readonly open: OpenEvent
  /** At once for all that are watched, and then for those of which something is new. With `device`. */
  readonly states: StatesEvent
  /** As messages come. With `follow`. */
  readonly messages: MessagesEvent
  /** At once, and then each second. With `hubs`. */
  readonly hubs: HubsEvent
  /** As there are some. With `log`. */
  readonly log: LogEvent
  /**
   * Once the store fails, and once it is back, whatever is asked for: `states` rests meanwhile, or is of what
   * came through the hub alone.
   */
  readonly store: StoreEvent
  /** The last event: the server closes the stream. Close the `EventSource`, or it comes again by itself. */
  readonly end: EndEvent
}

/** A stream has begun. */
export interface OpenEvent {
  readonly at: number
  /** Seconds after which it is found out at the latest that the operator may not listen any more. */
  readonly recheck: number
}

/** States of devices, whole: what is in one takes the place of all that was known. */
export interface StatesEvent {
  readonly at: number
  readonly devices: readonly LiveDevice[]
}

/** A device now. */
export interface LiveDevice {
  readonly type: string
  readonly id: string
  /** Whether it is off record meanwhile, or not to be seen any more: then its state is empty. */
  readonly gone: boolean
  readonly revoked: boolean
  /** Whether it was heard from within 2.5 heartbeats, by now. */
  readonly fresh: boolean
  /** What it told last. Empty if nothing was ever told. */
  readonly state: DeviceState
}

/** Messages of one device, the oldest first. */
export interface MessagesEvent {
  readonly at: number
  readonly type: string
  readonly id: string
  readonly messages: readonly LiveMessage[]
  /** How many more there were, which are left out: at most 50 are told in a second. */
  readonly dropped: number
}

/** A valid message of a device. */
export interface LiveMessage {
  /** When the hub received it. */
  readonly at: number
  readonly channel: 'data' | 'status'
  /** The device's own time, when it sent a readable one. */
  readonly timestamp?: number
  /** What its type made of it, as JSON: at most 2,000 characters, which then are no whole JSON. */
  readonly text: string
  readonly isCut: boolean
  /** The numbers in it by their paths, as in `FieldView`: at most 32. */
  readonly numbers: Readonly<Record<string, number>>
}

/** All hubs of this process. */
export interface HubsEvent {
  readonly at: number
  readonly hubs: readonly LiveHub[]
}

/** A hub. */
export interface LiveHub {
  /** `hub` where there is one alone. */
  readonly name: string
  /** `status.brokers` by name: connected, subscribed, failed attempts, the last error; `status.messages` is the queue. */
  readonly status: HubStatus
  /** By the same names of brokers. */
  readonly rates: Readonly<Record<string, BrokerRates>>
}

/** What came through a broker, in messages a second, over the last seconds (5 at most). */
export interface BrokerRates {
  /** Valid messages that were handed to handlers. */
  readonly handled: number
  readonly rejected: number
}

/** What was refused, the oldest first. */
export interface LogEvent {
  readonly at: number
  readonly entries: readonly LogEntry[]
  /** How many more there were, which are left out: at most 50 are told in a second. 0 for a limited operator. */
  readonly dropped: number
}

/** Something that was refused. */
export interface LogEntry {
  readonly at: number
  /**
   * `denial`: a login, a publish or a subscription that was not granted. `rejection`: a message that came
   * and was handed to no handler.
   */
  readonly kind: 'denial' | 'rejection'
  /** Stable, such as `no-rule-grants`, `password-wrong` or `payload-invalid`. */
  readonly code: string
  /** Why, in a sentence or two, printable. */
  readonly text: string
  /** What was tried. With `denial`. */
  readonly action?: 'connect' | 'publish' | 'subscribe'
  /** Who, as the client gave it. With `denial`, where it gave one. */
  readonly username?: string
  /** Which topic, or filter. */
  readonly topic?: string
  /** Which device, where it is known. */
  readonly device?: { readonly type: string; readonly id: string }
  /** Through which broker, by its name in the hub. With `rejection`. */
  readonly broker?: string
}

/** Whether the store answers. */
export interface StoreEvent {
  readonly at: number
  readonly isWell: boolean
}

/** Why a stream has ended. */
export interface EndEvent {
  readonly at: number
  /**
   * `operator-unknown`: the session of whoever listened has ended. `operator-changed`: it may see something
   * else now: load `api/me` and open another. `check-failed`: it could not be found out who listens. `slow`:
   * it did not read what was sent: open another. The last two may be tried again in a while.
   */
  readonly code: 'operator-unknown' | 'operator-changed' | 'check-failed' | 'slow'
}
