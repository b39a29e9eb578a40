/**
 * A watcher over a broker whose subscriptions are counted, and the devices' end of it.
 *
 * @module
 */
import * as v from 'valibot'
import {
  type Broker,
  command,
  createWatcher,
  defineDeviceType,
  type MemoryServer,
  memoryBroker,
  memoryServer,
  sendCommands,
  type Watcher,
  type WatcherOptions,
  type WatchRejection,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'

const interval = v.object({ interval: v.number() })

export const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number(), humidity: v.optional(v.number()) }),
  heartbeat: 10,
  commands: {
    reboot: command(),
    setInterval: command({ payload: interval, reply: interval }),
  },
})

export const DATA = 'things/weatherstation/S-1/data'
export const STATUS = 'things/weatherstation/S-1/status'
export const CMD = 'things/weatherstation/S-1/cmd'
export const REPLY = 'things/weatherstation/S-1/reply'

/** A broker with a list of what it was asked to subscribe to and to end. */
export interface Counted extends Broker {
  /** `+ filter` and `- filter`, in order. */
  readonly asked: readonly string[]
}

/** Wraps a broker. */
export function counted(broker: Broker): Counted {
  const asked: string[] = []
  return {
    asked,
    connect: (options) => broker.connect(options),
    subscribe(subscriptions) {
      asked.push(...subscriptions.map(({ filter }) => `+ ${filter}`))
      return broker.subscribe(subscriptions)
    },
    unsubscribe(filters) {
      asked.push(...filters.map((filter) => `- ${filter}`))
      return broker.unsubscribe(filters)
    },
    publish: (message) => broker.publish(message),
    close: () => broker.close(),
    status: () => broker.status(),
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

/** A watcher that was started, and what is around it. */
export interface Fixture extends AsyncDisposable {
  readonly watcher: Watcher
  readonly server: MemoryServer
  /** The watcher's connection, to be cut. */
  readonly connection: Broker
  readonly asked: readonly string[]
  readonly rejected: Collector<WatchRejection>
  /** The devices' end. */
  readonly devices: Broker
  say(topic: string, payload: unknown, retain?: boolean): Promise<void>
}

/** @param onCommand Answers what is published to `cmd` of S-1. */
export async function watching(
  options: WatcherOptions = {},
  onCommand: (payload: Record<string, unknown>, devices: Broker) => void = () => {},
): Promise<Fixture> {
  const server = memoryServer()
  const connection = memoryBroker(server)
  const broker = counted(connection)
  const watcher = createWatcher(broker, { commands: sendCommands(), ...options })
  const rejected = new Collector<WatchRejection>()
  watcher.onRejected(rejected.push)
  const devices = memoryBroker(server)
  await devices.connect({
    onMessage: ({ payload }) => onCommand(JSON.parse(new TextDecoder().decode(payload)), devices),
  })
  await devices.subscribe([{ filter: CMD }])
  await watcher.start()
  return {
    watcher,
    server,
    connection,
    asked: broker.asked,
    rejected,
    devices,
    say: (topic, payload, retain = false) =>
      devices.publish({ topic, payload: bytesOf(payload), retain }),
    async [Symbol.asyncDispose]() {
      await watcher.close()
      await devices.close()
    },
  }
}

/** JSON; a text and bytes as they are. */
export function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload
  return new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload))
}
