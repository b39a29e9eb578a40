/**
 * Makes a hub of its parts: from its start to its end.
 *
 * @module
 */

import { type AbortSignalLike, untilAborted } from '../base/abort-signal.ts'
import { clock } from '../base/clock.ts'
import { describeError, writeLine } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import { quietLog } from '../base/quiet-log.ts'
import type { Broker } from '../broker/broker.ts'
import { PendingCommands } from '../command/pending.ts'
import type { DeviceType } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { rejections } from '../message/rejections.ts'
import { storedPresence } from '../presence/stored.ts'
import { checkNamed } from './check-named.ts'
import { hubConnection } from './connection.ts'
import { devicesOf } from './devices.ts'
import type { Rejection } from './events.ts'
import type { Hub, HubOptions, NeededBrokers } from './hub.ts'
import { messageReceiver } from './receive.ts'
import type { HubStatus } from './status.ts'
import { subscriptionsTo } from './subscriptions.ts'

/** Why a hub ended that was not closed. */
interface Ending {
  readonly error: unknown
}

const OPTIONS: Record<keyof HubOptions, true> = {
  brokers: true,
  concurrency: true,
  retry: true,
  deadLetter: true,
  presence: true,
  seen: true,
  logger: true,
}

/** What a hub calls of a broker. */
const METHODS = {
  connect: true,
  subscribe: true,
  publish: true,
  close: true,
  status: true,
} as const

/**
 * Makes a hub. Nothing is connected until {@link Hub.start}.
 *
 * @throws {ConfigError} If a type names a broker that is not given, a broker is none, or an option is
 * out of range or unknown.
 *
 * @example
 * ```ts
 * import { createFleet, createHub, defineDeviceType, memoryBroker, memoryStore } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const hub = createHub(fleet, { brokers: { default: memoryBroker() } })
 * hub.onData(pump, ({ device, data }) => console.log(device.id, data.rpm))
 * await hub.start()
 * await hub.close()
 * ```
 */
export function createHub<
  Types extends readonly DeviceType[],
  Brokers extends Readonly<Record<string, Broker>>,
>(
  fleet: Fleet<Types>,
  options: HubOptions & { readonly brokers: Brokers & NeededBrokers<Types, Brokers> },
): Hub {
  checkOptions(options, OPTIONS)
  const { logger = console } = options
  const brokers: Readonly<Record<string, Broker>> = options.brokers
  checkNamed('brokers', brokers, METHODS, fleet.types)
  const commands = new PendingCommands()
  const log = quietLog(logger)
  const { observer } = fleet
  const { onRejected, reject } = rejections<Rejection>(
    log,
    observer && (({ code, broker }) => observer({ kind: 'rejection', code, broker })),
  )
  const { presence } = options
  // Where it keeps no states, or a presence that is given writes them, there is nothing to be kept here.
  const recorder =
    fleet.store.states && !presence?.told ? storedPresence(fleet, { logger }) : undefined
  const presences = [presence, recorder].filter((each) => each !== undefined)
  const receiver = messageReceiver(fleet, {
    ...options,
    presences,
    commands,
    reject,
    log,
  })
  const { receive, register } = receiver
  /** Ends the hub: with an error, or without one when it is closed. What comes first counts. */
  let end!: (ending?: Ending) => void
  const over = new Promise<Ending | undefined>((resolve) => {
    end = resolve
  })
  const connections = Object.entries(brokers).map(([name, broker]) =>
    hubConnection({
      name,
      broker,
      subscriptions: subscriptionsTo(
        fleet,
        fleet.types.filter((type) => type.broker === name),
      ),
      onMessage: (message) => receive(name, message),
      onEnd: (error) => end({ error }),
      logger,
    }),
  )
  let state: HubStatus['state'] = 'idle'
  let since = clock().date()
  let closing: Promise<void> | undefined
  let starting: Promise<void> | undefined

  function enter(next: HubStatus['state']): void {
    state = next
    since = clock().date()
  }

  async function start(signal: AbortSignalLike | undefined): Promise<void> {
    if (!closing) enter('starting')
    try {
      signal?.throwIfAborted()
      await untilAborted(startAll(), signal)
      if (!closing) enter('running')
    } catch (error) {
      end({ error })
      closing ??= close()
      await closing
      throw error
    }
  }

  /** Not over before all are: one that is still connecting must not be left behind. */
  async function startAll(): Promise<void> {
    const attempts = await Promise.allSettled(connections.map((connection) => connection.start()))
    const failed = attempts.find((attempt) => attempt.status === 'rejected')
    if (failed) throw failed.reason
  }

  async function close(): Promise<void> {
    enter('closing')
    end()
    commands.abandonAll()
    const closings = await Promise.allSettled(connections.map((connection) => connection.close()))
    await recorder?.close()
    enter('closed')
    log.close()
    const failed = closings.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
  }

  function isReady(): boolean {
    return state === 'running' && connections.every((connection) => connection.state.subscribed)
  }

  return {
    onData: (type, handler) => register('data', type, handler),
    onStatus: (type, handler) => register('status', type, handler),
    onRejected,
    device: devicesOf(fleet, brokers, (command) => commands.send(command)),
    start({ signal } = {}) {
      starting ??= start(signal)
      return starting
    },
    async run({ signal }) {
      let stop!: () => void
      const stopped = new Promise<undefined>((resolve) => {
        stop = () => resolve(undefined)
      })
      signal.addEventListener('abort', stop)
      if (signal.aborted) stop()
      const ended = Promise.race([stopped, over])
      try {
        // One that is told to stop while it starts does not wait for that.
        if (!signal.aborted && !closing) await Promise.race([this.start(), ended])
        const ending = await ended
        await this.close().catch((error) => {
          if (!ending) throw error
          writeLine(logger, 'error', `Closing the hub failed: ${describeError(error)}`)
        })
        if (ending) throw ending.error
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    close() {
      closing ??= close()
      return closing
    },
    status: () => ({
      state,
      since,
      ready: isReady(),
      messages: receiver.pending,
      commands: commands.size,
      brokers: Object.fromEntries(connections.map(({ name, state }) => [name, state])),
    }),
    get ready() {
      return isReady()
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}
