/**
 * What can happen to a message on its way.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import type { Message, OutgoingMessage } from '../broker/broker.ts'

/**
 * What happens to a message: it is lost, it comes twice, or it comes so many seconds later, by the
 * virtual clock where there is one. Those behind it do not wait for it.
 */
export type Fault = 'drop' | 'duplicate' | { readonly delay: number }

/**
 * Says what happens to a message, or `undefined` if nothing does.
 *
 * @param index How many went the same way before it, from 0.
 */
export type FaultScript<M> = (message: M, index: number) => Fault | undefined

/** What {@link randomFaults} takes. */
export interface RandomFaults {
  /** The same seed gives the same faults: a whole number. */
  readonly seed: number
  /** How many of all messages are dropped, 0 to 1. Default: 0. */
  readonly drop?: number
  /** How many come twice, 0 to 1. Default: 0. */
  readonly duplicate?: number
  /** How many are delayed, 0 to 1. Default: 0. */
  readonly delay?: number
  /** Seconds that a delay takes at most, more than 0. Default: 1. */
  readonly maxDelay?: number
}

const OPTIONS: Record<keyof RandomFaults, true> = {
  seed: true,
  drop: true,
  duplicate: true,
  delay: true,
  maxDelay: true,
}

/**
 * Faults by chance, which are the same in every run.
 *
 * @throws {ConfigError} If an option is wrong, or the shares are more than 1 together.
 *
 * @example
 * ```ts
 * import { memoryBroker } from 'devicehub'
 * import { faultyBroker, randomFaults } from 'devicehub/testing'
 *
 * const onReceive = randomFaults({ seed: 1, drop: 0.1, duplicate: 0.1 })
 * const broker = faultyBroker(memoryBroker(), { onReceive })
 * ```
 */
export function randomFaults(options: RandomFaults): FaultScript<Message | OutgoingMessage> {
  checkOptions(options, OPTIONS)
  const { seed, drop = 0, duplicate = 0, delay = 0, maxDelay = 1 } = options
  if (!Number.isSafeInteger(seed)) throw new ConfigError('seed', 'must be a whole number')
  for (const [key, share] of Object.entries({ drop, duplicate, delay })) {
    if (!(share >= 0 && share <= 1)) throw new ConfigError(key, 'must be a number from 0 to 1')
  }
  if (drop + duplicate + delay > 1) {
    throw new ConfigError('drop', 'is more than 1 together with duplicate and delay')
  }
  if (!(maxDelay > 0 && Number.isFinite(maxDelay))) {
    throw new ConfigError('maxDelay', 'must be more than 0')
  }
  const random = randomFrom(seed)
  return () => {
    const [drawn, length] = [random(), random()]
    if (drawn < drop) return 'drop'
    if (drawn < drop + duplicate) return 'duplicate'
    return drawn < drop + duplicate + delay ? { delay: length * maxDelay } : undefined
  }
}

/** Numbers from 0 up to, and without, 1: a linear congruential generator (Numerical Recipes). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
