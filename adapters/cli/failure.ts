/**
 * How the command fails: one line on the error output, and an exit code.
 *
 * @module
 */
import process from 'node:process'
import { toError } from '../../src/base/errors.ts'
import { printable } from '../../src/base/quote.ts'

/** The exit codes, beside 0. */
export const exitCode = {
  /** Something could not be done, such as reaching a broker. */
  failed: 1,
  /** What `explain` was asked about is denied. */
  denied: 1,
  /** The command line or the configuration is wrong. */
  misused: 2,
  /** Interrupted a second time, while it was ending: 128 and the number of SIGINT. */
  interrupted: 130,
  /** Nobody reads the output any more: 128 and the number of SIGPIPE, as other tools end. */
  pipeClosed: 141,
} as const

/** Ends the command with a code. The message is one line for the user, without any secret. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The first line of an error's message: what follows, if anything, quotes sources. */
export function firstLine(error: unknown): string {
  return toError(error).message.split('\n', 1)[0]!.trim()
}

/** What is printed of a failure: one line, or with `DEBUG=devicehub` all that is known. */
export function describeFailure(error: unknown): string {
  if (process.env.DEBUG === 'devicehub') return describeInFull(toError(error))
  return `devicehub: ${printable(firstLine(error))}`
}

function describeInFull(error: Error): string {
  const own = error.stack ?? String(error)
  return error.cause === undefined
    ? own
    : `${own}\nCaused by: ${describeInFull(toError(error.cause))}`
}
