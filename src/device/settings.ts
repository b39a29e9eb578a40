/**
 * What a device's record says beside its name and its login.
 *
 * @module
 */
import { checkAttributes } from '../access/device-principal.ts'
import { type AccessRule, checkRules } from '../access/rule.ts'
import { ConfigError } from '../errors.ts'
import type { DeviceRecord } from './store.ts'

/** What a device may do beyond its type, and what its rules are filled with. */
export interface DeviceSettings {
  /** Rules beyond the type's. */
  readonly rules?: readonly AccessRule[]
  /** Values for `{name}` placeholders in rules. */
  readonly attributes?: Readonly<Record<string, string>>
}

/**
 * Checks settings.
 *
 * @returns A copy, which whoever gave them cannot change any more.
 * @throws {ConfigError} If a rule or an attribute's name is not valid.
 * @throws {InvalidTopicError} If a rule's filter is not well formed.
 * @throws {InvalidNameError} If an attribute's value could change a topic's shape.
 */
export function readSettings({ rules, attributes }: DeviceSettings): DeviceSettings {
  if (attributes !== undefined) {
    if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
      throw new ConfigError('attributes', 'must be an object of strings')
    }
    checkAttributes(attributes)
  }
  if (rules !== undefined) {
    if (!Array.isArray(rules)) throw new ConfigError('rules', 'must be a list of rules')
    checkRules(rules, 'rules')
  }
  return structuredClone({ ...(rules && { rules }), ...(attributes && { attributes }) })
}

/** A record with other settings. What is left out of them stays. */
export function withSettings(record: DeviceRecord, settings: DeviceSettings): DeviceRecord {
  return { ...record, ...settings, revision: record.revision + 1 }
}
