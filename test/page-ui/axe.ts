/**
 * What keeps people out of a page, as axe-core finds it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Driver } from './driver.ts'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** The violations of what is shown now, in words. */
export async function violationsOf({ page }: Driver): Promise<readonly string[]> {
  if ((await page.evaluate('typeof axe')) !== 'object') await page.evaluate(`${SOURCE};0`)
  const found = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  return (found as readonly Violation[]).map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`,
  )
}
