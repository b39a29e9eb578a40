/**
 * What becomes of messages that cannot be delivered.
 *
 * @module
 */
import { describeError } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import type { QuietLog } from '../base/quiet-log.ts'
import { printable, quote } from '../base/quote.ts'
import type { Message } from '../broker/broker.ts'

/** How a handler of rejected messages is called. */
export interface RejectionOptions {
  /**
   * Whether what is rejected is logged as if there were no such handler: for one that shows it to whoever
   * looks, and takes care of nothing. Default: `false`.
   */
  readonly keepsLog?: boolean
}

/** What there is of each, whoever rejects it. */
interface Rejected {
  readonly code: string
  readonly text: string
  readonly message: Message
}

/** See {@link rejections}. */
export interface Rejections<Rejection extends Rejected> {
  /** Calls a handler for each. Returns how to stop that. */
  onRejected(handler: (rejection: Rejection) => void, options?: RejectionOptions): () => void
  /** Tells the handlers of each; without any, it is logged, a few of each code. Never fails. */
  reject(rejection: Rejection): void
}

/**
 * Makes it.
 *
 * @param count Is told of each before the handlers are.
 */
export function rejections<Rejection extends Rejected>(
  log: QuietLog,
  count?: (rejection: Rejection) => void,
): Rejections<Rejection> {
  const handlers = new Map<(rejection: Rejection) => void, RejectionOptions>()
  return {
    onRejected(handler, options = {}) {
      checkOptions(options, { keepsLog: true })
      handlers.set(handler, options)
      return () => {
        handlers.delete(handler)
      }
    },

    reject(raw) {
      count?.(raw)
      // A reason may quote what the device sent, and handlers print it.
      const rejection = { ...raw, text: printable(raw.text) }
      if ([...handlers.values()].every(({ keepsLog }) => keepsLog)) {
        const { code, text, message } = rejection
        log.write('warn', code, `Rejected a message on ${quote(message.topic)}: ${code}, ${text}`)
      }
      for (const handler of handlers.keys()) {
        try {
          handler(rejection)
        } catch (error) {
          const problem = describeError(error)
          log.write('error', 'onRejected', `A handler of rejected messages failed: ${problem}`)
        }
      }
    },
  }
}
