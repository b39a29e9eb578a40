/**
 * How the command fails: one line on the error output, and an exit code.
 *
 * @module
 */
import process from 'node:process'
import { MissingDependencyError, toError } from '../../src/base/errors.ts'
import { printable } from '../../src/base/quote.ts'

/** The exit codes, beside 0. */
export const exitCode = {
  /** Something could not be done, such as reaching a broker. */
  failed: 1,
  /** What `explain` was asked about is denied. */
  denied: 1,
  /** What `doctor` looked at is not as it should be. */
  found: 1,
  /** The tables that `store status` was asked about are of another version than the program. */
  otherVersion: 1,
  /** The command line or the configuration is wrong. */
  misused: 2,
  /**
   * Interrupted a second time, while it was ending, or before there was an answer: 128 and the number of
   * SIGINT.
   */
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

/**
 * The first line of an error's message: what follows, if anything, quotes sources. Where a host has several
 * addresses and none can be reached, Node's error has a code alone.
 */
export function firstLine(error: unknown): string {
  const { message, name, code = name } = toError(error) as NodeJS.ErrnoException
  return message.split('\n', 1)[0]!.trim() || code
}

/**
 * What is printed of a failure: one line, or with `DEBUG=devicehub` all that is known. Where packages are
 * missing, the line is followed by the commands of other package managers than npm.
 */
export function describeFailure(error: unknown): string {
  if (process.env.DEBUG === 'devicehub') return describeInFull(toError(error))
  const line = `devicehub: ${printable(firstLine(error))}`
  return [line, ...installCommands(error).map((command) => `  or ${command}`)].join('\n')
}

function installCommands(error: unknown): readonly string[] {
  // What is there and not permitted needs no installation.
  if (!(error instanceof MissingDependencyError) || isDenied(error)) return []
  const { install } = error
  const packages = install.join(' ')
  const deno = `deno add ${install.map((name) => `npm:${name}`).join(' ')}`
  return [`pnpm add ${packages}`, `yarn add ${packages}`, `bun add ${packages}`, deno]
}

function isDenied({ cause }: MissingDependencyError): boolean {
  return cause instanceof Error && cause.name === 'NotCapable'
}

function describeInFull(error: Error): string {
  const own = error.stack ?? String(error)
  return error.cause === undefined
    ? own
    : `${own}\nCaused by: ${describeInFull(toError(error.cause))}`
}
