/**
 * Whether an answer is the recorded one.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Row } from './row.ts'

/** An answer as it came, its body read. */
export interface Received {
  readonly status: number
  readonly body: string
  /** A header by its lower-case name, or `null`. */
  header(name: string): string | null
}

/** Throws if the answer differs in its status, its body or a header that is recorded. */
export function checkAnswer(received: Received, answer: Row['answer']): void {
  assert.equal(received.body, answer.body)
  assert.equal(received.status, answer.status)
  const { type, headers } = answer
  const expected = { ...headers, ...(type !== undefined && { 'content-type': type }) }
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(received.header(name), value, name)
  }
}
