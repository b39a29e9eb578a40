/**
 * Cloudflare D1.
 *
 * @module
 */
import type { SqlExecutor, SqlRow, SqlValue } from './executor.ts'

/** A statement of D1. */
export interface D1Statement {
  /** The statement with its parameters. */
  bind(...values: SqlValue[]): D1Statement
  /** Runs it, and settles with its rows. */
  all(): Promise<{ readonly results: readonly unknown[] }>
}

/** A database of D1, as a worker has it in its bindings. */
export interface D1Binding {
  /** A statement of a text. */
  prepare(text: string): D1Statement
  /** Runs statements in one transaction. */
  batch(statements: D1Statement[]): Promise<unknown>
}

/**
 * Speaks to a database of Cloudflare D1. It has no `BEGIN`: its `batch` is a transaction.
 *
 * @param database The binding, such as `env.DB`.
 */
export function d1(database: D1Binding): SqlExecutor {
  return {
    dialect: 'sqlite',
    async run({ text, values }) {
      const { results } = await database
        .prepare(text)
        .bind(...values)
        .all()
      return results as readonly SqlRow[]
    },
    async transact(texts) {
      await database.batch(texts.map((text) => database.prepare(text)))
    },
  }
}
