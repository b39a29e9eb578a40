/**
 * A device as a principal, for whoever has no fleet at hand: the device itself, a simulator, a
 * browser.
 *
 * @module
 */
import { checkAttributes } from '../rule/attributes.ts'
import { connectedId, copyAttributes, type Principal } from '../rule/principal.ts'
import { type AccessRule, checkRules } from '../rule/rule.ts'
import { checkName, findNameProblem, isUsername } from '../topic/name.ts'
import { DEFAULT_PREFIX } from '../topic/template.ts'
import { deviceRules } from './default-rules.ts'
import type { DeviceRecord } from './store.ts'
import type { DeviceType } from './type.ts'

/** What {@link devicePrincipal} takes beside the device's type and id: as it was provisioned. */
export interface DevicePrincipalOptions {
  /** The fleet's prefix. Default: `things`. */
  readonly prefix?: string
  /** Default: `{type}/{deviceId}`. */
  readonly username?: string
  /** Rules beyond the type's. Default: none. */
  readonly rules?: readonly AccessRule[]
  /** Values for `{name}` placeholders in rules. Default: none. */
  readonly attributes?: Readonly<Record<string, string>>
}

/**
 * What a fleet knows of a device, from the same declarations and without a store. Where there is a
 * fleet, `fleet.findPrincipal(username)` says what is on record.
 *
 * @throws {InvalidNameError} If the prefix, the id, the user name or an attribute's value could
 * change a topic's shape.
 * @throws {ConfigError} If a rule or an attribute's name is not valid.
 * @throws {InvalidTopicError} If a rule's filter is not well formed.
 */
export function devicePrincipal(
  type: DeviceType,
  id: string,
  { prefix = DEFAULT_PREFIX, username, rules = [], attributes = {} }: DevicePrincipalOptions = {},
): Principal {
  checkName('prefix', prefix)
  checkName('device id', id)
  if (username !== undefined) checkName('user name', username)
  checkAttributes(attributes, RESERVED_ATTRIBUTES)
  checkRules(rules, 'rules')
  const login = username ?? `${type.name}/${id}`
  return {
    kind: 'device',
    username: login,
    device: { type: type.name, id },
    rules: [...deviceRules(type, prefix), ...type.rules, ...rules],
    attributes: deviceAttributes({ type: type.name, id, username: login, attributes }, prefix),
  }
}

/** The values of a device's placeholders. An attribute takes the place of none of its own. */
export function deviceAttributes(
  record: Pick<DeviceRecord, 'type' | 'id' | 'username' | 'attributes'>,
  prefix: string,
): Record<string, string> {
  const { type, id, username, attributes } = record
  const values = copyAttributes(attributes)
  values.prefix = prefix
  values.type = type
  values.deviceId = id
  values.username = username
  return values
}

/** The placeholders that have values of their own. */
export const RESERVED_ATTRIBUTES: readonly string[] = [
  'prefix',
  'type',
  'deviceId',
  'username',
  'clientId',
]

/**
 * A device on record as a principal; `undefined` if it is revoked or malformed. A record may have
 * come from elsewhere: one whose names could change a topic's shape is nobody, and so is one with a
 * rule that cannot be read, since it may have been a deny.
 *
 * @param defaults The rules of its type.
 */
export function recordedPrincipal(
  record: DeviceRecord,
  defaults: readonly AccessRule[],
  prefix: string,
  clientId?: string,
): Principal | undefined {
  const { type, id, username, attributes, rules, revoked, clientIds } = record
  if (revoked || !isUsername(username)) return undefined
  // A store may have handed out a null, whatever its type says.
  if (findNameProblem(id) || !attributes) return undefined
  for (const name in attributes) if (findNameProblem(attributes[name])) return undefined
  if (!areRules(rules)) return undefined
  const values = deviceAttributes(record, prefix)
  const ownId = connectedId(username, clientId)
  if (ownId !== undefined) values.clientId = ownId
  const principal: Principal = {
    kind: 'device',
    username,
    device: { type, id },
    rules: rules.length === 0 ? defaults : [...defaults, ...rules],
    attributes: values,
  }
  return Array.isArray(clientIds) ? { ...principal, clientIds } : principal
}

function areRules(rules: readonly AccessRule[]): boolean {
  try {
    checkRules(rules, 'rules')
    return true
  } catch {
    return false
  }
}
