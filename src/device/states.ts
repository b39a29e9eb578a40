/**
 * What devices told last of themselves, and the contract of what keeps it beside their records.
 *
 * @module
 */
import type { DeviceRef } from './reference.ts'

/** How far ahead of the clock of a writer a time on record counts, in milliseconds. */
export const MAX_STATE_AHEAD_MS = 60_000

/** Most devices that a sweep finds at once. */
export const MAX_TURNS = 1_000

/** A value that can be written as JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/**
 * What a device told last. What it never told is left out. All times are milliseconds since the Unix
 * epoch.
 */
export interface DeviceState {
  /** When it was last heard from. */
  readonly lastHeard?: number
  /** Until when it is fresh: 2.5 times the heartbeat of its type after that. */
  readonly freshUntil?: number
  /** Whether a connection of it stands, as far as its broker has told. */
  readonly connected?: boolean
  /** When that connection began, or the last one ended. */
  readonly since?: number
  /** The `status` of its last `status` message that had one: at most 128 characters. */
  readonly status?: string
  /** The `battery_level` likewise, in percent. */
  readonly battery?: number
  /** The `firmware_version` likewise: at most 128 characters. */
  readonly firmware?: string
  /** The fields that its type keeps (`stateFields`), each as in the last `data` message that had it. */
  readonly fields?: Readonly<Record<string, JsonValue>>
  /** The last login with a right password: when, and the id of the credential that it was. */
  readonly lastLogin?: { readonly at: number; readonly credentialId: string }
}

/** A login of a device with a right password. */
export interface DeviceLogin extends DeviceRef {
  /** When, in milliseconds since the Unix epoch. */
  readonly at: number
  /** Which of its credentials it was. */
  readonly credentialId: string
}

/**
 * What is new of a device. What is left out stays as it is. Times never go back: of two that are told,
 * in whatever order, the later one counts.
 */
export interface StateReport
  extends DeviceRef,
    Pick<DeviceState, 'lastHeard' | 'freshUntil' | 'status' | 'battery' | 'firmware' | 'fields'> {
  /** When a connection of it began. */
  readonly connectedAt?: number
  /** When a connection of it ended. */
  readonly disconnectedAt?: number
  /**
   * When the connection that ended had begun: it is over, with all that began before, and one that began
   * later is not. Given with each {@link StateReport.disconnectedAt}.
   */
  readonly endOf?: number
}

/** Presence of a device that became another. */
export interface PresenceTurn extends DeviceRef, Pick<DeviceState, 'lastHeard' | 'since'> {
  /** What was told of it last. `connected` is left out while nothing is known. */
  readonly before: { readonly connected?: boolean; readonly fresh: boolean }
  readonly after: { readonly connected?: boolean; readonly fresh: boolean }
}

/**
 * Keeps states of devices that are on record. Nothing of it is written under the revision of the record,
 * which it leaves as it is; a state is gone with its record.
 */
export interface DeviceStates {
  /** What a device told last; `undefined` if nothing was ever told, or there is no such device. */
  read(type: string, id: string): Promise<DeviceState | undefined>
  /**
   * Writes what is new of devices, each device once in a call, at most 1,000 of them. What is told of a
   * device that is not on record is left out.
   *
   * @param now The time, by the clock of the caller: who was heard from in time for it is fresh, and a
   * time on record that lies more than a minute ahead of it counts as being a minute ahead.
   * @returns Whose presence became another by this: of all writers at once, one is told of each.
   */
  write(reports: readonly StateReport[], now: number): Promise<readonly PresenceTurn[]>
  /**
   * Writes which credential devices logged in with last, each device once in a call, at most 1,000 of them.
   * Of two that are told, in whatever order, the later one counts; nothing else of a state is changed. What
   * is told of a device that is not on record is left out.
   *
   * @param now The time, as in {@link DeviceStates.write}.
   */
  writeLogins(logins: readonly DeviceLogin[], now: number): Promise<void>
  /**
   * Finds those that were fresh and are not any more.
   *
   * @returns At most 1,000 of them, which are not found again: of all callers at once, one is told of each.
   */
  sweep(now: number): Promise<readonly PresenceTurn[]>
}
