/**
 * Device types: what a team declares once, and everything else is derived from.
 *
 * @module
 */
import * as v from 'valibot'
import { checkOptions } from '../base/options.ts'
import type { AccessRule } from '../rule/rule.ts'
import { checkName } from '../topic/name.ts'
import { compileTemplate, DEFAULT_PREFIX, DEFAULT_TEMPLATE } from '../topic/template.ts'
import type { InferInput, InferOutput, Schema } from './schema.ts'
import type { TimestampOptions, TimestampSettings } from './timestamp.ts'

/** A command a device type understands. */
export interface Command<
  Payload extends Schema | undefined = Schema | undefined,
  Reply extends Schema | undefined = Schema | undefined,
> {
  readonly payload: Payload
  readonly reply: Reply
}

/** The commands of a device type, by name. */
export type Commands = Readonly<Record<string, Command>>

/**
 * Declares a command.
 *
 * With a `reply` schema, sending it waits for the device's typed answer and devices of the type may
 * publish on their `reply` channel. Without one, sending it ends when the broker has taken it.
 *
 * @param definition What travels out, and what comes back. Both are optional. That they are schemas is checked
 * where a fleet is made of the type.
 * @throws {ConfigError} If something else is given.
 */
export function command<
  Payload extends Schema | undefined = undefined,
  Reply extends Schema | undefined = undefined,
>(definition: { payload?: Payload; reply?: Reply } = {}): Command<Payload, Reply> {
  checkOptions(definition, { payload: true, reply: true }, 'command')
  const { payload, reply } = definition
  return { payload: payload as Payload, reply: reply as Reply }
}

/** How many heartbeats a device may be silent and still be fresh. */
export const FRESH_HEARTBEATS = 2.5

/** A `status` message of a type that declares no schema for it. Other keys are kept. */
export interface DefaultStatus {
  status?: string | undefined
  /** Percent. */
  battery_level?: number | undefined
  firmware_version?: string | undefined
  [key: string]: unknown
}

const defaultStatus: Schema<DefaultStatus, DefaultStatus> = /* @__PURE__ */ statusForm()

function statusForm() {
  return v.looseObject({
    status: v.optional(v.string()),
    battery_level: v.optional(v.number()),
    firmware_version: v.optional(v.string()),
  })
}

/** A declared device type. It is a plain value: there is no registry. */
export interface DeviceType<
  Data extends Schema = Schema,
  Status extends Schema = Schema,
  C extends Commands = Commands,
  Broker extends string = string,
> {
  readonly name: string
  readonly data: Data
  readonly status: Status
  readonly commands: C
  /** Which named broker the devices use. */
  readonly broker: Broker
  /** Seconds between two messages of a healthy device. */
  readonly heartbeat: number
  readonly template: string
  /** Rules beyond the default ones. */
  readonly rules: readonly AccessRule[]
  /** The field of a `data` message that no other message of the device has the same. */
  readonly messageId: string | undefined
  /** The fields of a `data` message that are kept as the last state of a device. */
  readonly stateFields: readonly string[]
  /** How a `timestamp` is read. */
  readonly timestamp: TimestampSettings
}

/** What {@link defineDeviceType} takes. */
export interface DeviceTypeDefinition<
  Data extends Schema,
  Status extends Schema = Schema<DefaultStatus, DefaultStatus>,
  C extends Commands = Record<never, never>,
  Broker extends string = string,
> {
  /** What a `data` message must be. */
  readonly data: Data
  /** What a `status` message must be. Default: {@link DefaultStatus}. */
  readonly status?: Status
  /** The commands devices of this type understand. Default: none. */
  readonly commands?: C
  /** The named broker of these devices. Default: `default`. */
  readonly broker?: Broker
  /** Seconds between two messages of a healthy device, above 0. Default: 300. */
  readonly heartbeat?: number
  /** Topic template. Default: `{prefix}/{type}/{deviceId}/{channel}`. */
  readonly template?: string
  /** Access rules beyond the default ones. Default: none. */
  readonly rules?: readonly AccessRule[]
  /**
   * The field of a `data` message, a text or a number, that no other message of the device has the
   * same: a hub with a `seen` store handles a message once. The user property `message-id` (MQTT 5)
   * goes before it. Default: none.
   */
  readonly messageId?: string
  /**
   * The fields of a `data` message that are kept as the last state of a device, where the store keeps
   * states: what lasts, such as a mode, rather than what is measured. A value of more than 1,000 characters
   * of JSON is not kept. Default: none.
   */
  readonly stateFields?: readonly (keyof InferOutput<Data> & string)[]
  /** How the `timestamp` of a `data` or `status` message is read. Default: in UTC, or the message is rejected. */
  readonly timestamp?: TimestampOptions
}

const OPTIONS: Record<keyof DeviceTypeDefinition<Schema>, true> = {
  data: true,
  status: true,
  commands: true,
  broker: true,
  heartbeat: true,
  template: true,
  rules: true,
  messageId: true,
  stateFields: true,
  timestamp: true,
}

const TIMESTAMP_OPTIONS: Record<keyof TimestampOptions, true> = { zone: true, unreadable: true }

/**
 * Declares a device type. What it declares is checked whole by `createFleet`: a page imports types, and carries
 * none of the checks along that only a fleet needs.
 *
 * @param name The type's level in topics: 1 to 128 characters, no `/`, `+`, `#`, no leading `$`.
 * @throws {InvalidNameError} If the name is not that.
 * @throws {InvalidTopicError} If the template is not well formed.
 * @throws {ConfigError} If the definition is no object, or a setting has a name that means nothing.
 *
 * @example
 * ```ts
 * import { command, defineDeviceType } from 'devicehub'
 * import * as v from 'valibot'
 *
 * export const weatherStation = defineDeviceType('weatherstation', {
 *   data: v.object({ temperature: v.number() }),
 *   commands: { reboot: command() },
 * })
 * ```
 */
export function defineDeviceType<
  Data extends Schema,
  Status extends Schema = Schema<DefaultStatus, DefaultStatus>,
  C extends Commands = Record<never, never>,
  const Broker extends string = 'default',
>(
  name: string,
  definition: DeviceTypeDefinition<Data, Status, C, Broker>,
): DeviceType<Data, Status, C, Broker> {
  checkName('type name', name)
  checkOptions(definition, OPTIONS, name)
  const { template = DEFAULT_TEMPLATE, timestamp = {} } = definition
  checkOptions(timestamp, TIMESTAMP_OPTIONS, `${name}.timestamp`)
  const { zone = 'UTC', unreadable = 'reject' } = timestamp
  compileTemplate(template, { prefix: DEFAULT_PREFIX, type: name })
  return Object.freeze({
    name,
    data: definition.data,
    status: definition.status ?? (defaultStatus as Schema as Status),
    commands: definition.commands ?? ({} as C),
    broker: definition.broker ?? ('default' as Broker),
    heartbeat: definition.heartbeat ?? 300,
    template,
    rules: definition.rules ?? [],
    messageId: definition.messageId,
    stateFields: definition.stateFields ?? [],
    timestamp: Object.freeze({ zone, unreadable }),
  })
}

/** Whether a value looks like what {@link defineDeviceType} makes. */
export function isDeviceType(value: unknown): value is DeviceType {
  const { name, template, commands, timestamp } = (value ?? {}) as Partial<DeviceType>
  return typeof name === 'string' && typeof template === 'string' && !!commands && !!timestamp
}

/** What a handler of `data` messages receives. */
export type DataOf<T extends DeviceType> = InferOutput<T['data']>

/** What a handler of `status` messages receives. */
export type StatusOf<T extends DeviceType> = InferOutput<T['status']>

/** What must be given to send a command; `undefined` when it has no payload. */
export type PayloadOf<C extends Command> = C['payload'] extends Schema
  ? InferInput<C['payload']>
  : undefined

/** What a command's answer is; `undefined` when it has none. */
export type ReplyOf<C extends Command> = C['reply'] extends Schema
  ? InferOutput<C['reply']>
  : undefined
