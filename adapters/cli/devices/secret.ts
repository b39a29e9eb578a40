/**
 * The secret of a service: from the environment, a file or whoever types it, and never from the command
 * line, which every user of the machine can read.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { ask } from './terminal.ts'

/** The variable that holds it. */
export const SECRET = 'DEVICEHUB_ADMIN_SECRET'
/** As it can stand in a header. */
const FORM = /^[\x21-\x7e]+$/

/**
 * Finds the secret. Asks for it where there is a terminal, and it is nowhere else.
 *
 * @param file The file that holds it, if one was named.
 * @throws {CommandFailure} If there is none.
 */
export async function findSecret(file: string | undefined): Promise<string> {
  const where = file ?? SECRET
  const secret = file === undefined ? process.env[SECRET] : await readSecret(file)
  if (secret === undefined || secret === '') {
    if (file === undefined && process.stdin.isTTY && process.stderr.isTTY) {
      return checkSecret('the secret', await ask('Secret of the service: ', { isHidden: true }))
    }
    const ways = `set ${SECRET}, or name a file that holds it by --secret-file`
    throw new CommandFailure(exitCode.misused, `--url needs the secret of the service: ${ways}`)
  }
  return checkSecret(where, secret)
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new CommandFailure(exitCode.misused, `--secret-file: ${firstLine(cause)}`, { cause })
  }
}

function checkSecret(where: string, secret: string): string {
  if (FORM.test(secret)) return secret
  const problem = 'must be printable ASCII without spaces'
  throw new CommandFailure(exitCode.misused, `${where}: ${problem}`)
}
