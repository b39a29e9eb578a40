/**
 * Makes a watcher of its parts.
 *
 * @module
 */
import { BrokerError, ConfigError, toError } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import { checkMethods, checkOptions } from '../base/options.ts'
import { quietLog } from '../base/quiet-log.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { Broker, BrokerStatus, Message } from '../broker/broker.ts'
import type { DeviceRef } from '../device/reference.ts'
import { type DeviceType, isDeviceType, type ReplyOf } from '../device/type.ts'
import { rejections } from '../message/rejections.ts'
import { checkName } from '../topic/name.ts'
import { compileTemplate, DEFAULT_PREFIX } from '../topic/template.ts'
import { type Event, NOTHING, type Surroundings, WatchedDevice } from './device.ts'
import { stream, type Writer } from './stream.ts'
import { value } from './value.ts'
import type {
  DeviceSnapshot,
  DeviceWatch,
  StreamOptions,
  WatchedPresence,
  Watcher,
  WatcherConnection,
  WatcherOptions,
  WatchRejection,
} from './watcher.ts'

const METHODS = {
  connect: true,
  subscribe: true,
  unsubscribe: true,
  publish: true,
  close: true,
  status: true,
} as const

/** How many devices are returned as the same object without being watched: half of it at least. */
const MAX_WATCHES = 2_000

/**
 * Makes a watcher. Nothing is connected until {@link Watcher.start}, and nothing is subscribed to until a
 * device is watched.
 *
 * @param broker A connection of its own, which is not connected yet.
 * @throws {ConfigError} If it is no broker, or an option is not valid or unknown.
 * @throws {InvalidNameError} If the prefix could change the shape of a topic.
 *
 * @example
 * ```ts
 * import { createWatcher, defineDeviceType, memoryBroker } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const watcher = createWatcher(memoryBroker())
 * await watcher.start()
 * const stop = watcher.watch(pump, { id: 'P-1' }).subscribe(({ data }) => console.log(data?.rpm))
 * stop()
 * await watcher.close()
 * ```
 */
export function createWatcher(broker: Broker, options: WatcherOptions = {}): Watcher {
  checkMethods('broker', broker, METHODS)
  checkOptions(options, { prefix: true, logger: true, commands: true })
  const { prefix = DEFAULT_PREFIX, logger = console, commands: makeCommands } = options
  if (makeCommands !== undefined && typeof makeCommands !== 'function') {
    throw noCommands()
  }
  checkName('prefix', prefix)
  const log = quietLog(logger)
  const { onRejected, reject } = rejections<WatchRejection>(log)
  const commands = makeCommands?.()
  const watches: RecentMap<string, DeviceWatch> = recentMap(MAX_WATCHES)
  const devices = new Map<string, WatchedDevice>()
  const routes = new Map<string, (message: Message) => MaybePromise<void>>()
  const failed = (error: unknown) => {
    log.write('error', 'subscriber', `A subscriber of a store failed: ${describeError(error)}`)
  }
  const connection = value<WatcherConnection>({ state: 'idle', error: undefined }, failed)
  /** Whether the broker refused something in a connection that is being made. */
  let isDoubtful = false
  let starting: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const around: Surroundings = {
    broker,
    get isConnected() {
      return connection.getSnapshot().state === 'connected'
    },
    reject,
    warn: (what, { path, message }) => {
      log.write('warn', 'payload', `Took ${what} all the same: ${path}: ${message}`)
    },
    failed,
    answer: (device, message) => {
      if (commands?.accept(device, message) !== 'unexpected') return
      const text = 'the command it answers waits no more'
      reject({ code: 'reply-unexpected', text, device, message })
    },
    route: (topic, take) => {
      if (take) routes.set(topic, take)
      else routes.delete(topic)
    },
    left: ({ device }) => {
      devices.delete(keyOf(device))
    },
  }

  function enter(state: WatcherConnection['state'], error?: Error): void {
    const before = connection.getSnapshot()
    if (before.state === 'closed') return
    if (before.state === state && before.error === error) return
    connection.set(Object.freeze({ state, error }))
  }

  function connected(): void {
    const wasDoubtful = isDoubtful
    isDoubtful = false
    enter('connected')
    for (const { subscriptions } of devices.values()) {
      for (const one of subscriptions) one.connected(wasDoubtful)
    }
  }

  function end(error?: Error): void {
    enter('closed', error)
    commands?.abandonAll()
    for (const device of devices.values()) device.end(error)
  }

  function note(status: BrokerStatus): void {
    switch (status.kind) {
      case 'connected':
        connected()
        break
      case 'disconnected':
        enter('disconnected', status.error)
        break
      case 'reconnect-failed': {
        const { state } = connection.getSnapshot()
        enter(state === 'connecting' ? 'connecting' : 'disconnected', status.error)
        break
      }
      case 'error':
        // Before `connected` it may be a subscription, and which one is not told.
        if (!around.isConnected) isDoubtful = true
        log.write('error', 'broker', `Broker: ${status.error.message}`)
        break
      case 'closed':
        end(status.error ?? (closing ? undefined : closedByOthers()))
    }
  }

  /** Never rejects: a broker that cannot tell of itself may well carry messages. */
  async function readStatuses(): Promise<void> {
    try {
      for await (const status of broker.status()) note(status)
    } catch (error) {
      log.write('error', 'statuses', `The broker's statuses failed: ${describeError(error)}`)
    }
  }

  async function start(signal: Parameters<Watcher['start']>[0]): Promise<void> {
    enter('connecting')
    void readStatuses()
    try {
      await broker.connect({
        onMessage: (message) => routes.get(message.topic)?.(message),
        ...signal,
      })
    } catch (error) {
      end(toError(error))
      throw error
    }
    // The broker's own word for it may come a little later, or its end have come before.
    if (connection.getSnapshot().state === 'connecting') connected()
  }

  async function close(): Promise<void> {
    end()
    await broker.close()
    log.close()
  }

  function deviceOf(type: DeviceType, id: string): WatchedDevice {
    const key = keyOf({ type: type.name, id })
    const known = devices.get(key)
    if (known) {
      known.type = type
      return known
    }
    const topics = compileTemplate(type.template, { prefix, type: type.name })
    const made = new WatchedDevice(type, id, topics, around)
    devices.set(key, made)
    return made
  }

  /** A stream that ends where the watcher has. */
  function read<Written, T extends Written>(
    open: (writer: Writer<Written>) => () => void,
    options: StreamOptions | undefined,
  ): AsyncIterable<T> {
    const written = stream<Written>((writer) => {
      const { state, error } = connection.getSnapshot()
      if (state !== 'closed') return open(writer)
      writer.end(error)
      return () => {}
    }, options)
    // What a schema makes of a value was checked where it was declared, beside the type.
    return written as AsyncIterable<T>
  }

  function watchOf<T extends DeviceType>(type: T, id: string): DeviceWatch<T> {
    const topics = compileTemplate(type.template, { prefix, type: type.name })
    const device = { type: type.name, id }
    const key = keyOf(device)
    return {
      type,
      id,
      getSnapshot: () => (devices.get(key)?.snapshot ?? NOTHING) as DeviceSnapshot<T>,
      subscribe: (run) => deviceOf(type, id).subscribe(run as (snapshot: DeviceSnapshot) => void),
      data: (options) =>
        read((writer: Writer<Event>) => deviceOf(type, id).read('data', writer), options),
      status: (options) =>
        read((writer: Writer<Event>) => deviceOf(type, id).read('status', writer), options),
      presence: (options) =>
        read((writer: Writer<WatchedPresence>) => deviceOf(type, id).readPresence(writer), options),
      async send(name, ...args) {
        if (!commands) throw noCommands()
        const outgoing = { broker, type, device, topics, name, args }
        const reply = await commands.sendTo(() => deviceOf(type, id), outgoing)
        return reply as ReplyOf<T['commands'][typeof name]>
      },
    }
  }

  return {
    connection,
    onRejected,
    start(options) {
      starting ??= start(options)
      return starting
    },
    watch<T extends DeviceType>(type: T, { id }: { readonly id: string }): DeviceWatch<T> {
      if (!isDeviceType(type)) throw new ConfigError('type', 'must be made by defineDeviceType()')
      const key = keyOf({ type: type.name, id: checkName('device id', id) })
      const known = watches.get(key)
      if (known?.type === type) return known as DeviceWatch<T>
      const made = watchOf(type, id)
      watches.set(key, made as unknown as DeviceWatch)
      return made
    },
    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function keyOf({ type, id }: DeviceRef): string {
  return `${type}/${id}`
}

function noCommands(): ConfigError {
  return new ConfigError('commands', 'must be what sendCommands() makes')
}

function closedByOthers(): BrokerError {
  return new BrokerError('ERR_BROKER_CLOSED', 'The broker was closed, and not by this watcher')
}
