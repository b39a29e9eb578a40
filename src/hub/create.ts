/**
 * Makes a hub of its parts, and looks after its brokers.
 *
 * @module
 */
import { hasReplies } from '../access/default-rules.ts'
import type { Broker, Subscription } from '../broker/broker.ts'
import { outageFilter } from '../broker/outage.ts'
import type { DeviceType, ReplyOf } from '../device/type.ts'
import { ConfigError, DeviceUnknownError } from '../errors.ts'
import type { DeviceRef, Fleet } from '../fleet/fleet.ts'
import { writeLine } from '../log.ts'
import { PendingCommands } from './commands.ts'
import type { Hub, HubDevice, HubOptions } from './hub.ts'
import { messageReceiver } from './receive.ts'
import { rejections } from './rejections.ts'

/**
 * Makes a hub. Nothing is connected until {@link Hub.start}.
 *
 * @throws {ConfigError} If a type names a broker that is not given, or an option is out of range.
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
export function createHub(fleet: Fleet, options: HubOptions): Hub {
  const { brokers, logger = console } = options
  for (const type of fleet.types) {
    if (!Object.hasOwn(brokers, type.broker)) {
      throw new ConfigError(
        `brokers.${type.broker}`,
        `is not given, but the device type "${type.name}" uses it`,
      )
    }
  }
  const commands = new PendingCommands()
  const { onRejected, reject } = rejections(logger)
  const { receive, register } = messageReceiver(fleet, { ...options, commands, reject, logger })
  let closing: Promise<void> | undefined

  async function startBroker(name: string, broker: Broker): Promise<void> {
    void watch(name, broker)
    await broker.connect({ onMessage: (message) => receive(name, message) })
    const results = await broker.subscribe(subscriptions(fleet, name))
    const because = results.find((result) => result.unsharedBecause)?.unsharedBecause
    if (because === 'broker-has-none' || because === 'protocol-has-none') {
      const reason = because === 'broker-has-none' ? 'the broker' : 'MQTT 3.1.1'
      writeLine(
        logger,
        'warn',
        `Broker "${name}": ${reason} has no shared subscriptions, so this hub receives every message. With several hubs each would handle all of them.`,
      )
    }
  }

  async function watch(name: string, broker: Broker): Promise<void> {
    let lost = false
    const isNews = outageFilter()
    for await (const status of broker.status()) {
      if (!isNews(status)) continue
      if (status.type === 'connected') {
        if (lost) writeLine(logger, 'info', `Broker "${name}": connected again`)
        lost = false
      } else if (status.type === 'disconnected') {
        lost = true
        writeLine(logger, 'warn', `Broker "${name}": connection lost${because(status.error)}`)
      } else if (status.error) {
        writeLine(logger, 'error', `Broker "${name}": ${status.type}${because(status.error)}`)
      }
    }
  }

  async function close(): Promise<void> {
    commands.abandonAll()
    await Promise.all(Object.values(brokers).map((broker) => broker.close()))
  }

  let starting: Promise<void> | undefined
  async function start(): Promise<void> {
    const attempts = await Promise.allSettled(
      Object.entries(brokers).map(([name, broker]) => startBroker(name, broker)),
    )
    const failed = attempts.find((attempt) => attempt.status === 'rejected')
    if (!failed) return
    closing ??= close()
    await closing
    throw failed.reason
  }

  return {
    onData: (type, handler) => register('data', type, handler),
    onStatus: (type, handler) => register('status', type, handler),
    onRejected,
    device<T extends DeviceType>(type: T, id: string): HubDevice<T> {
      const topics = fleet.topics(type)
      const device: DeviceRef = { type: type.name, id }
      return {
        type,
        id,
        async send(name, ...[payload, options = {}]) {
          if (!(await fleet.isActive(device))) throw new DeviceUnknownError(type.name, id)
          const broker = brokers[type.broker]!
          const outgoing = { broker, type, device, topics, name, payload, options }
          return (await commands.send(outgoing)) as ReplyOf<T['commands'][typeof name]>
        },
      }
    },
    start() {
      starting ??= start()
      return starting
    },
    async run({ signal }) {
      if (!signal.aborted) {
        const aborted = new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        // One that is told to stop while it starts does not wait for that.
        await Promise.race([this.start(), aborted])
        await aborted
      }
      await this.close()
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

/** What a hub subscribes to on one broker. */
function subscriptions(fleet: Fleet, broker: string): readonly Subscription[] {
  return fleet.types
    .filter((type) => type.broker === broker)
    .flatMap((type) => {
      const topics = fleet.topics(type)
      const received: Subscription[] = [
        { filter: topics.filter('data'), shared: true },
        { filter: topics.filter('status'), shared: true },
      ]
      // Not shared: a reply has to reach the hub that asked, whichever that is.
      return hasReplies(type) ? [...received, { filter: topics.filter('reply') }] : received
    })
}

function because(error: Error | undefined): string {
  return error ? `: ${error.message}` : ''
}
