/**
 * One subscription, made while somebody holds it and ended when nobody does.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { BrokerError, toError } from '../base/errors.ts'
import type { Broker } from '../broker/broker.ts'

/** How long it lasts when nobody holds it any more, in milliseconds: views are taken down and put up again. */
const LINGER_MS = 1_000

/** When what a broker did not answer is asked again, in milliseconds, unless it connects anew before. */
const RETRY_MS = 5_000

/** What a subscription needs to know of the connection. */
export interface Connected {
  readonly broker: Broker
  readonly isConnected: boolean
}

/** A filter at a broker. */
export class HeldSubscription {
  readonly #connection: Connected
  readonly #filter: string
  /** Is told when it was refused, and with `undefined` when it stands after that. */
  readonly #onRefused: (error: Error | undefined) => void
  /** Is told when nobody has held it for a while. */
  readonly #onLeft: () => void
  #holders = 0
  #isWanted = false
  #stands = false
  #isAsking = false
  #refusal: Error | undefined
  #cancel = () => {}
  #waiting: { resolve(): void; reject(error: Error): void }[] = []

  constructor(
    connection: Connected,
    filter: string,
    onRefused: (error: Error | undefined) => void,
    onLeft: () => void,
  ) {
    this.#connection = connection
    this.#filter = filter
    this.#onRefused = onRefused
    this.#onLeft = onLeft
  }

  /** Why it does not stand, where the broker or the guard refused it. */
  get refusal(): Error | undefined {
    return this.#refusal
  }

  /** Whether somebody holds it, or did a moment ago. */
  get isWanted(): boolean {
    return this.#isWanted
  }

  /** Whether there is nothing left to do about it. */
  get isIdle(): boolean {
    return !this.#isWanted && !this.#stands && !this.#isAsking
  }

  /** Wants it. Returns how to want it no more. */
  hold(): () => void {
    this.#holders++
    this.#isWanted = true
    this.#cancel()
    void this.#settle()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      if (--this.#holders > 0) return
      this.#cancel = clock().after(LINGER_MS, () => this.#leave(), true)
    }
  }

  /** Settles when it stands. Rejects when it is refused, or without a connection. */
  ready(): Promise<void> {
    if (this.#stands) return Promise.resolve()
    if (!this.#connection.isConnected) {
      const text = `Not connected, so ${this.#filter} is not subscribed to`
      return Promise.reject(new BrokerError('ERR_BROKER_NOT_CONNECTED', text))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      void this.#settle()
    })
  }

  /**
   * There is a connection. The broker has made again what stood.
   *
   * @param isDoubtful Whether it was refused something then, and did not say what.
   */
  connected(isDoubtful: boolean): void {
    if (isDoubtful) this.#stands = false
    void this.#settle()
  }

  #leave(): void {
    this.#isWanted = false
    this.#refusal = undefined
    this.#onLeft()
    void this.#settle()
  }

  /** Asks the broker until it has what is wanted. Never fails. */
  async #settle(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    // Whoever is mounted in one turn and taken down in the same one costs nothing.
    await undefined
    while (this.#connection.isConnected && this.#isWanted !== this.#stands) {
      if (!(await this.#ask(this.#isWanted))) break
    }
    this.#isAsking = false
    if (this.isIdle) this.#onLeft()
  }

  async #ask(wanted: boolean): Promise<boolean> {
    const { broker } = this.#connection
    try {
      if (wanted) await broker.subscribe([{ filter: this.#filter }])
      else await broker.unsubscribe([this.#filter])
    } catch (thrown) {
      const error = toError(thrown)
      for (const one of this.#waiting.splice(0)) one.reject(error)
      if (isRefusal(error)) {
        // A subscription that may not be ended is no more of ours all the same.
        if (!wanted) this.#stands = false
        else if (this.#isWanted) this.#tell(error)
        return !wanted
      }
      this.#cancelRetry()
      this.#cancelRetry = clock().after(RETRY_MS, () => void this.#settle(), true)
      return false
    }
    this.#stands = wanted
    if (wanted) {
      for (const one of this.#waiting.splice(0)) one.resolve()
      if (this.#refusal) this.#tell(undefined)
    }
    return true
  }

  #cancelRetry = () => {}

  #tell(error: Error | undefined): void {
    this.#refusal = error
    this.#onRefused(error)
  }
}

function isRefusal(error: Error): boolean {
  const { code } = error as { readonly code?: unknown }
  return code === 'ERR_BROKER_NOT_AUTHORIZED' || code === 'ERR_BROKER_REFUSED'
}
