/**
 * Contracts with `node:test`.
 *
 * @module
 */
import { describe, test } from 'node:test'
import type { Contract } from '../../src/testing/contract.ts'

/**
 * Declares one test for each case of a contract.
 *
 * @param except Names of cases that do not hold there, each with the reason: they are skipped.
 */
export function declareContract<Subject>(
  title: string,
  contract: Contract<Subject>,
  subject: Subject,
  except: Readonly<Record<string, string>> = {},
): void {
  const names = contract.map(({ name }) => name)
  for (const name of Object.keys(except)) {
    if (!names.includes(name)) throw new Error(`No such case: ${name}`)
  }
  describe(title, () => {
    for (const { name, run } of contract) {
      test(name, { skip: except[name] ?? false, timeout: 60_000 }, () => run(subject))
    }
  })
}
