/**
 * Whoever sits at the terminal, asked.
 *
 * @module
 */
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandFailure, exitCode } from '../failure.ts'

/**
 * Asks for a line on the error output, so that what is printed can be piped on.
 *
 * @param isHidden Whether what is typed is not to be shown.
 * @throws {CommandFailure} If nothing is typed: the input ends, or Ctrl-C.
 */
export async function ask(
  question: string,
  { isHidden = false }: { readonly isHidden?: boolean } = {},
): Promise<string> {
  // What readline would echo is thrown away.
  const output = isHidden
    ? new Writable({ write: (_chunk, _encoding, done) => done() })
    : process.stderr
  const typed = createInterface({ input: process.stdin, output, terminal: true })
  // From here on the terminal itself shows nothing of what is typed.
  process.stderr.write(question)
  try {
    return await new Promise((resolve, reject) => {
      typed.once('line', resolve)
      typed.once('SIGINT', () => reject(interrupted()))
      typed.once('close', () => reject(interrupted()))
    })
  } finally {
    typed.close()
    if (isHidden) process.stderr.write('\n')
  }
}

function interrupted(): CommandFailure {
  return new CommandFailure(exitCode.interrupted, 'nothing was typed, and nothing is done')
}

/**
 * Has somebody confirm what cannot be taken back, where there is a terminal. A script says what it means.
 *
 * @throws {CommandFailure} If it is not confirmed.
 */
export async function confirm(question: string, isConfirmed: boolean): Promise<void> {
  if (isConfirmed || !process.stdin.isTTY || !process.stderr.isTTY) return
  const answer = await ask(`${question} [y/N] `)
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new CommandFailure(exitCode.failed, 'nothing is done: it was not confirmed')
}
