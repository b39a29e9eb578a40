/**
 * Who operates a fleet, and what of it each may see and change.
 *
 * @module
 */
import { hasAttributes } from '../../src/device/query.ts'
import type { DeviceRecord } from '../../src/device/store.ts'
import { isOperatorName } from '../../src/device/trail.ts'
import type { DeviceType } from '../../src/device/type.ts'
import { ProblemError } from './problem.ts'

/** Who asks, as the application's own check found out. */
export interface Operator {
  /**
   * What the audit trail calls it, such as the name of an account: 1 to 256 characters without control
   * characters.
   */
  readonly name: string
  /** Whether it may look alone, or change things too. Default: `change`. */
  readonly may?: 'read' | 'change'
  /** Only devices of these types. Default: of all. */
  readonly types?: readonly string[]
  /**
   * Only devices whose attributes have all of these values, such as `{ tenant: 'north' }`. It cannot put a
   * device on record without them, and not take them from one. Default: all devices.
   */
  readonly attributes?: Readonly<Record<string, string>>
}

/** What of a record says whose it is. */
type Owned = Pick<DeviceRecord, 'type' | 'attributes'>

/**
 * Checks what the application's check returned: one that is misspelt would see more than it may.
 *
 * @throws {TypeError} If it is no operator.
 */
export function checkOperator(operator: unknown): Operator {
  if (typeof operator !== 'object' || operator === null) {
    throw new TypeError('authorize must return an operator, or undefined')
  }
  const { name, may = 'change', types, attributes, ...rest } = operator as Partial<Operator>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw new TypeError(`authorize returned an operator with an unknown field "${unknown}"`)
  }
  if (!isOperatorName(name)) {
    const form = '1 to 256 characters, and no control characters'
    throw new TypeError(`authorize must return an operator with a name of ${form}`)
  }
  if (may !== 'read' && may !== 'change') {
    throw new TypeError("authorize must return an operator with may: 'read' or 'change'")
  }
  if (types !== undefined && !(Array.isArray(types) && types.every(isText))) {
    throw new TypeError('authorize must return an operator with a list of names as types')
  }
  const isRecord = typeof attributes === 'object' && attributes !== null
  if (attributes !== undefined && !(isRecord && Object.values(attributes).every(isText))) {
    throw new TypeError('authorize must return an operator with texts by name as attributes')
  }
  return operator as Operator
}

/** Whether an operator sees a device. */
export function sees({ types, attributes = {} }: Operator, device: Owned): boolean {
  if (types !== undefined && !types.includes(device.type)) return false
  return hasAttributes(device, attributes)
}

/** Whether an operator sees every device there may be. */
export function seesAll({ types, attributes = {} }: Operator): boolean {
  return types === undefined && Object.keys(attributes).length === 0
}

/**
 * Keeps devices that an operator would not see from being made.
 *
 * @throws {ProblemError} If it is one.
 */
export function checkOwn(operator: Operator, type: DeviceType, attributes: unknown = {}): void {
  const isRecord = typeof attributes === 'object' && attributes !== null
  const own = {
    type: type.name,
    attributes: (isRecord ? attributes : {}) as Record<string, string>,
  }
  if (sees(operator, own)) return
  const detail = 'This operator may only have devices with the attributes and types that it sees'
  throw new ProblemError(403, 'operator-limited', detail)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
