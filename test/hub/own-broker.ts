/**
 * A broker of one's own that carries nothing, and tells of itself what a test has it tell.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import {
  type Broker,
  type BrokerStatus,
  type MessageHandler,
  StatusStream,
} from '../../src/index.ts'
import { bytes } from './fixture.ts'

const CAPABILITIES = {
  sharedSubscriptions: true,
  retain: true,
  maxQos: 2,
  maxPacketSize: undefined,
} as const

export const connected: BrokerStatus = { kind: 'connected', capabilities: CAPABILITIES }

export interface OwnBroker extends Broker {
  /** Whether `close()` was called. */
  readonly isClosed: boolean
  /** Tells these, one right after the other. Settles when whoever reads them has. */
  tell(...statuses: readonly BrokerStatus[]): Promise<void>
  /** Hands a message to its handler. */
  receive(topic: string, payload: unknown): void | Promise<void>
}

/** What comes before a broker does what it is asked; it fails where that does. */
export interface Before {
  readonly connect?: () => Promise<void>
  readonly subscribe?: () => Promise<void>
  readonly close?: () => Promise<void>
}

/** Makes one. @param status In place of a stream that works. */
export function ownBroker(before: Before = {}, status?: () => unknown): OwnBroker {
  const statuses = new StatusStream()
  let onMessage: MessageHandler = () => {}
  let isClosed = false
  return {
    get isClosed() {
      return isClosed
    },
    async connect(options) {
      await before.connect?.()
      onMessage = options.onMessage
      statuses.emit(connected)
      return CAPABILITIES
    },
    async subscribe(subscriptions) {
      await before.subscribe?.()
      return subscriptions.map(({ filter, qos = 1, shared = false }) => ({ filter, qos, shared }))
    },
    async unsubscribe() {},
    async publish() {},
    async close() {
      isClosed = true
      await before.close?.()
      statuses.emit({ kind: 'closed' })
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
    status: () => (status ? (status() as AsyncIterable<BrokerStatus>) : statuses.watch()),
    async tell(...told) {
      for (const one of told) statuses.emit(one)
      await setImmediate()
    },
    receive: (topic, payload) =>
      onMessage({ topic, payload: bytes(payload), qos: 1, retain: false }),
  }
}
