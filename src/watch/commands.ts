/**
 * Commands of a watcher. Apart, so that a program that does not import it does not have it.
 *
 * @module
 */
import { CommandError, toError } from '../base/errors.ts'
import type { Message, Publisher } from '../broker/broker.ts'
import { type OutgoingCommand, PendingCommands, type ReplyFate } from '../command/pending.ts'
import type { DeviceRef } from '../device/reference.ts'

/** What has to be heard of a device. */
interface Heard {
  /** Wants it. Returns how to want it no more. */
  hold(channel: 'reply'): () => void
  /** Settles when it can be heard. */
  ready(channel: 'reply'): Promise<void>
}

/** The commands of one watcher, made by {@link sendCommands}. What it has is for the watcher alone. */
export interface WatcherCommands {
  /**
   * Sends one. The reply is subscribed to before.
   *
   * @param watched The device, as it is watched then.
   * @hidden
   */
  sendTo(watched: () => Heard, outgoing: OutgoingCommand): Promise<unknown>
  /**
   * Hands a message of a `reply` channel to the command it answers.
   *
   * @hidden
   */
  accept(device: DeviceRef, message: Message): ReplyFate
  /**
   * Ends every command that waits.
   *
   * @hidden
   */
  abandonAll(): void
}

class Commands extends PendingCommands implements WatcherCommands {
  async sendTo(watched: () => Heard, outgoing: OutgoingCommand): Promise<unknown> {
    const { broker, device, name } = outgoing
    let release = () => {}
    let isOver = false
    const publisher: Publisher = {
      async publish(message) {
        if (message.responseTopic !== undefined) {
          const held = watched()
          release = held.hold('reply')
          try {
            await held.ready('reply')
          } catch (error) {
            throw unheard(error, `${device.type}/${device.id}`, name)
          }
        }
        // Whoever was told by then that it timed out must not find it done.
        if (!isOver) await broker.publish(message)
      },
    }
    try {
      return await this.send({ ...outgoing, broker: publisher })
    } finally {
      isOver = true
      release()
    }
  }
}

/**
 * Lets a watcher send commands, for its option `commands`.
 *
 * @example
 * ```ts
 * import { createWatcher, memoryBroker, sendCommands } from 'devicehub'
 *
 * const watcher = createWatcher(memoryBroker(), { commands: sendCommands() })
 * await watcher.close()
 * ```
 */
export function sendCommands(): () => WatcherCommands {
  return () => new Commands()
}

/** A command is not sent where nobody would hear what became of it. */
function unheard(error: unknown, device: string, name: string): CommandError {
  const { code, message } = toError(error) as Error & { readonly code?: unknown }
  const isDenied = code === 'ERR_BROKER_NOT_AUTHORIZED'
  const problem = `not sent, since its reply cannot be heard: ${message}`
  return new CommandError(
    isDenied ? 'ERR_COMMAND_NOT_AUTHORIZED' : 'ERR_COMMAND_NOT_SENT',
    device,
    name,
    problem,
    { cause: error },
  )
}
