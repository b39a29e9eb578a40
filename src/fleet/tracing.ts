/**
 * How hubs run what they do in the contexts of a tracing system.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'

/** What a context travels in: user properties of MQTT 5. A key with several values has a list. */
export type ContextCarrier = Readonly<Record<string, string | readonly string[]>>

/** A message of a device, as its handling begins. */
export interface TracedMessage {
  readonly type: string
  readonly id: string
  readonly channel: 'data' | 'status'
  readonly broker: string
  readonly topic: string
  /** What came with it. */
  readonly carrier: ContextCarrier
}

/** A command, as it is sent. */
export interface TracedCommand {
  readonly type: string
  readonly id: string
  /** Its name, or `unknown` where the type declares none of this name. */
  readonly command: string
  readonly broker: string
}

/** Runs work in contexts of its own, once and at once. What it throws is dropped, and the work goes on. */
export interface Tracing {
  /** Runs the handlers of a message, in the context that came with it. */
  message(about: TracedMessage, work: () => MaybePromise<void>): void
  /** Sends a command and waits for its reply. The carrier that the work is given goes along with it. */
  command(
    about: TracedCommand,
    work: (carrier: Readonly<Record<string, string>>) => Promise<unknown>,
  ): void
}

/** Runs the handling of a message under a tracing that may fail. */
export function traceMessage(
  tracing: Tracing,
  about: TracedMessage,
  work: () => MaybePromise<void>,
): MaybePromise<void> {
  let running: { readonly result: MaybePromise<void> } | undefined
  const once = () => {
    running ??= { result: work() }
    return running.result
  }
  try {
    tracing.message(about, once)
  } catch {
    // Whoever traces must not decide.
  }
  return once()
}

/** Sends a command under a tracing that may fail. */
export function traceCommand(
  tracing: Tracing,
  about: TracedCommand,
  work: (carrier: Readonly<Record<string, string>>) => Promise<unknown>,
): Promise<unknown> {
  let sent: Promise<unknown> | undefined
  const once = (carrier: Readonly<Record<string, string>>) => {
    sent ??= work(carrier)
    return sent
  }
  try {
    tracing.command(about, once)
  } catch {
    // As above.
  }
  return once({})
}
