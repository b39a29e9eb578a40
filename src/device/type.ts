/**
 * Device types: what a team declares once, and everything else is derived from.
 *
 * @module
 */
import * as v from 'valibot'
import { ConfigError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { type AccessRule, checkRules } from '../rule/rule.ts'
import { checkName } from '../topic/name.ts'
import { compileTemplate, DEFAULT_PREFIX, DEFAULT_TEMPLATE } from '../topic/template.ts'
import { checkSchema, type InferInput, type InferOutput, type Schema } from './schema.ts'
import { type TimestampOptions, type TimestampSettings, timestampSettings } from './timestamp.ts'

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
 * @param definition What travels out, and what comes back. Both are optional.
 * @throws {ConfigError} If one of them is no schema, or something else is given.
 */
export function command<
  Payload extends Schema | undefined = undefined,
  Reply extends Schema | undefined = undefined,
>(definition: { payload?: Payload; reply?: Reply } = {}): Command<Payload, Reply> {
  checkOptions(definition, { payload: true, reply: true }, 'command')
  const { payload, reply } = definition
  if (payload !== undefined) checkSchema('command.payload', payload)
  if (reply !== undefined) checkSchema('command.reply', reply)
  return { payload: payload as Payload, reply: reply as Reply }
}

/** A `status` message of a type that declares no schema for it. Other keys are kept. */
export interface DefaultStatus {
  status?: string | undefined
  /** Percent. */
  battery_level?: number | undefined
  firmware_version?: string | undefined
  [key: string]: unknown
}

const defaultStatus: Schema<DefaultStatus, DefaultStatus> = v.looseObject({
  status: v.optional(v.string()),
  battery_level: v.optional(v.number()),
  firmware_version: v.optional(v.string()),
})

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

/**
 * Declares a device type.
 *
 * @param name The type's level in topics: 1 to 128 characters, no `/`, `+`, `#`, no leading `$`.
 * @throws {InvalidNameError} If the name is not that.
 * @throws {InvalidTopicError} If the template, or a rule's filter, is not well formed.
 * @throws {ConfigError} If `data` is missing, a schema is none, another setting is not valid, or one
 * has a name that means nothing.
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
  checkSchema(`${name}.data`, definition.data)
  if (definition.status !== undefined) checkSchema(`${name}.status`, definition.status)
  const commands = definition.commands ?? ({} as C)
  checkCommands(`${name}.commands`, commands)
  const heartbeat = definition.heartbeat ?? 300
  if (!(Number.isFinite(heartbeat) && heartbeat > 0)) {
    throw new ConfigError(`${name}.heartbeat`, 'must be a number of seconds above 0')
  }
  const broker = definition.broker ?? ('default' as Broker)
  if (broker === '') throw new ConfigError(`${name}.broker`, 'must name a broker')
  const template = definition.template ?? DEFAULT_TEMPLATE
  compileTemplate(template, { prefix: DEFAULT_PREFIX, type: name })
  const rules = definition.rules ?? []
  checkRules(rules, `${name}.rules`)
  const { messageId } = definition
  if (messageId !== undefined && (typeof messageId !== 'string' || messageId === '')) {
    throw new ConfigError(`${name}.messageId`, 'must name a field of data')
  }
  const stateFields: readonly string[] = definition.stateFields ?? []
  checkStateFields(`${name}.stateFields`, stateFields)
  return Object.freeze({
    name,
    data: definition.data,
    status: definition.status ?? (defaultStatus as Schema as Status),
    commands,
    broker,
    heartbeat,
    template,
    rules,
    messageId,
    stateFields,
    timestamp: timestampSettings(`${name}.timestamp`, definition.timestamp),
  })
}

function checkStateFields(key: string, names: unknown): void {
  if (!Array.isArray(names)) throw new ConfigError(key, 'must be a list of fields of data')
  for (const [i, name] of names.entries()) {
    if (typeof name === 'string' && name !== '') continue
    throw new ConfigError(`${key}.${i}`, 'must name a field of data')
  }
}

function checkCommands(key: string, commands: unknown): void {
  if (typeof commands !== 'object' || commands === null || Array.isArray(commands)) {
    throw new ConfigError(key, 'must be an object of commands')
  }
  for (const [name, one] of Object.entries<unknown>({ ...commands })) {
    const isCommand = typeof one === 'object' && one !== null && 'payload' in one && 'reply' in one
    if (!isCommand) throw new ConfigError(`${key}.${name}`, 'must be made by command()')
  }
}

/** Whether a value has the form of what {@link defineDeviceType} makes. */
export function isDeviceType(value: unknown): value is DeviceType {
  if (typeof value !== 'object' || value === null) return false
  const { name, template, broker, heartbeat, rules, commands, data, status, timestamp } =
    value as Partial<DeviceType>
  const isText = [name, template, broker].every((text) => typeof text === 'string')
  // A schema may be a function as well.
  const isWhole = [commands, data, status, timestamp].every(
    (part) => part !== undefined && part !== null,
  )
  return isText && isWhole && typeof heartbeat === 'number' && Array.isArray(rules)
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
