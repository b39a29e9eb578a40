/**
 * Who observes what (RFC 7641).
 *
 * @module
 */
import { ObserveWriteStream, type OutgoingMessage } from 'coap'
import type { Fleet, OutgoingMessage as Outgoing } from 'devicehub'
import type { Question } from './question.ts'

interface Observer {
  readonly topic: string
  readonly username: string | undefined
  readonly stream: ObserveWriteStream
}

export class Observers {
  readonly #fleet: Fleet
  /** By endpoint and token, which are one observation (RFC 7641, section 4.1). */
  readonly #observers = new Map<string, Observer>()

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  /** Adds one that is granted, and answers it with no content: there is no message yet. */
  add(question: Question, response: OutgoingMessage | ObserveWriteStream): void {
    if (!(response instanceof ObserveWriteStream)) throw new Error('It does not observe')
    const key = keyOf(question)
    const { topic, username } = question
    const observer = { topic, username, stream: response }
    this.#observers.set(key, observer)
    // It refused a notification, or has not acknowledged one for minutes.
    response.on('finish', () => {
      if (this.#observers.get(key) === observer) this.#observers.delete(key)
    })
    response.write(new Uint8Array(0))
  }

  remove(question: Question): void {
    this.#observers.delete(keyOf(question))
  }

  /**
   * Sends a message to those who observe its topic and still may; who no longer may is forgotten.
   * Several notifications can be on their way at once, and one that a later one overtakes is
   * dropped by the device (section 3.4).
   */
  async notify({ topic, payload, qos = 1, contentType }: Outgoing): Promise<void> {
    const all = [...this.#observers].filter(([, observer]) => observer.topic === topic)
    for (const [key, { username, stream }] of all) {
      const request = { username, action: 'subscribe', topic, qos, retain: false } as const
      const { effect } = await this.#fleet.authorize(request)
      if (effect === 'deny') {
        this.#observers.delete(key)
        continue
      }
      if (contentType === 'application/json') stream.setOption('Content-Format', contentType)
      stream.write(payload)
    }
  }

  clear(): void {
    this.#observers.clear()
  }
}

function keyOf({ endpoint, token }: Question): string {
  return `${endpoint} ${token}`
}
