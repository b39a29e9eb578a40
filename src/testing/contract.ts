/**
 * Contracts as cases that no test runner is needed for: whatever can loop over them can run them.
 *
 * @module
 */

/** One promise of a contract, tried on what is to keep it. */
export interface ContractCase<Subject> {
  /** What is tried, as the title of a test. No two cases of a contract have the same. */
  readonly name: string
  /**
   * Tries it. Settles when all that it opened is closed.
   *
   * @param subject What is to keep the contract, or how to open it.
   * @throws {ContractError} If the promise is not kept: what was expected, and what came. Another error
   * if the subject failed.
   */
  run(subject: Subject): Promise<void>
}

/** All cases of a contract, in the order in which its pages speak of them. */
export type Contract<Subject> = readonly ContractCase<Subject>[]

/** Cases by their titles. */
export type Cases<Args extends readonly unknown[]> = Readonly<
  Record<string, (...args: Args) => Promise<void>>
>

/**
 * Makes a contract of groups of cases. A case is named by its group and its title.
 *
 * @param tryOn Opens what a case works with, runs it on that, and closes it.
 */
export function contractOf<Subject, Args extends readonly unknown[]>(
  groups: Readonly<Record<string, Cases<Args>>>,
  tryOn: (subject: Subject, run: (...args: Args) => Promise<void>) => Promise<void>,
): Contract<Subject> {
  return Object.entries(groups).flatMap(([group, cases]) =>
    Object.entries(cases).map(([title, run]) => ({
      name: `${group}: ${title}`,
      run: (subject: Subject) => tryOn(subject, run),
    })),
  )
}
