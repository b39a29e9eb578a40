/**
 * Device types, and whoever asks, as an operator sees them.
 *
 * @module
 */
import type { DeviceFilter } from '../../src/device/store.ts'
import type { Operator } from './operator.ts'

/**
 * A JSON Schema (2020-12) of what is to be sent: `type`, `properties`, `required`, `items`, `enum`, `const`,
 * `minimum`, `maximum`, `title`, `description` and whatever else the library of the schema writes.
 */
export type PayloadSchema = { readonly [key: string]: unknown }

/** A command that devices of a type understand. */
export interface CommandView {
  readonly name: string
  /** Whether it takes a payload at all. */
  readonly hasPayload: boolean
  /** What the payload has to be. Left out where it takes none, or its schema cannot be told. */
  readonly payload?: PayloadSchema
  /** Whether devices answer it. */
  readonly hasReply: boolean
}

/** A number in `data` messages of a type, such as `temperature`. */
export interface FieldView {
  /** Where it stands: names with dots between them, such as `motor.rpm`. */
  readonly path: string
  /** What it is called, where its schema has a title. */
  readonly title?: string
  /** What it is about, where its schema has a description. */
  readonly description?: string
  /** Its unit, such as `°C`, where its schema has one: `v.metadata({ unit: '°C' })` in valibot. */
  readonly unit?: string
  /** The least it may be, where its schema says. */
  readonly minimum?: number
  /** The most it may be, where its schema says. */
  readonly maximum?: number
}

/** A device type. */
export interface TypeView {
  readonly name: string
  /** The named broker of its devices. */
  readonly broker: string
  /** Seconds between two messages of a healthy device. */
  readonly heartbeat: number
  readonly commands: readonly CommandView[]
  /** The numbers of its data. Empty where the schema cannot be told. */
  readonly fields: readonly FieldView[]
}

/** What `GET /types` answers: those that the operator may see. */
export interface TypesView {
  readonly types: readonly TypeView[]
}

/** What `GET /me` answers. */
export interface MeView {
  readonly operator: Operator
  /** Whether it sees every device there may be: only then it hears of brokers and of denials to strangers. */
  readonly seesAll: boolean
  /** Whether it may change something: `false` for `may: 'read'`, whose every deed is refused with 403. */
  readonly mayChange: boolean
  /** By what a listing may be narrowed here: what the store can. */
  readonly filters: readonly (keyof DeviceFilter)[]
  /** Which routes there are beside those that are always there. */
  readonly routes: {
    /** `POST /devices/:type/:id/commands/:name`. */
    readonly commands: boolean
    /** `POST /devices/:type/:id/kick`. */
    readonly kick: boolean
    /** `GET /audit`. */
    readonly audit: boolean
  }
}
