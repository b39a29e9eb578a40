/**
 * What a fleet, its hubs and its routes tell of each thing they do, for whoever measures them.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'

/**
 * One thing that was done. It names no device, user or topic, so that what is counted by it stays few:
 * a `type`, a `command`, a `channel` and a `broker` are those that were declared.
 */
export type ObservedEvent =
  /** A login was decided. */
  | {
      readonly kind: 'login'
      readonly effect: 'allow' | 'deny'
      /** `login`, the `LoginDenial`, or `failed` where the store did. */
      readonly code: string
      /** How long it took. */
      readonly seconds: number
    }
  /** An access was decided, by `authorize` or `findDenial` of the fleet. */
  | {
      readonly kind: 'decision'
      readonly action: 'publish' | 'subscribe'
      readonly effect: 'allow' | 'deny'
      /** The `DecisionCode`, or `failed` where the store did. */
      readonly code: string
      readonly seconds: number
    }
  /** A message of a device was dealt with at a hub: by its handlers, or by rejecting it. */
  | {
      readonly kind: 'message'
      readonly type: string
      readonly channel: 'data' | 'status'
      readonly broker: string
      /** From its arrival, what it waited behind others included. */
      readonly seconds: number
    }
  /** A message was rejected at a hub. */
  | {
      readonly kind: 'rejection'
      /** The `RejectionCode`. */
      readonly code: string
      readonly broker: string
    }
  /** A command ended. */
  | {
      readonly kind: 'command'
      readonly type: string
      readonly command: string
      /** `done`, the code of the error, or `aborted` where a signal or something unknown ended it. */
      readonly code: string
      readonly seconds: number
    }

/**
 * Is told of each event, at once and while it happens: it is to return soon. What it throws is dropped, and
 * nothing else is kept from going on.
 */
export type Observer = (event: ObservedEvent) => void

/** One whose failures reach nobody. */
export function harmless(observer: Observer): Observer {
  return (event) => {
    try {
      observer(event)
    } catch {
      // Whoever measures must not decide.
    }
  }
}

/** Makes the event of work that has ended. */
type EventOf<T> = (outcome: T, seconds: number) => ObservedEvent

/** Does some work, and tells how it ended and how long it took. */
export function timed<T>(
  observe: Observer,
  work: () => MaybePromise<T>,
  done: EventOf<T>,
  failed: EventOf<unknown>,
): MaybePromise<T> {
  const begun = monotonicNow()
  const seconds = () => (monotonicNow() - begun) / 1_000
  const succeed = (value: T): T => {
    observe(done(value, seconds()))
    return value
  }
  const fail = (error: unknown): never => {
    observe(failed(error, seconds()))
    throw error
  }
  let value: MaybePromise<T>
  try {
    value = work()
  } catch (error) {
    return fail(error)
  }
  return isPromise(value) ? value.then(succeed, fail) : succeed(value)
}
