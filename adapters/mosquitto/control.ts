/**
 * The control interface of Mosquitto's dynamic security: commands are published as JSON, and the
 * answers to everybody's commands arrive on one topic. Source: the plugin's `plugin.c` and
 * `README.md`.
 *
 * @module
 */
import { AdapterError, BrokerError } from '../../src/base/errors.ts'
import type { Broker, Message } from '../../src/broker/broker.ts'

const REQUEST = '$CONTROL/dynamic-security/v1'
const RESPONSE = `${REQUEST}/response`
/** Milliseconds to wait for the answers to one message. */
const ANSWER_LIMIT = 30_000
/** What a batch may hold, far below the longest packet that Mosquitto 2.1 takes by default. */
export const MAX_BATCH_BYTES = 131_072

/** A command, without its correlation data. */
export type Command = { readonly command: string } & Readonly<Record<string, unknown>>

/** Mosquitto's answer to one command. */
export interface Answer {
  readonly command: string
  /** What went wrong, in the plugin's words. */
  readonly error: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** Dynamic security refused a command, or gave an answer that cannot be read. */
export class DynamicSecurityError extends AdapterError {
  override readonly name = 'DynamicSecurityError'
  readonly code = 'ERR_DYNAMIC_SECURITY'
}

interface Pending {
  readonly commands: readonly Command[]
  settle(answers: readonly Answer[]): void
  fail(error: Error): void
}

/** Sends commands and matches the answers to them. */
export class ControlLink {
  readonly #broker: Broker
  readonly #pending = new Map<string, Pending>()
  readonly #encoder = new TextEncoder()
  readonly #decoder = new TextDecoder()

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** Connects and subscribes to the answers. */
  async open(): Promise<void> {
    await this.#broker.connect({ onMessage: async (message) => this.#take(message) })
    await this.#broker.subscribe([{ filter: RESPONSE, qos: 0 }])
  }

  /**
   * Runs commands in order. Settles when all are answered, within 30 seconds; a command that was
   * refused has an `error` in its answer and does not keep those behind it from being run.
   *
   * @throws {BrokerError} If they could not be sent or were not answered: then any of them may or
   * may not have been run.
   * @throws {DynamicSecurityError} If the answer is none to these commands.
   */
  async run(commands: readonly Command[]): Promise<readonly Answer[]> {
    // Others get to see it, so it must not be one that could be guessed before.
    const id = crypto.randomUUID()
    const marked = commands.map((command) => ({ ...command, correlationData: id }))
    const payload = this.#encoder.encode(JSON.stringify({ commands: marked }))
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        this.#pending.delete(id)
      }
      const fail = (error: Error) => {
        end()
        reject(error)
      }
      const timer = setTimeout(() => {
        const message = `Mosquitto did not answer ${commands.length} commands in ${ANSWER_LIMIT} ms: is dynamic security on?`
        fail(new BrokerError('ERR_BROKER_TIMEOUT', message))
      }, ANSWER_LIMIT)
      const settle = (answers: readonly Answer[]) => {
        end()
        resolve(answers)
      }
      this.#pending.set(id, { commands, settle, fail })
      // Its acknowledgement comes behind the answer: what counts is only that none was refused.
      this.#broker.publish({ topic: REQUEST, payload }).catch(fail)
    })
  }

  /** Fails what awaits an answer: none will come on a new connection. */
  lose(cause: Error | undefined): void {
    const message = 'The connection to Mosquitto was lost before it answered'
    for (const { fail } of this.#pending.values()) {
      fail(new BrokerError('ERR_BROKER_CONNECTION_LOST', message, { cause }))
    }
  }

  #take({ topic, payload }: Message): void {
    if (topic !== RESPONSE || this.#pending.size === 0) return
    const responses = parseResponses(this.#decoder.decode(payload))
    const id = responses?.[0]?.correlationData
    // What other administrators asked for is answered here as well.
    const pending = typeof id === 'string' ? this.#pending.get(id) : undefined
    if (!responses || !pending) return
    const { commands, settle, fail } = pending
    const answers = responses.map(readAnswer)
    const isWhole =
      answers.length === commands.length &&
      answers.every(({ command }, i) => command === commands[i]!.command)
    if (isWhole) settle(answers)
    else fail(new DynamicSecurityError('Mosquitto answered other commands than were sent'))
  }
}

function parseResponses(text: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  try {
    const { responses } = JSON.parse(text) as { responses?: unknown }
    return Array.isArray(responses) && responses.every(isObject) ? responses : undefined
  } catch {
    return undefined
  }
}

function readAnswer({ command, error, data }: Readonly<Record<string, unknown>>): Answer {
  return {
    command: String(command),
    error: error === undefined ? undefined : String(error),
    data: isObject(data) ? data : {},
  }
}

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
