/**
 * A broker as `listen` uses it: what it does is told, and its errors name it.
 *
 * @module
 */
import { toError } from '../../../src/base/errors.ts'
import type {
  Broker,
  BrokerStatus,
  Message,
  Subscription,
  SubscriptionResult,
} from '../../../src/broker/broker.ts'
import { readStatuses } from '../../../src/broker/statuses.ts'
import { brokerFailure, naming } from '../broker.ts'

/** What {@link watchedBroker} takes. */
export interface Watch {
  readonly name: string
  /** Whether messages are shared with the other members of a share group. */
  readonly shared: boolean
  /** Sees each message first. Returns whether that was all: the hub does not get it then. */
  onMessage(message: Message): Promise<boolean>
  /** What is listened to beside what the hub asks for. A broker may well deny that. */
  readonly beside: readonly Subscription[]
  onSubscribed(results: readonly SubscriptionResult[]): Promise<void>
  /** Is told the first reason for which something of `beside` was denied, if something was. */
  onDenied(error: unknown): Promise<void>
}

/** Puts a watch on a broker. */
export function watchedBroker(broker: Broker, watch: Watch): Broker {
  const { name, shared } = watch
  return {
    connect({ onMessage, ...rest }) {
      const first = async (message: Message) => {
        if (!(await watch.onMessage(message))) await onMessage(message)
      }
      return naming(name, broker.connect({ ...rest, onMessage: first }))
    },
    async subscribe(subscriptions) {
      const wanted = subscriptions.map((one) => (shared ? one : { ...one, shared: false }))
      const results = await naming(name, broker.subscribe(wanted))
      // One by one: what is denied takes nothing else with it.
      const granted: SubscriptionResult[] = []
      const denials: unknown[] = []
      for (const { filter } of watch.beside) {
        try {
          granted.push(...(await broker.subscribe([{ filter }])))
        } catch (error) {
          denials.push(error)
        }
      }
      if (denials.length > 0) await watch.onDenied(denials[0])
      await watch.onSubscribed([...results, ...granted])
      return results
    },
    unsubscribe: (filters) => naming(name, broker.unsubscribe(filters)),
    publish: (message) => broker.publish(message),
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
    status: () => namingEnd(name, readStatuses(broker)),
  }
}

async function* namingEnd(
  name: string,
  statuses: AsyncIterable<BrokerStatus>,
): AsyncGenerator<BrokerStatus, void, void> {
  for await (const status of statuses) {
    const hasFailed = status.kind === 'closed' && status.error !== undefined
    yield hasFailed ? { ...status, error: toError(brokerFailure(name, status.error)) } : status
  }
}
