/**
 * What is handed in by the names that device types use.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkMethods } from '../base/options.ts'
import type { DeviceType } from '../device/type.ts'

/**
 * Checks that each type of a fleet has what it names as its broker.
 *
 * @param key The option.
 * @param methods What is called of each.
 * @throws {ConfigError} If one is missing, or is none.
 */
export function checkNamed(
  key: 'brokers' | 'publishers',
  named: unknown,
  methods: Readonly<Record<string, true>>,
  types: readonly DeviceType[],
): void {
  if (typeof named !== 'object' || named === null || Array.isArray(named)) {
    throw new ConfigError(key, `must be an object of ${key} by name`)
  }
  for (const [name, one] of Object.entries<unknown>({ ...named })) {
    checkMethods(`${key}.${name}`, one, methods)
  }
  for (const { name, broker } of types) {
    if (Object.hasOwn(named, broker)) continue
    const problem = `is not given, but the device type "${name}" uses it`
    throw new ConfigError(`${key}.${broker}`, problem)
  }
}
