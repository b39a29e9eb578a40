/**
 * Contracts with `node:test`.
 *
 * @module
 */
import { describe, test } from 'node:test'
import type { Contract } from '../../src/testing/contract.ts'

/** Declares one test for each case of a contract. */
export function declareContract<Subject>(
  title: string,
  contract: Contract<Subject>,
  subject: Subject,
): void {
  describe(title, () => {
    for (const { name, run } of contract) test(name, { timeout: 60_000 }, () => run(subject))
  })
}
