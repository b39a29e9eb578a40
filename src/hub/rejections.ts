/**
 * What becomes of messages that cannot be delivered.
 *
 * @module
 */
import { describeError, type Logger, writeLine } from '../base/log.ts'
import { printable, quote } from '../base/quote.ts'
import type { Rejection } from './events.ts'
import type { RejectionHandler } from './hub.ts'

/** See {@link rejections}. */
export interface Rejections {
  /** Calls a handler for each. Returns how to stop that. */
  onRejected(handler: RejectionHandler): () => void
  /** Tells the handlers; without any, it is logged. Never fails. */
  reject(rejection: Rejection): void
}

/** Makes it. */
export function rejections(logger: Logger): Rejections {
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
        writeLine(logger, 'warn', `Rejected a message on ${quote(message.topic)}: ${code}, ${text}`)
      }
      for (const handler of handlers) {
        try {
          handler(rejection)
        } catch (error) {
          writeLine(
            logger,
            'error',
            `A handler of rejected messages failed: ${describeError(error)}`,
          )
        }
      }
    },
  }
}
