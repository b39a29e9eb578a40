/**
 * What a caller asks for, read and checked: a command of a type, its payload and its options.
 *
 * @module
 */
import type { AbortSignalLike } from '../base/abort-signal.ts'
import { CommandError, PayloadError } from '../base/errors.ts'
import { printable } from '../base/quote.ts'
import type { DeviceRef } from '../device/reference.ts'
import { type Schema, validate } from '../device/schema.ts'
import type { Command, Commands, DeviceType, PayloadOf } from '../device/type.ts'

/** How a command is sent. */
export interface SendOptions {
  /**
   * Seconds to wait for the reply, above 0 and at most 86,400 (a day). A device that would get the
   * command later than that does not receive it any more: brokers that speak MQTT 5 drop it. Where no
   * reply is waited for it is that alone. Default: 10.
   */
  readonly timeout?: number
  /** Stops waiting. A command that has left this process may be carried out all the same. */
  readonly signal?: AbortSignalLike
}

/** The arguments of a command: its payload, if it declares one, then options. */
export type SendArguments<C extends Commands[string]> = C['payload'] extends Schema
  ? [payload: PayloadOf<C>, options?: SendOptions]
  : [options?: SendOptions]

const OPTIONS: Record<keyof SendOptions, true> = { timeout: true, signal: true }
const DEFAULT_TIMEOUT = 10
const MAX_TIMEOUT = 86_400

/** A command as it was asked for, all of it valid. */
export interface CommandCall {
  readonly definition: Command
  /** `undefined` if the command declares none. */
  readonly payload: unknown
  /** Seconds. */
  readonly timeout: number
  readonly signal: AbortSignalLike | undefined
}

/**
 * Reads what was given behind the name of a command.
 *
 * @param args The payload, if the command declares one, and the options.
 * @throws {TypeError} If the type declares no such command, more is given than it takes, or an option is
 * not valid.
 * @throws {PayloadError} If the payload is not what the command declares.
 * @throws The signal's reason, if it was aborted.
 */
export async function readCall(
  type: DeviceType,
  name: string,
  args: readonly unknown[],
): Promise<CommandCall> {
  const definition = definitionOf(type, name)
  if (!definition) throw new TypeError(`${type.name} declares no command "${name}"`)
  const { given, timeout, signal } = readArguments(definition, name, args)
  signal?.throwIfAborted()
  const payload = definition.payload
    ? await validate(definition.payload, given, `payload of ${name}`)
    : undefined
  return { definition, payload, timeout, signal }
}

/**
 * What goes behind the name of a command that comes from outside. A payload stays one: it is never taken
 * for the options of a command that declares none.
 *
 * @throws {CommandError} `ERR_COMMAND_UNKNOWN`, if the type declares no such command.
 * @throws {PayloadError} If there is a payload, and the command declares none.
 */
export function argumentsByName(
  type: DeviceType,
  { type: typeName, id }: DeviceRef,
  name: string,
  payload: unknown,
  options: SendOptions | undefined,
): readonly unknown[] {
  const definition = definitionOf(type, name)
  if (!definition) {
    const problem = `${typeName} declares no such command`
    throw new CommandError('ERR_COMMAND_UNKNOWN', `${typeName}/${id}`, printable(name), problem)
  }
  if (definition.payload) return [payload, options]
  if (payload === undefined) return [options]
  throw new PayloadError(`payload of ${name}`, [{ path: '', message: 'the command declares none' }])
}

function definitionOf({ commands }: DeviceType, name: string): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined
}

function readArguments({ payload }: Command, name: string, args: readonly unknown[]) {
  const [given, options = {}, ...more] = payload ? args : [undefined, ...args]
  if (more.some((value) => value !== undefined)) {
    const takes = payload ? 'a payload and options' : 'options alone: it declares no payload'
    throw new TypeError(`Command "${name}" takes ${takes}`)
  }
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`The options of command "${name}" must be an object`)
  }
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(OPTIONS, option))
  if (unknown !== undefined) {
    throw new TypeError(`"${unknown}" is no option of a command: there are timeout and signal`)
  }
  const { timeout = DEFAULT_TIMEOUT, signal } = options as SendOptions
  if (!(typeof timeout === 'number' && timeout > 0 && timeout <= MAX_TIMEOUT)) {
    throw new TypeError(`timeout must be seconds, above 0 and at most ${MAX_TIMEOUT}`)
  }
  return { given, timeout, signal }
}
