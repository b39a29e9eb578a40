/**
 * Where a part of the library reports what an operator should know. No line holds a secret.
 *
 * @module
 */
import { printable } from './quote.ts'

/** The part of `console`, or of any logger, used here. */
export interface Logger {
  /** What happened, and is well. */
  info(message: string): void
  /** What somebody was refused, or what was got over. */
  warn(message: string): void
  /** What failed. */
  error(message: string): void
}

/** Writes one line, made {@link printable}. */
export function writeLine(logger: Logger, level: keyof Logger, text: string): void {
  try {
    logger[level](printable(text))
  } catch {
    // A logger that is out of order must stop neither a message nor an answer, and there is nowhere to
    // report it.
  }
}

/** An error's name and message, without its stack. Anything else that was thrown is only named. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `a thrown ${typeof error}`
}
