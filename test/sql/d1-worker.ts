/**
 * A worker that runs statements on D1 for whoever asks: the store of the test is outside of it.
 *
 * @module
 */
import { type D1Binding, d1, type SqlStatement } from '../../adapters/sql/index.ts'

/** What the worker is asked. */
export type Question =
  | { readonly method: 'run'; readonly statement: SqlStatement }
  | { readonly method: 'transact'; readonly texts: readonly string[] }

/** What it answers. */
export type Answer = { readonly result: unknown } | { readonly error: string }

async function answer(question: Question, database: D1Binding): Promise<Answer> {
  const executor = d1(database)
  try {
    if (question.method === 'run') return { result: await executor.run(question.statement) }
    await executor.transact(question.texts)
    return { result: [] }
  } catch (error) {
    return { error: String(error) }
  }
}

export default {
  async fetch(request: Request, env: { readonly DB: D1Binding }): Promise<Response> {
    return Response.json(await answer((await request.json()) as Question, env.DB))
  },
}
