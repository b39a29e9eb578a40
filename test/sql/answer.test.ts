/**
 * A client of PostgreSQL that waits for good: who asks does not, and another takes its place.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PostgresSql, postgres, StoreTimeoutError } from '../../adapters/sql/index.ts'

const ASK = { text: 'SELECT 1', values: [] }

/** A client that never answers, or always. It keeps how it was ended. */
function clientThat(answers: boolean): PostgresSql & { readonly ends: unknown[] } {
  const ends: unknown[] = []
  return {
    ends,
    unsafe: () => (answers ? Promise.resolve([{ a: 1 }]) : new Promise<never>(() => {})),
    async end(options) {
      ends.push(options)
      throw new Error('It cannot even end')
    },
  }
}

test('one that is made takes the place of one that says nothing, once for all that wait', async () => {
  const made: ReturnType<typeof clientThat>[] = []
  const { run } = postgres(() => {
    made.push(clientThat(made.length > 0))
    return made.at(-1)!
  })
  const before = performance.now()
  const waiting = [1, 2, 3].map(async () => run(ASK))
  for (const each of waiting) {
    await assert.rejects(each, (error) => {
      assert.ok(error instanceof StoreTimeoutError && error.code === 'ERR_STORE_TIMEOUT')
      assert.equal(
        error.message,
        'The database gave no answer within 5 s; a write may have been made.',
      )
      return true
    })
  }
  const took = performance.now() - before
  assert.ok(took > 4_000 && took < 9_000, `${took} ms`)
  assert.deepEqual(await run(ASK), [{ a: 1 }])
  assert.deepEqual(await run(ASK), [{ a: 1 }])
  assert.deepEqual(
    made.map(({ ends }) => ends),
    [[{ timeout: 5 }], []],
  )
})

test('the application’s own stays, and it is said what to do', async () => {
  const client = clientThat(false)
  // As a client of `postgres` is.
  const sql = Object.assign(() => assert.fail('It is no function that makes one'), client)
  const { run } = postgres(sql)
  await assert.rejects(async () => run(ASK), /give postgres\(\) a function that makes one/)
  assert.deepEqual(client.ends, [])
})

test('what the driver says in time is told as it is', async () => {
  const problem = new Error('the driver’s own')
  const { run } = postgres({ ...clientThat(true), unsafe: () => Promise.reject(problem) })
  await assert.rejects(async () => run(ASK), problem)
})
