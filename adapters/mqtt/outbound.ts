/**
 * What awaits the broker's answer, and the bound on how much may await it at once. All of it
 * settles: the `mqtt` package alone leaves promises open when a connection is lost.
 *
 * @module
 */
import { BrokerError } from '../../src/errors.ts'

/** Sends something; calls back, once, with the broker's answer or an error. */
export type Send<T> = (answer: (error: Error | undefined, value: T) => void) => void

interface Request {
  readonly what: string
  readonly start: () => void
  readonly fail: (error: BrokerError) => void
  sent: boolean
}

/** What awaits an answer on one connection. It all settles: by answer, deadline or `lose()`. */
export class Outbound {
  readonly #timeout: number
  readonly #onAwait: () => void
  readonly #open = new Set<Request>()
  readonly #waiting = new Set<Request>()
  #quota: number
  #idle: (() => void)[] = []

  /**
   * @param quota Most QoS 1 and 2 messages the broker takes unacknowledged (its receive maximum).
   * @param timeout Milliseconds to wait for an answer.
   * @param onAwait Called when an answer comes to be awaited.
   */
  constructor(quota: number, timeout: number, onAwait: () => void) {
    this.#quota = quota
    this.#timeout = timeout
    this.#onAwait = onAwait
  }

  /** Whether an answer is awaited. */
  get awaits(): boolean {
    return this.#open.size > 0
  }

  /** Sends something that is answered but does not count against the quota. */
  request<T>(what: string, send: Send<T>): Promise<T> {
    return this.#add(
      what,
      send,
      () => {},
      (request) => request.start(),
    )
  }

  /** Sends a message of QoS 1 or 2 when the quota has room for it. */
  publish(what: string, send: Send<unknown>): Promise<unknown> {
    const freed = () => {
      this.#quota++
      this.#startWaiting()
    }
    return this.#add(what, send, freed, (request) => {
      this.#waiting.add(request)
      this.#startWaiting()
    })
  }

  /** Rejects whatever awaits an answer: none can come any more. */
  lose(cause: Error | undefined): void {
    for (const { what, sent, fail } of this.#open) {
      fail(
        sent
          ? new BrokerError(
              'ERR_BROKER_TIMEOUT',
              `${what}: the connection was lost before the broker answered, so it may or may not have arrived`,
              { cause },
            )
          : new BrokerError('ERR_BROKER_NOT_CONNECTED', `${what}: the connection was lost before`, {
              cause,
            }),
      )
    }
  }

  /** Settles when nothing awaits an answer. */
  async idle(): Promise<void> {
    if (this.awaits) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #startWaiting(): void {
    for (const request of this.#waiting) {
      if (this.#quota === 0) return
      this.#quota--
      request.start()
    }
  }

  #add<T>(
    what: string,
    send: Send<T>,
    answered: () => void,
    enter: (request: Request) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        this.#waiting.delete(request)
        this.#open.delete(request)
        if (!this.awaits) for (const done of this.#idle.splice(0)) done()
      }
      const request: Request = {
        what,
        sent: false,
        start: () => {
          this.#waiting.delete(request)
          request.sent = true
          send((error, value) => {
            settle()
            if (error) reject(error)
            else resolve(value)
            answered()
          })
        },
        fail: (error) => {
          settle()
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        const message = `${what}: no answer from the broker within ${this.#timeout} ms`
        request.fail(new BrokerError('ERR_BROKER_TIMEOUT', message))
      }, this.#timeout)
      this.#open.add(request)
      enter(request)
      this.#onAwait()
    })
  }
}
