/**
 * The store over Cloudflare D1, as a worker in workerd has it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'
import type { SqlExecutor, SqlRow } from '../../adapters/sql/index.ts'
import { browserBundle } from '../support/browser-bundle.ts'
import type { Answer, Question } from './d1-worker.ts'
import { dropTables, sqlConforms } from './suites.ts'

const WORKER = fileURLToPath(new URL('./d1-worker.ts', import.meta.url))

describe('workerd', () => {
  let workerd: Miniflare
  before(async () => {
    const script = await browserBundle(WORKER, {}, (folder) =>
      readFileSync(join(folder, 'program.js'), 'utf8'),
    )
    workerd = new Miniflare({ modules: true, script, d1Databases: { DB: 'fleet' } })
    await workerd.ready
  })
  after(() => workerd.dispose())

  async function ask(question: Question): Promise<readonly SqlRow[]> {
    const body = JSON.stringify(question)
    const response = await workerd.dispatchFetch('http://worker/', { method: 'POST', body })
    const answer = (await response.json()) as Answer
    if ('error' in answer) throw new Error(answer.error)
    return answer.result as readonly SqlRow[]
  }

  sqlConforms('D1', async () => {
    const executor: SqlExecutor = {
      dialect: 'sqlite',
      run: (statement) => ask({ method: 'run', statement }),
      transact: async (texts) => void (await ask({ method: 'transact', texts })),
    }
    await dropTables(executor)
    // Each statement is a request to the worker.
    return { executor, updates: 800, close: async () => {} }
  })
})
