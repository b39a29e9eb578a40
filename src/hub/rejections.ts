/**
 * What becomes of messages that cannot be delivered.
 *
 * @module
 */
import { describeError } from '../base/log.ts'
import type { QuietLog } from '../base/quiet-log.ts'
import { printable, quote } from '../base/quote.ts'
import type { Rejection } from './events.ts'
import type { RejectionHandler } from './hub.ts'

/** See {@link rejections}. */
export interface Rejections {
  /** Calls a handler for each. Returns how to stop that. */
  onRejected(handler: RejectionHandler): () => void
  /** Tells the handlers of each; without any, it is logged, a few of each code. Never fails. */
  reject(rejection: Rejection): void
}

/** Makes it. */
export function rejections(log: QuietLog): Rejections {
  const handlers = new Set<RejectionHandler>()
  return {
    onRejected(handler) {
      handlers.add(handler)
      return () => {
        handlers.delete(handler)
      }
    },

    reject(raw) {
      // A reason may quote what the device sent, and handlers print it.
      const rejection = { ...raw, text: printable(raw.text) }
      if (handlers.size === 0) {
        const { code, text, message } = rejection
        log.write('warn', code, `Rejected a message on ${quote(message.topic)}: ${code}, ${text}`)
      }
      for (const handler of handlers) {
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
