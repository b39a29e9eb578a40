/**
 * What a device's record says beside its name and its login.
 *
 * @module
 */
import { checkAttributes } from '../rule/attributes.ts'
import { checkClientIds } from '../rule/client-id.ts'
import { type AccessRule, checkRules } from '../rule/rule.ts'
import { RESERVED_ATTRIBUTES } from './principal.ts'
import type { DeviceRecord } from './store.ts'

/** What a device may do beyond its type, and what its rules are filled with. */
export interface DeviceSettings {
  /** Rules beyond the type's. */
  readonly rules?: readonly AccessRule[]
  /** Values for `{name}` placeholders in rules. */
  readonly attributes?: Readonly<Record<string, string>>
  /**
   * Client ids from elsewhere, for a device that cannot use its user name, or that with `//` and a
   * suffix, as its client id: at most 64, none with `//`. Whoever has one of them gets the session
   * it names on brokers that find sessions by client id alone, so each belongs to one device: that no
   * other one has it in its list too, or is given it as its user name later, is not checked.
   */
  readonly clientIds?: readonly string[]
}

/**
 * Checks settings.
 *
 * @returns A copy, which whoever gave them cannot change any more.
 * @throws {ConfigError} If a rule, an attribute's name or a client id is not valid.
 * @throws {InvalidTopicError} If a rule's filter is not well formed.
 * @throws {InvalidNameError} If an attribute's value could change a topic's shape.
 */
export function readSettings({ rules, attributes, clientIds }: DeviceSettings): DeviceSettings {
  if (attributes !== undefined) checkAttributes(attributes, RESERVED_ATTRIBUTES)
  if (rules !== undefined) checkRules(rules, 'rules')
  if (clientIds !== undefined) checkClientIds('clientIds', clientIds)
  return structuredClone({
    ...(rules && { rules }),
    ...(attributes && { attributes }),
    ...(clientIds && { clientIds }),
  })
}

/** A record with other settings. What is left out of them stays. */
export function withSettings(record: DeviceRecord, settings: DeviceSettings): DeviceRecord {
  return { ...record, ...settings, revision: record.revision + 1 }
}
