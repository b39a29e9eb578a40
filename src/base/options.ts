/**
 * Options as an object, for callers that no compiler checks.
 *
 * @module
 */
import { ConfigError } from './errors.ts'
import { isObject } from './kinds.ts'

/**
 * Checks that options are an object and hold no key that means nothing: a misspelt one would be
 * without effect, and what it was to set stay open.
 *
 * @param known Every option there is.
 * @param key Where the options stand, to name keys in errors. Default: at the root.
 * @throws {ConfigError} If they are not. The value of an unknown option is not in it.
 */
export function checkOptions(
  options: unknown,
  known: Readonly<Record<string, unknown>>,
  key?: string,
): void {
  const problem = isObject(options)
  if (problem) throw new ConfigError(key ?? 'options', problem)
  const unknown = Object.keys(options as object).find((name) => !Object.hasOwn(known, name))
  if (unknown === undefined) return
  const names = Object.keys(known).join(', ')
  throw new ConfigError(
    key === undefined ? unknown : `${key}.${unknown}`,
    `is no option here: there are ${names}`,
  )
}

/**
 * Checks that a value is an object with methods, as the contract it has to keep names them.
 *
 * @throws {ConfigError} If it is not, with the key of what is missing.
 */
export function checkMethods(
  key: string,
  value: unknown,
  methods: Readonly<Record<string, true>>,
): void {
  if (typeof value !== 'object' || value === null) throw new ConfigError(key, 'must be an object')
  for (const name of Object.keys(methods)) {
    if (typeof (value as Record<string, unknown>)[name] === 'function') continue
    throw new ConfigError(`${key}.${name}`, 'must be a function')
  }
}

/** Options by name, as {@link checkOptions} takes them: for lists that are made while a module loads. */
export function optionsNamed(
  names: readonly string[],
  more: Readonly<Record<string, true>> = {},
): Readonly<Record<string, true>> {
  return { ...Object.fromEntries(names.map((name) => [name, true as const])), ...more }
}
