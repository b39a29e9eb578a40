/**
 * What became of the mutants of each file, kept from run to run.
 *
 * @module
 */
import type { Mutant } from './mutants.ts'
import { digestOf } from './subjects.ts'

/** What became of the mutants of one file. */
export interface FileVerdicts {
  /** Of which mutants: a file that changed since has others. */
  readonly digest: string
  /** The keys of those that no test noticed. */
  readonly unnoticed: readonly string[]
  /** The keys of those that the first tests did not notice, where the others were not asked yet. */
  readonly pending?: readonly string[]
}

/** By file. */
export type Verdicts = Readonly<Record<string, FileVerdicts>>

/** The verdicts on a file as it is now; `undefined` if there are none. */
export function verdictsOn(
  verdicts: Verdicts,
  file: string,
  mutants: readonly Mutant[],
): FileVerdicts | undefined {
  const known = verdicts[file]
  return known?.digest === digestOf(mutants) ? known : undefined
}

/**
 * The mutants of a file that are still to be tried: all, if it is new or changed, else those that not
 * all tests were asked about, and those that no test noticed and nothing explains.
 */
export function openMutants(
  known: FileVerdicts | undefined,
  mutants: readonly Mutant[],
  explanations: Readonly<Record<string, string>>,
): readonly Mutant[] {
  if (!known) return mutants
  const { unnoticed, pending = [] } = known
  return mutants.filter(({ key }) => {
    return pending.includes(key) || (unnoticed.includes(key) && !(key in explanations))
  })
}
