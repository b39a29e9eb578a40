/**
 * Events as lines, for people and for programs.
 *
 * @module
 */
import { printable, quote } from '../../../src/base/quote.ts'
import type { SubscriptionResult } from '../../../src/broker/broker.ts'
import { jsonText } from '../json-line.ts'

/** What `listen` tells. Dates are ISO 8601 in UTC. */
export type ListenEvent = MessageEvent | RejectedEvent | BrokerEvent

interface EventBase {
  /** When it was received, or happened. */
  readonly time: string
  readonly broker: string
}

interface MessageEvent extends EventBase {
  readonly event: 'data' | 'status' | 'reply'
  readonly type: string
  readonly device: string
  /** The device's own time, where it sent one. */
  readonly timestamp?: string
  /** As the device type has it; of a `reply`, as the device sent it. */
  readonly payload: unknown
}

interface RejectedEvent extends EventBase {
  readonly event: 'rejected'
  readonly topic: string
  /** See `RejectionCode`. */
  readonly code: string
  readonly text: string
}

interface BrokerEvent extends EventBase {
  readonly event: 'broker'
  readonly state:
    | 'connected'
    | 'subscribed'
    | 'disconnected'
    | 'reconnect-failed'
    | 'error'
    | 'closed'
  readonly text?: string
  readonly subscriptions?: readonly SubscriptionResult[]
}

/** One line for people: time, broker, kind, subject, and what there is to say; it may be cut. */
export function toText(event: ListenEvent): string {
  return printable([event.time, event.broker, event.event, ...words(event)].join(' '))
}

function words(event: ListenEvent): readonly string[] {
  switch (event.event) {
    case 'rejected':
      return [quote(event.topic), `${event.code}:`, event.text]
    case 'broker': {
      const said = event.subscriptions?.map(describeSubscription).join(', ') ?? event.text
      return said === undefined ? [event.state] : [`${event.state}:`, said]
    }
    default:
      return [`${event.type}/${event.device}`, jsonText(event.payload)]
  }
}

function describeSubscription({ filter, shared, unsharedBecause }: SubscriptionResult): string {
  if (shared) return `${filter} (shared)`
  return unsharedBecause ? `${filter} (not shared: ${unsharedBecause})` : filter
}
