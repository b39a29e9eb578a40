/**
 * A device that a test has in hand: it logs in, sends what its type declares, and answers commands.
 *
 * @module
 */
import { BrokerError, toError } from '../base/errors.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import { checkOptions } from '../base/options.ts'
import type { Broker, Message } from '../broker/broker.ts'
import { type InferInput, type InferOutput, type Schema, validate } from '../device/schema.ts'
import type { Command, DeviceType } from '../device/type.ts'
import type { ProvisionedDevice } from '../fleet/fleet.ts'
import { encodeJson, parseJson } from '../message/json.ts'

/** What a device is asked: the payload of a command, as its schema gives it; `undefined` without one. */
export type CommandPayload<C extends Command> = C['payload'] extends Schema
  ? InferOutput<C['payload']>
  : undefined

/** What a device answers: what the schema of the reply takes; nothing where there is none. */
export type CommandReply<C extends Command> = C['reply'] extends Schema
  ? MaybePromise<InferInput<C['reply']>>
  : MaybePromise<void>

/**
 * What a device does for each command that it knows. What a handler returns is the reply; one that throws
 * makes a reply with that error: its message, and its `code` where that is a text.
 */
export type CommandHandlers<T extends DeviceType> = {
  readonly [Name in keyof T['commands']]?: (
    payload: CommandPayload<T['commands'][Name]>,
    device: VirtualDevice<T>,
  ) => CommandReply<T['commands'][Name]>
}

/** What {@link virtualDevice} takes. */
export interface VirtualDeviceOptions<T extends DeviceType> {
  /** As `fleet.provision` returns it. */
  readonly login: ProvisionedDevice
  /** Makes an unconnected broker with its login, each time it connects. */
  readonly connection: (login: ProvisionedDevice) => Broker
  /** A command without a handler is answered with the error `unknown-command`. Default: none. */
  readonly commands?: CommandHandlers<T>
}

/** A device that is switched on and off, and sends what it is told to. */
export interface VirtualDevice<T extends DeviceType = DeviceType> extends AsyncDisposable {
  readonly type: T
  readonly login: ProvisionedDevice
  /** The connection it has, or had last. */
  readonly broker: Broker
  /** Connects and subscribes to its commands. Settles when it hears them. Rejects as its broker does, and is closed then. */
  connect(): Promise<void>
  /**
   * Publishes a `data` message with QoS 1. Settles when the message broker has it.
   *
   * @throws {PayloadError} If the type does not take it; then nothing is sent.
   */
  sendData(data: InferInput<T['data']>): Promise<void>
  /** Publishes a `status` message, as {@link VirtualDevice.sendData}. */
  sendStatus(status: InferInput<T['status']>): Promise<void>
  /** Publishes whatever is given, for messages that are wrong: bytes as they are, else JSON of it. */
  send(channel: 'data' | 'status' | 'reply', payload: unknown): Promise<void>
  /** Disconnects. It may connect again. */
  close(): Promise<void>
}

/**
 * Makes a device. It is not connected yet.
 *
 * @throws {ConfigError} If an option is unknown.
 *
 * @example
 * ```ts
 * import { command, createFleet, defineDeviceType, memoryBroker, memoryServer, memoryStore } from 'devicehub'
 * import { virtualDevice } from 'devicehub/testing'
 * import * as v from 'valibot'
 *
 * const rpm = v.object({ rpm: v.number() })
 * const pump = defineDeviceType('pump', { data: rpm, commands: { set: command({ payload: rpm, reply: rpm }) } })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const server = memoryServer()
 * const device = virtualDevice(pump, {
 *   login: await fleet.provision(pump, 'P-1'),
 *   connection: () => memoryBroker(server),
 *   commands: { set: ({ rpm }) => ({ rpm }) },
 * })
 * await device.connect()
 * await device.sendData({ rpm: 1450 })
 * await device.close()
 * ```
 */
export function virtualDevice<T extends DeviceType>(
  type: T,
  options: VirtualDeviceOptions<T>,
): VirtualDevice<T> {
  checkOptions(options, { login: true, connection: true, commands: true })
  const { login, connection } = options
  const handlers = options.commands ?? ({} as CommandHandlers<T>)
  let broker = connection(login)
  let isFresh = true
  let isOn = false

  async function obey({ payload: bytes, correlationData }: Message): Promise<void> {
    const { command: name, payload, id } = parseJson(bytes) as Readonly<Record<string, unknown>>
    const answer = await answerTo(String(name), payload)
    if (!hasReply(type, String(name))) return
    await device.broker.publish({
      topic: login.topics.reply,
      payload: encodeJson({ ...answer, id }),
      ...(correlationData && { correlationData }),
    })
  }

  async function answerTo(name: string, payload: unknown): Promise<object> {
    try {
      const command = Object.hasOwn(type.commands, name) ? type.commands[name] : undefined
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
      if (!command || !handler) {
        return { error: { code: 'unknown-command', message: `I know no command ${name}` } }
      }
      const asked = command.payload && (await validate(command.payload, payload, `${name} payload`))
      return { payload: (await handler(asked as never, device)) ?? null }
    } catch (error) {
      const { code, message } = toError(error) as Error & { readonly code?: unknown }
      return { error: { ...(typeof code === 'string' && { code }), message } }
    }
  }

  const device: VirtualDevice<T> = {
    type,
    login,
    get broker() {
      return broker
    },
    async connect() {
      if (isOn) throw new BrokerError('ERR_BROKER_CLOSED', `${login.username} is connected already`)
      if (!isFresh) broker = connection(login)
      isFresh = false
      isOn = true
      try {
        await broker.connect({ onMessage: obey })
        if (Object.keys(type.commands).length > 0) {
          await broker.subscribe([{ filter: login.topics.cmd }])
        }
      } catch (error) {
        await device.close()
        throw error
      }
    },
    async sendData(data) {
      await validate(type.data, data, `data of ${login.username}`)
      await device.send('data', data)
    },
    async sendStatus(status) {
      await validate(type.status, status, `status of ${login.username}`)
      await device.send('status', status)
    },
    async send(channel, payload) {
      const bytes = payload instanceof Uint8Array ? payload : encodeJson(payload)
      await broker.publish({ topic: login.topics[channel], payload: bytes })
    },
    async close() {
      isOn = false
      await broker.close()
    },
    [Symbol.asyncDispose]() {
      return device.close()
    },
  }
  return device
}

function hasReply({ commands }: DeviceType, name: string): boolean {
  return Object.hasOwn(commands, name) && commands[name]?.reply !== undefined
}
