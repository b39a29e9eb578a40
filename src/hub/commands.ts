/**
 * Typed commands and their replies.
 *
 * A command goes out as `{"command","payload","id"}` with the same id as MQTT 5 correlation data,
 * so that 3.1.1 devices can answer too. A reply is `{"payload":…}` or `{"error":…}`, with the
 * correlation data of the command or its `id`.
 *
 * @module
 */

import { type AbortSignalLike, untilAborted } from '../base/abort-signal.ts'
import { clock } from '../base/clock.ts'
import {
  BrokerError,
  CommandError,
  type CommandErrorCode,
  PayloadError,
  toError,
} from '../base/errors.ts'
import { printable } from '../base/quote.ts'
import type { Message, OutgoingMessage, Publisher } from '../broker/broker.ts'
import type { DeviceRef } from '../device/reference.ts'
import { validate } from '../device/schema.ts'
import type { Command, DeviceType } from '../device/type.ts'
import { AccessDeniedError } from '../rule/access-denied.ts'
import type { TopicTemplate } from '../topic/template.ts'
import { decodeJson, encodeJson, parseJson } from './json.ts'

/** How a command is sent. */
export interface SendOptions {
  /**
   * Seconds to wait for the reply, above 0 and at most 86,400 (a day). A device that would get the
   * command later than that does not receive it any more: brokers that speak MQTT 5 drop it.
   * Default: 10.
   */
  readonly timeout?: number
  /** Stops waiting. A command that has left this process may be carried out all the same. */
  readonly signal?: AbortSignalLike
}

const OPTIONS: Record<keyof SendOptions, true> = { timeout: true, signal: true }
const DEFAULT_TIMEOUT = 10
const MAX_TIMEOUT = 86_400

/** A command on its way. */
export interface OutgoingCommand {
  readonly broker: Publisher
  readonly type: DeviceType
  readonly device: DeviceRef
  readonly topics: TopicTemplate
  readonly name: string
  /** The payload, if the command declares one, and the options. */
  readonly args: readonly unknown[]
}

interface PendingReply {
  readonly device: DeviceRef
  settle(message: Message): void
  abandon(): void
}

/** What became of a message on a `reply` channel. */
export type ReplyFate =
  /** It answered a command of this hub. */
  | 'answered'
  /** It answers a command of this hub that waits no more, or comes from the wrong device. */
  | 'unexpected'
  /** It answers another hub's command. */
  | 'not-ours'

/** The commands of one hub that wait for their reply. */
export class PendingCommands {
  // Replies reach every hub. The first part of an id tells which hub asked.
  readonly #instance = crypto.randomUUID()
  readonly #pending = new Map<string, PendingReply>()
  #count = 0

  /** See `HubDevice.send`. */
  async send(outgoing: OutgoingCommand): Promise<unknown> {
    const { broker, type, device, topics, name } = outgoing
    const subject = `${device.type}/${device.id}`
    const fail: Fail = (code, problem, cause) =>
      new CommandError(code, subject, name, problem, { cause })
    const definition = Object.hasOwn(type.commands, name) ? type.commands[name] : undefined
    if (!definition) throw new TypeError(`${type.name} declares no command "${name}"`)
    const { given, timeout, signal } = readArguments(definition, outgoing)
    signal?.throwIfAborted()
    const payload = definition.payload
      ? await validate(definition.payload, given, `payload of ${name}`)
      : undefined
    const id = `${this.#instance}.${++this.#count}`
    const message: OutgoingMessage = {
      topic: topics.name(device.id, 'cmd'),
      payload: encodeJson(
        payload === undefined ? { command: name, id } : { command: name, payload, id },
      ),
      qos: 1,
      contentType: 'application/json',
      correlationData: new TextEncoder().encode(id),
      messageExpiry: Math.ceil(timeout),
      ...(definition.reply && { responseTopic: topics.name(device.id, 'reply') }),
    }
    const reply = definition.reply && this.#expect(id, outgoing, definition, timeout)
    try {
      return await untilAborted(exchange(broker.publish(message), reply, fail), signal)
    } finally {
      // Whatever ended it, nobody waits for the reply any more.
      this.#pending.get(id)?.abandon()
    }
  }

  /** Hands a message of a `reply` channel to the command it answers. */
  accept(device: DeviceRef, message: Message): ReplyFate {
    const id = readReplyId(message)
    if (!id?.startsWith(`${this.#instance}.`)) return 'not-ours'
    const pending = this.#pending.get(id)
    if (pending?.device.type !== device.type || pending.device.id !== device.id) return 'unexpected'
    pending.settle(message)
    return 'answered'
  }

  /** Ends every command that waits. */
  abandonAll(): void {
    for (const pending of this.#pending.values()) pending.abandon()
  }

  #expect(
    id: string,
    { device, name }: OutgoingCommand,
    definition: Command,
    timeout: number,
  ): Promise<unknown> {
    const subject = `${device.type}/${device.id}`
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel()
        this.#pending.delete(id)
      }
      const giveUp = (problem: string) => {
        end()
        reject(new CommandError('ERR_COMMAND_TIMED_OUT', subject, name, problem))
      }
      const cancel = clock().after(timeout * 1_000, () => giveUp(`no reply within ${timeout} s`))
      this.#pending.set(id, {
        device,
        settle(message) {
          end()
          resolve(readReply(definition, message, subject, name))
        },
        abandon: () => giveUp('the hub was closed before a reply came'),
      })
    })
  }
}

/**
 * What goes behind the name of a command that comes from outside. A payload stays one: it is never taken
 * for the options of a command that declares none.
 */
export function argumentsByName(
  type: DeviceType,
  { type: typeName, id }: DeviceRef,
  name: string,
  payload: unknown,
  options: SendOptions | undefined,
): readonly unknown[] {
  const definition = Object.hasOwn(type.commands, name) ? type.commands[name] : undefined
  if (!definition) {
    const problem = `${typeName} declares no such command`
    throw new CommandError('ERR_COMMAND_UNKNOWN', `${typeName}/${id}`, printable(name), problem)
  }
  if (definition.payload) return [payload, options]
  if (payload === undefined) return [options]
  throw new PayloadError(`payload of ${name}`, [{ path: '', message: 'the command declares none' }])
}

/** Makes the error of a command. */
type Fail = (code: CommandErrorCode, problem: string, cause?: unknown) => CommandError

/**
 * Reads what was given behind the name of a command.
 *
 * @throws {TypeError} If it is more than the command takes, or an option is not valid.
 */
function readArguments({ payload }: Command, { name, args }: OutgoingCommand) {
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

/** Settles with the reply, or without one when the broker has taken the command. */
async function exchange(
  published: Promise<void>,
  reply: Promise<unknown> | undefined,
  fail: Fail,
): Promise<unknown> {
  // Where the publish fails its rejection is that one's double.
  reply?.catch(() => {})
  try {
    // Publishing may take longer than the reply has time.
    await (reply ? Promise.race([published, reply]) : published)
  } catch (error) {
    throw error instanceof CommandError ? error : describePublishFailure(error, fail)
  }
  return reply
}

function describePublishFailure(error: unknown, fail: Fail): CommandError {
  const code = error instanceof BrokerError ? error.code : undefined
  if (code === 'ERR_BROKER_NOT_AUTHORIZED') {
    const isOurs = error instanceof AccessDeniedError
    const problem = isOurs ? error.message : 'the broker does not let this hub send it'
    return fail('ERR_COMMAND_NOT_AUTHORIZED', problem, error)
  }
  if (code === 'ERR_BROKER_TIMEOUT' || code === 'ERR_BROKER_CONNECTION_LOST') {
    const problem = 'the broker did not say whether it took the command'
    return fail('ERR_COMMAND_TIMED_OUT', problem, error)
  }
  return fail('ERR_COMMAND_NOT_SENT', `it was not sent: ${toError(error).message}`, error)
}

function readReplyId({ correlationData, payload }: Message): string | undefined {
  if (correlationData) return new TextDecoder().decode(correlationData)
  try {
    // A reply that is refused later has to end its command.
    const json = parseJson(payload) as { id?: unknown } | null
    return typeof json?.id === 'string' ? json.id : undefined
  } catch {
    return undefined
  }
}

async function readReply(
  definition: Command,
  message: Message,
  subject: string,
  name: string,
): Promise<unknown> {
  const what = `reply of ${subject} to ${name}`
  try {
    const json = decodeJson(message.payload, what)
    if (typeof json !== 'object' || json === null || !('payload' in json || 'error' in json)) {
      const problem = 'must be an object with "payload" or "error"'
      throw new PayloadError(what, [{ path: '', message: problem }])
    }
    if ('error' in json) throw deviceFailure(json.error, subject, name)
    return await validate(definition.reply!, (json as { payload: unknown }).payload, what)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError('ERR_COMMAND_REPLY_INVALID', subject, name, toError(error).message, {
      cause: error,
    })
  }
}

function deviceFailure(error: unknown, subject: string, name: string): CommandError {
  const { code, message } = (
    typeof error === 'object' && error !== null ? error : { message: error }
  ) as { code?: unknown; message?: unknown }
  const said = typeof message === 'string' ? printable(message, 500) : 'no reason given'
  return new CommandError('ERR_COMMAND_FAILED', subject, name, `the device said: ${said}`, {
    deviceCode: typeof code === 'string' ? printable(code, 100) : undefined,
  })
}
