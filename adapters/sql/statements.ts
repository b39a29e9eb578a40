/**
 * Statements of both dialects out of one text.
 *
 * @module
 */
import type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from './executor.ts'

/** Runs a text, with `?` for each parameter, in the dialect of a database. */
export type Run = (text: string, ...values: SqlValue[]) => Promise<readonly SqlRow[]>

/**
 * Makes a {@link Run}.
 *
 * @param ready Settles when the tables are there. Awaited before each statement.
 */
export function runner(executor: SqlExecutor, ready: () => Promise<void> | undefined): Run {
  const { dialect } = executor
  const texts = new Map<string, string>()

  function textOf(text: string): string {
    if (dialect === 'sqlite') return text
    let numbered = texts.get(text)
    if (numbered === undefined) {
      let number = 0
      // No statement here has a question mark in a text of its own.
      numbered = text.replaceAll('?', () => `$${++number}`)
      texts.set(text, numbered)
    }
    return numbered
  }

  return async (text, ...values) => {
    const waiting = ready()
    if (waiting) await waiting
    const statement: SqlStatement = { text: textOf(text), values }
    return executor.run(statement)
  }
}
