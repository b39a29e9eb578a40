/**
 * What the cases of contracts claim, in the words of `node:assert/strict`, which not every runtime has.
 *
 * @module
 */
import { isSame } from './same.ts'
import { show } from './show.ts'

/** A contract is not kept. The message says what was expected and what came. */
export class ContractError extends Error {
  override readonly name = 'ContractError'
  readonly code = 'ERR_CONTRACT'
  /** What was expected, for runners that show the difference. */
  readonly expected: unknown
  /** What came. */
  readonly actual: unknown

  constructor(problem: string, { expected, actual }: { expected: unknown; actual: unknown }) {
    super(problem)
    this.expected = expected
    this.actual = actual
  }
}

/** What an error has to be: of a class, itself, or with these fields. */
type ErrorMatch =
  | (abstract new (
      ...args: never[]
    ) => Error)
  | Error
  | Readonly<Record<string, unknown>>

/** Claims that something holds. */
export function ok(value: unknown, note?: string): asserts value {
  if (value) return
  throw new ContractError(note ?? 'something that has to hold does not', {
    expected: true,
    actual: value,
  })
}

/** Claims that two values are one, as `Object.is` compares. */
export function equal(actual: unknown, expected: unknown, note?: string): void {
  if (!Object.is(actual, expected)) throw differing(actual, expected, note)
}

/** Claims that two values have the same in them, in every depth. */
export function deepEqual(actual: unknown, expected: unknown, note?: string): void {
  if (!isSame(actual, expected)) throw differing(actual, expected, note)
}

/** Claims that a promise rejects, and with what. */
export async function rejects(
  promise: Promise<unknown>,
  expected: ErrorMatch,
  note?: string,
): Promise<void> {
  let actual: unknown
  try {
    await promise
  } catch (error) {
    if (isMatch(error, expected)) return
    actual = error
    throw new ContractError(
      `${prefix(note)}expected a rejection with ${wanted(expected)}, and it rejected with ${show(error)}`,
      { expected, actual },
    )
  }
  throw new ContractError(
    `${prefix(note)}expected a rejection with ${wanted(expected)}, and it resolved`,
    { expected, actual },
  )
}

function isMatch(error: unknown, expected: ErrorMatch): boolean {
  if (typeof expected === 'function') return error instanceof expected
  if (expected instanceof Error) return error === expected
  if (typeof error !== 'object' || error === null) return false
  return Object.entries(expected).every(([key, value]) =>
    isSame((error as Record<string, unknown>)[key], value),
  )
}

function wanted(expected: ErrorMatch): string {
  return typeof expected === 'function' ? `a ${expected.name}` : show(expected)
}

function differing(actual: unknown, expected: unknown, note?: string): ContractError {
  const problem = `${prefix(note)}expected ${show(expected)}, and it is ${show(actual)}`
  return new ContractError(problem, { expected, actual })
}

function prefix(note: string | undefined): string {
  return note === undefined ? '' : `${note}: `
}
