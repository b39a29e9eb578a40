/**
 * Turns what happens into the lines of `listen`. A message is acknowledged when its line is
 * written.
 *
 * @module
 */
import { toError } from '../../../src/base/errors.ts'
import type { BrokerStatus, Message, SubscriptionResult } from '../../../src/broker/broker.ts'
import { outageFilter } from '../../../src/broker/outage.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import type { DeviceEvent } from '../../../src/hub/events.ts'
import type { Hub } from '../../../src/hub/hub.ts'
import { decodeJson } from '../../../src/message/json.ts'
import { print } from '../output.ts'
import type { ListenEvent } from './event-line.ts'

/** Tells each kind of event. Every promise settles when the line is written. */
export interface Teller {
  /** Has every message of the hub's devices told. */
  messages(hub: Hub): void
  /** Tells a message if it is a device's reply; returns whether it is. */
  reply(broker: string, message: Message): Promise<boolean>
  subscribed(broker: string, subscriptions: readonly SubscriptionResult[]): Promise<void>
  /** Tells that devices that belong to other brokers would not be heard on this one. */
  unheard(broker: string, error: unknown): Promise<void>
  /**
   * Tells what happens to a connection, from when it stands; of failed reconnects the first of an
   * outage, the first of each further kind, and each login that is refused. Settles when it is closed,
   * or its stream fails.
   */
  life(broker: string, statuses: AsyncIterable<BrokerStatus>): Promise<void>
}

/** Makes a teller. */
export function teller(fleet: Fleet, toLine: (event: ListenEvent) => string): Teller {
  const tell = (event: ListenEvent) => print(toLine(event))
  const now = () => new Date().toISOString()

  function tellMessage(event: 'data' | 'status', said: DeviceEvent, payload: unknown) {
    const { device, broker, timestamp, receivedAt } = said
    return tell({
      time: receivedAt.toISOString(),
      broker,
      event,
      type: device.type,
      device: device.id,
      ...(timestamp && { timestamp: timestamp.toISOString() }),
      payload,
    })
  }

  return {
    messages(hub) {
      for (const type of fleet.types) {
        hub.onData(type, (said) => tellMessage('data', said, said.data))
        hub.onStatus(type, (said) => tellMessage('status', said, said.status))
      }
      hub.onRejected(({ code, text, broker, message: { topic } }) => {
        void tell({ time: now(), broker, event: 'rejected', topic, code, text })
      })
    },

    async reply(broker, { topic, payload }) {
      const found = findReply(fleet, topic)
      if (found?.type.broker !== broker) return false
      const { type, deviceId: device } = found
      const said = { type: type.name, device, payload: readPayload(payload) }
      await tell({ time: now(), broker, event: 'reply', ...said })
      return true
    },

    subscribed: (broker, subscriptions) =>
      tell({ time: now(), broker, event: 'broker', state: 'subscribed', subscriptions }),

    unheard(broker, error) {
      const text = `cannot listen for devices of other brokers: ${toError(error).message}`
      return tell({ time: now(), broker, event: 'broker', state: 'error', text })
    },

    async life(broker, statuses) {
      let isTold = false
      const isNews = outageFilter()
      const tellState = (state: BrokerStatus['kind'], error: Error | undefined) => {
        const text = error && { text: error.message }
        return tell({ time: now(), broker, event: 'broker', state, ...text })
      }
      try {
        for await (const status of statuses) {
          isTold ||= status.kind === 'connected'
          if (!isNews(status) || !isTold) continue
          await tellState(status.kind, 'error' in status ? status.error : undefined)
        }
      } catch (error) {
        // A broker that cannot tell of itself may well carry messages.
        await tellState('error', toError(error))
      }
    },
  }
}

function findReply(fleet: Fleet, topic: string): ReturnType<Fleet['route']> {
  try {
    const found = fleet.route(topic)
    return found?.channel === 'reply' ? found : undefined
  } catch {
    return undefined // The topic is malformed: the hub rejects it.
  }
}

/** What the JSON says, or else the text: a number that cannot be read is shown as it was sent. */
function readPayload(payload: Uint8Array): unknown {
  try {
    return decodeJson(payload, 'reply')
  } catch {
    return new TextDecoder().decode(payload)
  }
}
