/**
 * Packages that are loaded when they are used, and may not be there.
 *
 * @module
 */
import { MissingDependencyError } from './errors.ts'

/**
 * Loads a package.
 *
 * @param load Imports it. The import stands where the package is used, for whoever looks for it in the
 * source, such as a bundler.
 * @param install What to install, where that is not the name alone: a pre-release is not the latest.
 * @throws {MissingDependencyError} If it cannot be loaded.
 */
export async function loadPackage<T>(
  name: string,
  load: () => Promise<T>,
  install: string = name,
): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new MissingDependencyError([name], [install], { cause })
  }
}

/**
 * Waits for several packages, so that all that are missing are told of at once.
 *
 * @throws {MissingDependencyError} For all of them that cannot be loaded; before any other error.
 */
export async function loadTogether<const T extends readonly unknown[]>(
  loading: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const outcomes = await Promise.allSettled(loading)
  const errors = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  const missing = errors.filter((error) => error instanceof MissingDependencyError)
  if (missing.length > 1) throw joined(missing)
  if (errors.length > 0) throw missing[0] ?? errors[0]
  return outcomes.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never
}

function joined(errors: readonly MissingDependencyError[]): MissingDependencyError {
  const unique = (texts: readonly string[]) => [...new Set(texts)]
  // One that is there and not permitted says what to permit, which is first to be done.
  const denied = errors.find(({ cause }) => (cause as Error | undefined)?.name === 'NotCapable')
  return new MissingDependencyError(
    unique(errors.flatMap(({ dependencies }) => dependencies)),
    unique(errors.flatMap(({ install }) => install)),
    { cause: denied?.cause ?? errors[0]?.cause },
  )
}
