/**
 * A connected MQTT broker of the library, with what happened to it.
 *
 * @module
 */
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import type {
  Broker,
  BrokerStatus,
  Message,
  MessageHandler,
  Will,
} from '../../src/broker/broker.ts'
import { Collector, within } from '../support/wait.ts'

export interface Client extends AsyncDisposable {
  readonly broker: Broker
  connect(handler?: MessageHandler, will?: Will): Promise<void>
  readonly received: Collector<Message>
  /** Without the reconnects that failed: how often it is tried while a broker is away is chance. */
  readonly statuses: Collector<BrokerStatus>
  readonly failedReconnects: Collector<FailedReconnect>
}

export type FailedReconnect = Extract<BrokerStatus, { kind: 'reconnect-failed' }>

/** Makes a client; it is closed when it goes out of scope. */
export function makeClient(config: BrokerConfig): Client {
  return clientOf(mqtt(config))
}

/** The same of a broker that was made already. */
export function clientOf(broker: Broker): Client {
  const received = new Collector<Message>()
  const statuses = new Collector<BrokerStatus>()
  const failedReconnects = new Collector<FailedReconnect>()
  void collect(broker, statuses, failedReconnects)
  return {
    broker,
    received,
    statuses,
    failedReconnects,
    async connect(handler, will) {
      const onMessage: MessageHandler = async (message) => {
        received.push(message)
        await handler?.(message)
      }
      await within(broker.connect({ onMessage, ...(will && { will }) }), 'connection')
    },
    async [Symbol.asyncDispose]() {
      await within(broker.close(), 'close', 10_000)
    },
  }
}

/** Makes a client and connects it. */
export async function connectClient(
  config: BrokerConfig,
  handler?: MessageHandler,
): Promise<Client> {
  const client = makeClient(config)
  await client.connect(handler)
  return client
}

async function collect(
  broker: Broker,
  statuses: Collector<BrokerStatus>,
  failedReconnects: Collector<FailedReconnect>,
): Promise<void> {
  for await (const status of broker.status()) {
    if (status.kind === 'reconnect-failed') failedReconnects.push(status)
    else statuses.push(status)
  }
}

/** The types of the statuses so far, but for reconnects that failed. */
export function typesOf({ statuses }: Client): string[] {
  return statuses.items.map(({ kind: type }) => type)
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = ({ payload }: Message): string => new TextDecoder().decode(payload)
