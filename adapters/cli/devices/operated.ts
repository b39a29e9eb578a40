/**
 * A fleet that the command operates: over its store, or through a running service. The verbs do not know
 * which.
 *
 * @module
 */
import type { DeviceQuery, ListedDevice } from '../../../src/device/store.ts'
import type { NewDevice } from '../../../src/fleet/fleet.ts'
import type { DeviceView } from '../../admin/views.ts'

/** What became of a change that is on record. */
export interface Report {
  readonly type: string
  readonly id: string
  readonly username: string
  /** The new password, if one was made. */
  readonly password?: string
  /** What acted on it. */
  readonly done: readonly string[]
  /** What could not. */
  readonly failed: readonly { readonly name: string; readonly problem: string }[]
}

/** Where what a device has at its brokers was ended. */
export type KickReport = Omit<Report, 'username' | 'password'>

/** What became of one of many new devices. */
export type Outcome =
  | { readonly report: Report; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly report?: undefined }

/** A part of a listing. */
export interface ViewPage {
  readonly devices: readonly DeviceView[]
  /** Where to go on; left out at the end. */
  readonly cursor?: string
}

/** The device or what is asked of it is at fault: others may be better off. Nothing was written. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** Stable, as errors of the library and problems of the routes have it. */
  readonly code: string
  /** Of a device that is there already: what clashed. */
  readonly field: string | undefined

  constructor(code: string, text: string, field?: string) {
    super(text)
    this.code = code
    this.field = field
  }
}

/**
 * A fleet, as far as the command operates it. What is refused rejects with a {@link Refusal}; whatever
 * else rejects says that nothing more is to be tried.
 */
export interface OperatedFleet {
  /** Where it is, in words. */
  readonly place: string
  /** Most devices that {@link OperatedFleet.provisionMany} takes at once. */
  readonly batch: number
  list(query: DeviceQuery): Promise<ViewPage>
  /** The records themselves, with the hashes of their passwords. Left out where those do not leave. */
  readonly records?: (
    query: DeviceQuery,
  ) => Promise<{ readonly records: readonly ListedDevice[]; readonly cursor?: string }>
  show(type: string, id: string): Promise<DeviceView>
  /** Puts devices on record: what became of each, in their order. */
  provisionMany(type: string, devices: readonly NewDevice[]): Promise<readonly Outcome[]>
  /** What would become of them, as far as that can be told without asking the service for it. */
  rehearse(type: string, devices: readonly NewDevice[]): Promise<readonly Outcome[]>
  /** @param overlap Seconds for which the passwords before stay good. */
  rotate(type: string, id: string, overlap: number): Promise<Report>
  retire(type: string, id: string, credentialId: string): Promise<Report>
  revoke(type: string, id: string): Promise<Report>
  restore(type: string, id: string): Promise<Report>
  remove(type: string, id: string): Promise<Report>
  /** Ends its connections and sessions, and leaves its rights. */
  kick(type: string, id: string): Promise<KickReport>
  /** Closes what was opened for it. */
  close(): void
}
