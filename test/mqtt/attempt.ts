/**
 * One attempt to connect, told as plain data, so that another runtime can make it and
 * print what came of it.
 *
 * @module
 */
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { CertificateError, DeviceHubError } from '../../src/base/errors.ts'
import type { Message } from '../../src/broker/broker.ts'

/** What came of it. */
export interface Outcome {
  /** `delivered`, or the error's code with the reason of a certificate error after a colon. */
  readonly end: string
  /** The error's message, and what it says of its cause. */
  readonly message: string
}

/** Longer than one TLS record. */
const PAYLOAD = new Uint8Array(100_000).fill(7)

/** Connects, sends a message to itself and closes. */
export async function attempt(config: BrokerConfig): Promise<Outcome> {
  try {
    const broker = mqtt(config)
    try {
      return { end: await exchange(broker), message: '' }
    } finally {
      await broker.close()
    }
  } catch (error) {
    if (!(error instanceof DeviceHubError)) throw error
    const end = error instanceof CertificateError ? `${error.code}:${error.problem}` : error.code
    return { end, message: `${error.message} ${error.cause ?? ''}` }
  }
}

async function exchange(broker: ReturnType<typeof mqtt>): Promise<string> {
  let deliver!: (message: Message) => void
  const delivered = new Promise<Message>((resolve) => {
    deliver = resolve
  })
  await broker.connect({ onMessage: async (message) => deliver(message) })
  const topic = `tls/${crypto.randomUUID()}`
  await broker.subscribe([{ filter: topic }])
  await broker.publish({ topic, payload: PAYLOAD })
  const { payload } = await delivered
  return payload.length === PAYLOAD.length ? 'delivered' : 'cut short'
}
