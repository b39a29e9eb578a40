#!/usr/bin/env node
/**
 * The `devicehub` command.
 *
 * @module
 */
import process from 'node:process'
import { CommanderError } from 'commander'
import { CommandFailure, describeFailure, exitCode } from './failure.ts'
import { flush, printError } from './output.ts'
import { devicehubProgram } from './program.ts'

/** Runs the command line. Settles with the exit code. */
async function run(args: readonly string[]): Promise<number> {
  try {
    await devicehubProgram().parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    // The program has printed what is wrong with the command line, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCode.misused
    await printError(describeFailure(error))
    return error instanceof CommandFailure ? error.exitCode : exitCode.failed
  }
}

const code = await run(process.argv.slice(2))
await flush()
// What a configuration holds open, such as a pool of connections, is not waited for.
process.exit(code)
