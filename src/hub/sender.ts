/**
 * Commands without a hub: sent, and not waited for.
 *
 * @module
 */
import { untilAborted } from '../base/abort-signal.ts'
import { checkOptions } from '../base/options.ts'
import type { Publisher } from '../broker/broker.ts'
import { readCall, type SendArguments, type SendOptions } from '../command/call.ts'
import { commandMessage } from '../command/message.ts'
import { notPublished } from '../command/not-published.ts'
import type { OutgoingCommand } from '../command/pending.ts'
import type { DeviceType } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { checkNamed } from './check-named.ts'
import { devicesOf } from './devices.ts'

/** What {@link commandSender} takes. */
export interface CommandSenderOptions {
  /**
   * What publishes, by the names that the types use for their brokers, such as `emqxPublisher` of
   * `devicehub/emqx`, or a connected `Broker`. Every one that a type of the fleet names must be here.
   */
  readonly publishers: Readonly<Record<string, Publisher>>
}

/** One device, to send commands to. */
export interface CommandTarget<T extends DeviceType> {
  readonly type: T
  readonly id: string
  /**
   * Sends a command. Settles when the broker has taken it, which is not to say that the device has it,
   * or that it was there to get it: what the device replies is for whoever subscribes to its `reply`
   * channel.
   *
   * @throws {CommandError} `ERR_COMMAND_NOT_SENT` and `ERR_COMMAND_NOT_AUTHORIZED` if the broker has not
   * taken it; `ERR_COMMAND_TIMED_OUT` if it did not say whether it has.
   * @throws {PayloadError} If the payload is not what the command declares. Nothing is sent.
   * @throws {DeviceUnknownError} If the device is not provisioned, or revoked. Nothing is sent.
   * @throws {TypeError} If the type declares no such command, or an option is not valid. Nothing is
   * sent.
   * @throws The signal's reason, if it was aborted. The command may have been sent.
   */
  send<Name extends keyof T['commands'] & string>(
    command: Name,
    ...args: SendArguments<T['commands'][Name]>
  ): Promise<void>
  /**
   * Sends a command of which the name and the payload come from outside, such as in a request: all of it
   * is checked now, since no compiler could. Else as {@link CommandTarget.send}.
   *
   * @param payload `undefined` for a command that declares none.
   * @throws {CommandError} `ERR_COMMAND_UNKNOWN`, if the type declares no such command.
   * @throws {PayloadError} If there is a payload, and the command declares none.
   * @throws What {@link CommandTarget.send} does.
   */
  sendByName(command: string, payload: unknown, options?: SendOptions): Promise<void>
}

/** Sends commands. Make one with {@link commandSender}. */
export interface CommandSender {
  /** A device to send commands to. Nothing is checked or sent yet. */
  device<T extends DeviceType>(type: T, id: string): CommandTarget<T>
}

/**
 * Makes what sends commands where no hub can stay, such as in an edge worker: the same messages as a
 * hub's, and no reply is waited for. It holds nothing, and has no end.
 *
 * @throws {ConfigError} If a type names a publisher that is not given, one is none, or an option is
 * unknown.
 *
 * @example
 * ```ts
 * import { command, commandSender, createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { emqxPublisher } from 'devicehub/emqx'
 * import * as v from 'valibot'
 *
 * const data = v.object({ rpm: v.number() })
 * const pump = defineDeviceType('pump', { data, commands: { stop: command() } })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const api = { url: 'https://emqx.internal:18084', key: 'devicehub', secret: 'of-that-key' }
 * const sender = commandSender(fleet, { publishers: { default: emqxPublisher(api) } })
 * export const stop = (id: string): Promise<void> => sender.device(pump, id).send('stop')
 * ```
 */
export function commandSender(fleet: Fleet, options: CommandSenderOptions): CommandSender {
  checkOptions(options, { publishers: true })
  const { publishers } = options
  checkNamed('publishers', publishers, { publish: true }, fleet.types)
  // What it settles with is what `send` does: nothing.
  return { device: devicesOf(fleet, publishers, send) as CommandSender['device'] }
}

async function send(outgoing: OutgoingCommand): Promise<void> {
  const { broker, type, device, topics, name, args, carrier } = outgoing
  const call = await readCall(type, name, args)
  const id = crypto.randomUUID()
  const message = commandMessage({ topics, deviceId: device.id, name, id, carrier }, call)
  const published = broker.publish(message).catch((error) => {
    throw notPublished(error, `${device.type}/${device.id}`, name, 'this sender')
  })
  await untilAborted(published, call.signal)
}
