/**
 * One login, as it is counted where a chosen password is tried: by this process, and by all that share
 * keys.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import type { SlowAttempt } from '../credential/verifier.ts'
import { peerName } from './peer.ts'
import type { SharedFailures } from './shared-failures.ts'
import type { LoginSource, LoginThrottle } from './throttle.ts'

/** What {@link LoginAttemptCount} takes. */
export interface CountOptions {
  readonly throttle: LoginThrottle
  /** Failures that other processes count as well, if there are such. */
  readonly shared: SharedFailures | undefined
  readonly username: string
  /** As the broker tells it. */
  readonly peer: string | undefined
}

/** Counts one login. Nothing is done for one that tries no chosen password and is right. */
export class LoginAttemptCount implements SlowAttempt {
  readonly #options: CountOptions
  #takeBacks: (() => unknown)[] = []

  constructor(options: CountOptions) {
    this.#options = options
  }

  get peer(): string | undefined {
    const { peer } = this.#options
    return peer === undefined ? undefined : peerName(peer)
  }

  begin(): boolean | Promise<boolean> {
    const { throttle, shared } = this.#options
    const takeBack = throttle.begin(this.#source(), clock().now())
    if (!takeBack) return false
    this.#takeBacks.push(takeBack)
    return shared ? this.#beginShared(shared) : true
  }

  async takeBack(): Promise<void> {
    await Promise.all(this.#takeBacks.splice(0).map((takeBack) => takeBack()))
  }

  /** Counts a failure, unless its beginning was counted. */
  addFailure(): void {
    if (this.#takeBacks.length === 0)
      this.#options.throttle.addFailure(this.#source(), clock().now())
  }

  async #beginShared(shared: SharedFailures): Promise<boolean> {
    const takeBack = await shared.begin(this.#source(), clock().date())
    if (takeBack) this.#takeBacks.push(takeBack)
    else await this.takeBack()
    return takeBack !== undefined
  }

  #source(): LoginSource {
    return { username: this.#options.username, peer: this.peer }
  }
}
