/**
 * What the cases of the {@link Broker} contract work with.
 *
 * @module
 */
import type { MaybePromise } from '../../base/maybe-promise.ts'
import type { Broker, Message, MessageHandler, Will } from '../../broker/broker.ts'
import type { Cases } from '../contract.ts'
import { Collector, within } from '../wait.ts'

/** Gives a new unconnected broker on the same message broker each time. */
export type OpenBroker = (options?: {
  /** Most messages that wait for their handler at once. Default: as the broker has it. */
  readonly receiveMaximum?: number
}) => MaybePromise<Broker>

/** A broker whose connection can be lost. It connects again by itself. */
export interface LosableBroker {
  readonly broker: Broker
  /** Loses the connection without a word to the message broker. Settles when it is lost. */
  lose(): MaybePromise<void>
  /** Ends what stands between it and the message broker. Default: there is nothing. */
  end?(): Promise<void>
}

/** How the cases open what is to keep the contract. */
export interface BrokerUnderTest {
  readonly open: OpenBroker
  /** Opens one that can be lost, for the cases of wills. Default: those fail. */
  openLosable?(): MaybePromise<LosableBroker>
}

/** What a case works with. */
export interface Bench {
  readonly open: (options?: Parameters<OpenBroker>[0]) => Promise<Broker>
  /** Opens and connects; messages are collected unless a handler is given. */
  connect(handler?: MessageHandler, options?: Parameters<OpenBroker>[0]): Promise<Client>
  /** Opens one that can be lost, and connects it. Fails where there is none. */
  connectLosable(will: Will): Promise<LosableBroker>
  /** A topic or filter that no other case uses. */
  topic(rest: string): string
}

/** A connected broker and what it received. */
export interface Client {
  readonly broker: Broker
  readonly received: Collector<Message>
}

/** Cases by their titles. */
export type BrokerCases = Cases<[bench: Bench]>

/** A text as a payload. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
/** The payload of a message as a text. */
export const text = (message: Message): string => new TextDecoder().decode(message.payload)

/** Runs one case and closes all that it opened. */
export async function tryOnBench(
  { open, openLosable }: BrokerUnderTest,
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const opened: Broker[] = []
  const losable: LosableBroker[] = []
  const root = `conformance/${crypto.randomUUID()}`
  const openTracked: Bench['open'] = async (options) => {
    const broker = await open(options)
    opened.push(broker)
    return broker
  }
  const bench: Bench = {
    open: openTracked,
    topic: (rest) => `${root}/${rest}`,
    async connectLosable(will) {
      if (!openLosable) throw new Error('There is no openLosable, so no connection can be lost')
      const one = await openLosable()
      opened.push(one.broker)
      losable.push(one)
      await within(one.broker.connect({ onMessage() {}, will }), 'connection')
      return one
    },
    async connect(handler, options) {
      const broker = await openTracked(options)
      const received = new Collector<Message>()
      const onMessage: MessageHandler = async (message) => {
        received.push(message)
        await handler?.(message)
      }
      await within(broker.connect({ onMessage }), 'connection')
      return { broker, received }
    },
  }
  try {
    await run(bench)
  } finally {
    await within(Promise.all(opened.map((broker) => broker.close())), 'close')
    await within(Promise.all(losable.map((one) => one.end?.())), 'end')
  }
}
