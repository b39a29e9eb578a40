/**
 * What the cases of the {@link Broker} contract work with.
 *
 * @module
 */
import type { Broker, Message, MessageHandler, Will } from '../../src/broker/broker.ts'
import { Collector, within } from '../support/wait.ts'

/** Gives a new unconnected broker on the same message broker each time. */
export type Open = (options?: { readonly receiveMaximum?: number }) => Promise<Broker>

/** Opens as {@link Open} does, and tells how the connection is lost without a word to the broker. */
export type OpenLosable = () => Promise<Losable>

/** A broker whose connection can be lost. It connects again by itself. */
export interface Losable {
  readonly broker: Broker
  /** Settles when it is lost. */
  lose(): void | Promise<void>
  /** Ends what stands between it and the broker. */
  end(): Promise<void>
}

/** What a case works with. */
export interface Bench {
  readonly open: Open
  /** Opens and connects; messages are collected unless a handler is given. */
  connect(handler?: MessageHandler, options?: Parameters<Open>[0]): Promise<Client>
  /** Opens one that can be lost, and connects it. Fails where there is none. */
  connectLosable(will: Will): Promise<Losable>
  /** A topic or filter that no other case uses. */
  topic(rest: string): string
}

/** A connected broker and what it received. */
export interface Client {
  readonly broker: Broker
  readonly received: Collector<Message>
}

/** One case. Rejects if the contract is not kept. */
export type Case = (bench: Bench) => Promise<void>

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (message: Message): string => new TextDecoder().decode(message.payload)

/** Runs one case and closes all that it opened. */
export async function runCase(run: Case, open: Open, openLosable?: OpenLosable): Promise<void> {
  const opened: Broker[] = []
  const losable: Losable[] = []
  const root = `conformance/${crypto.randomUUID()}`
  const openTracked: Open = async (options) => {
    const broker = await open(options)
    opened.push(broker)
    return broker
  }
  const bench: Bench = {
    open: openTracked,
    topic: (rest) => `${root}/${rest}`,
    async connectLosable(will) {
      if (!openLosable) throw new Error('No connection can be lost here')
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
    await within(Promise.all(losable.map((one) => one.end())), 'end')
  }
}
