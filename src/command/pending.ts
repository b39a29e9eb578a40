/**
 * Typed commands and their replies.
 *
 * A reply is `{"payload":…}` or `{"error":…}`, with the correlation data of the command or its `id`.
 *
 * @module
 */

import { untilAborted } from '../base/abort-signal.ts'
import { clock } from '../base/clock.ts'
import { CommandError, PayloadError, toError } from '../base/errors.ts'
import { printable } from '../base/quote.ts'
import type { Message, Publisher } from '../broker/broker.ts'
import type { DeviceRef } from '../device/reference.ts'
import { validate } from '../device/schema.ts'
import type { Command, DeviceType } from '../device/type.ts'
import { decodeJson, parseJson } from '../message/json.ts'
import type { TopicTemplate } from '../topic/template.ts'
import { readCall } from './call.ts'
import { commandMessage } from './message.ts'
import { notPublished } from './not-published.ts'

/** A command on its way. */
export interface OutgoingCommand {
  readonly broker: Publisher
  readonly type: DeviceType
  readonly device: DeviceRef
  readonly topics: TopicTemplate
  readonly name: string
  /** The payload, if the command declares one, and the options. */
  readonly args: readonly unknown[]
  /** What goes along with it, for whoever traces. Default: nothing. */
  readonly carrier?: Readonly<Record<string, string>>
}

interface PendingReply {
  readonly device: DeviceRef
  settle(message: Message): void
  abandon(): void
}

/** What became of a message on a `reply` channel. */
export type ReplyFate =
  /** It answered a command of ours. */
  | 'answered'
  /** It answers a command of ours that waits no more, or comes from the wrong device. */
  | 'unexpected'
  /** It answers a command that another hub, or another page, sent. */
  | 'not-ours'

/** The commands of one hub, or of one page, that wait for their reply. */
export class PendingCommands {
  // Replies reach all who may hear them. The first part of an id tells who asked.
  readonly #instance = crypto.randomUUID()
  readonly #pending = new Map<string, PendingReply>()
  #count = 0

  /** See `HubDevice.send`. */
  async send(outgoing: OutgoingCommand): Promise<unknown> {
    const { broker, type, device, topics, name, args, carrier } = outgoing
    const call = await readCall(type, name, args)
    const id = `${this.#instance}.${++this.#count}`
    const message = commandMessage({ topics, deviceId: device.id, name, id, carrier }, call)
    const { definition, timeout, signal } = call
    const reply = definition.reply && this.#expect(id, outgoing, definition, timeout)
    const fail = (error: unknown) =>
      notPublished(error, `${device.type}/${device.id}`, name, 'this login')
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

  /** How many wait for their reply. */
  get size(): number {
    return this.#pending.size
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
        abandon: () => giveUp('closed before a reply came'),
      })
    })
  }
}

/** Settles with the reply, or without one when the broker has taken the command. */
async function exchange(
  published: Promise<void>,
  reply: Promise<unknown> | undefined,
  fail: (error: unknown) => CommandError,
): Promise<unknown> {
  // Where the publish fails its rejection is that one's double.
  reply?.catch(() => {})
  try {
    // Publishing may take longer than the reply has time.
    await (reply ? Promise.race([published, reply]) : published)
  } catch (error) {
    throw error instanceof CommandError ? error : fail(error)
  }
  return reply
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
