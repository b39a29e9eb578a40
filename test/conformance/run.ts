/**
 * Runs the cases of the {@link Broker} contract with `node:test`.
 *
 * @module
 */
import { describe, test } from 'node:test'
import { brokerCases, type Open, type OpenLosable, runCase } from './broker.ts'
import { contractTitle } from './cells.ts'

/**
 * Declares one test for each case.
 *
 * @param except Titles of cases that do not hold there, each with the reason: they are skipped.
 * @param openLosable Opens one whose connection can be lost, for the cases of wills.
 */
export function conforms(
  name: string,
  open: Open,
  except: Record<string, string> = {},
  openLosable?: OpenLosable,
): void {
  for (const title of Object.keys(except)) {
    if (!brokerCases[title]) throw new Error(`No such case: ${title}`)
  }
  describe(contractTitle(name), () => {
    for (const [title, run] of Object.entries(brokerCases)) {
      test(title, { skip: except[title] ?? false, timeout: 30_000 }, () =>
        runCase(run, open, openLosable),
      )
    }
  })
}
