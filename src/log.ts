/**
 * Where a part of the library reports what an operator should know. No line holds a secret.
 *
 * @module
 */

/** The part of `console`, or of any logger, used here. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}
