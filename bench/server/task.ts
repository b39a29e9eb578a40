/**
 * What the process that loads a server does, and what it and the server say of it.
 *
 * @module
 */

/** A task for the load. Times are seconds. It goes to the process as a message. */
export type Task = { readonly port: number } & (
  | {
      /** Pairs of a publisher and a subscriber, each with a topic of its own. */
      readonly kind: 'pairs'
      readonly qos: 0 | 1
      readonly pairs: number
      /** Messages of each pair that are on their way at once. */
      readonly window: number
      readonly time: number
      /** Filters of each subscriber. Of them one matches. */
      readonly filters: number
    }
  | {
      /** One publisher, and many who get each message at QoS 0. */
      readonly kind: 'fan-out'
      readonly subscribers: number
      /** Published messages that are on their way at once. */
      readonly window: number
      readonly time: number
    }
  | {
      /** One connection after another, some at once. */
      readonly kind: 'connect'
      readonly time: number
    }
  | {
      /** Clients that each subscribe to one filter, and stay until the next task. */
      readonly kind: 'hold'
      readonly connections: number
    }
  | {
      /** Retained messages, each of its own topic. */
      readonly kind: 'retain'
      readonly messages: number
    }
  | {
      /** All clients go, as they do before each task. */
      readonly kind: 'leave'
    }
)

/** What the load tells. */
export type LoadReport =
  /** All is connected: what is counted begins now. */
  | { readonly kind: 'begun' }
  /** How many messages, deliveries or connections there were in so many milliseconds. */
  | { readonly kind: 'done'; readonly count: number; readonly ms: number }
  | { readonly kind: 'failed'; readonly text: string }

/** Bytes in use of a server on Node after a collection of garbage. */
export interface MemoryReport {
  /** On the heap and outside of it. */
  readonly used: number
}

/** About 100 bytes of JSON, as a device sends it. */
export const PAYLOAD: Uint8Array = new TextEncoder().encode(
  JSON.stringify({
    temperature: 21.5,
    humidity: 45,
    pressure: 1_013,
    sequence: 1_000_000,
    firmware: '2.14.0-rc.3',
  }),
)

/** The topic of a pair. */
export const topicOf = (pair: number): string => `things/station/S-${pair}/data`

/** Of some filters of a client, all but the first: none of them matches a topic of {@link topicOf}. */
export function otherFilter(i: number): string {
  return i % 2 === 0 ? `things/station/+/zone-${i}` : `things/pump/P-${i}/data`
}
