/**
 * Typed commands and their replies.
 *
 * A command goes out as `{"command","payload","id"}` with the same id as MQTT 5 correlation data,
 * so that 3.1.1 devices can answer too. A reply is `{"payload":…}` or `{"error":…}`, with the
 * correlation data of the command or its `id`.
 *
 * @module
 */
import {
  BrokerError,
  CommandError,
  type CommandFailure,
  PayloadError,
  toError,
} from '../base/errors.ts'
import { MAX_TIMER_DELAY } from '../base/timer.ts'
import type { Broker, Message } from '../broker/broker.ts'
import type { DeviceRef } from '../device/reference.ts'
import { validate } from '../device/schema.ts'
import type { Command, DeviceType } from '../device/type.ts'
import { AccessDeniedError } from '../rule/access-denied.ts'
import type { TopicTemplate } from '../topic/template.ts'
import { decodeJson, encodeJson } from './payload.ts'

/** How a command is sent. */
export interface SendOptions {
  /**
   * Milliseconds to wait for the reply, above 0. A device that gets the command later than that
   * does not receive it any more: brokers that speak MQTT 5 drop it. Default: 10,000.
   */
  readonly timeout?: number
}

/** A command on its way. */
export interface OutgoingCommand {
  readonly broker: Broker
  readonly type: DeviceType
  readonly device: DeviceRef
  readonly topics: TopicTemplate
  readonly name: string
  readonly payload: unknown
  readonly options: SendOptions
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
    const { broker, type, device, topics, name, options } = outgoing
    const subject = `${device.type}/${device.id}`
    const timeout = options.timeout ?? 10_000
    const fail = (outcome: CommandFailure, problem: string, cause?: unknown) =>
      new CommandError(outcome, subject, name, problem, { cause })
    const definition = Object.hasOwn(type.commands, name) ? type.commands[name] : undefined
    if (!definition) throw fail('not-sent', 'the device type declares no such command')
    if (!(timeout > 0 && timeout <= MAX_TIMER_DELAY)) {
      throw fail('not-sent', 'the timeout must be milliseconds above 0')
    }
    const payload = definition.payload
      ? await validate(definition.payload, outgoing.payload, `payload of ${name}`)
      : undefined

    const id = `${this.#instance}.${++this.#count}`
    const reply = definition.reply && this.#expect(id, outgoing, definition, timeout)
    // Where the publish fails its rejection is that one's double.
    reply?.catch(() => {})
    try {
      const published = broker.publish({
        topic: topics.name(device.id, 'cmd'),
        payload: encodeJson(
          payload === undefined ? { command: name, id } : { command: name, payload, id },
        ),
        qos: 1,
        contentType: 'application/json',
        correlationData: new TextEncoder().encode(id),
        messageExpiry: Math.ceil(timeout / 1000),
        ...(reply && { responseTopic: topics.name(device.id, 'reply') }),
      })
      // Publishing may take longer than the reply has time.
      await (reply ? Promise.race([published, reply]) : published)
    } catch (error) {
      if (error instanceof CommandError) throw error
      this.#pending.get(id)?.abandon()
      throw describePublishFailure(error, fail)
    }
    return reply
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
        clearTimeout(timer)
        this.#pending.delete(id)
      }
      const giveUp = (problem: string) => {
        end()
        reject(new CommandError('timed-out', subject, name, problem))
      }
      const timer = setTimeout(() => giveUp(`no reply within ${timeout} ms`), timeout)
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

function describePublishFailure(
  error: unknown,
  fail: (outcome: CommandFailure, problem: string, cause?: unknown) => CommandError,
): CommandError {
  const code = error instanceof BrokerError ? error.code : undefined
  if (code === 'ERR_BROKER_NOT_AUTHORIZED') {
    const isOurs = error instanceof AccessDeniedError
    const problem = isOurs ? error.message : 'the broker does not let this hub send it'
    return fail('not-authorized', problem, error)
  }
  if (code === 'ERR_BROKER_TIMEOUT' || code === 'ERR_BROKER_CONNECTION_LOST') {
    return fail('timed-out', 'the broker did not say whether it took the command', error)
  }
  return fail('not-sent', `it was not sent: ${toError(error).message}`, error)
}

function readReplyId({ correlationData, payload }: Message): string | undefined {
  if (correlationData) return new TextDecoder().decode(correlationData)
  try {
    const json = decodeJson(payload, 'reply') as { id?: unknown } | null
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
    throw new CommandError('reply-invalid', subject, name, toError(error).message, { cause: error })
  }
}

function deviceFailure(error: unknown, subject: string, name: string): CommandError {
  const { code, message } = (
    typeof error === 'object' && error !== null ? error : { message: error }
  ) as { code?: unknown; message?: unknown }
  const said = typeof message === 'string' ? message.slice(0, 500) : 'no reason given'
  return new CommandError('failed', subject, name, `the device said: ${said}`, {
    deviceCode: typeof code === 'string' ? code.slice(0, 100) : undefined,
  })
}
