/**
 * A device as a line of a file says it.
 *
 * @module
 */
import type { NewDevice } from '../../../src/fleet/fleet.ts'

/** A new device, or why a line is none. */
export type Row =
  | {
      /** The line of the file on which it ends, from 1. */
      readonly line: number
      readonly type: string
      readonly device: NewDevice
      readonly problem?: undefined
    }
  | { readonly line: number; readonly problem: string; readonly type?: undefined }

/** What a line may have. */
export const FIELDS = [
  'type',
  'id',
  'username',
  'passwordHash',
  'revoked',
  'attributes',
  'clientIds',
  'rules',
] as const
type Field = (typeof FIELDS)[number]

/** What an export has beside them, which a new device gets anew. */
const IGNORED: readonly string[] = ['createdAt']
/** The columns of a table of django-devicehub. */
const DJANGO: Readonly<Record<string, Field>> = {
  device_id: 'id',
  mqtt_username: 'username',
  mqtt_password_hash: 'passwordHash',
}
const ACTIVE = 'is_active'
/** Of a column for each attribute, in a file of CSV. */
const ATTRIBUTE = 'attributes.'
const TRUE = /^(true|t|1|yes)$/i
const FALSE = /^(false|f|0|no)$/i

/** The name that is none of a line, if there is one. */
export function unknownName(names: readonly string[], isCsv: boolean): string | undefined {
  return names.find(
    (name) =>
      !FIELDS.includes(name as Field) &&
      !IGNORED.includes(name) &&
      !Object.hasOwn(DJANGO, name) &&
      name !== ACTIVE &&
      !(isCsv && name.startsWith(ATTRIBUTE) && name.length > ATTRIBUTE.length),
  )
}

/** What a file of CSV says of an attribute, a list or a truth value is text. */
export function rowOfCells(
  line: number,
  columns: readonly string[],
  cells: readonly string[],
  type: string | undefined,
): Row {
  if (cells.length !== columns.length) {
    const problem = `has ${cells.length} columns, and the first line ${columns.length}`
    return { line, problem }
  }
  const values: Record<string, unknown> = {}
  const attributes: Record<string, unknown> = {}
  for (const [i, column] of columns.entries()) {
    const cell = cells[i]!
    if (cell === '') continue
    if (column.startsWith(ATTRIBUTE)) attributes[column.slice(ATTRIBUTE.length)] = cell
    else if (['attributes', 'clientIds', 'rules'].includes(column)) {
      const value = asJson(cell)
      if (value === undefined) return { line, problem: `${column}: must be JSON` }
      values[column] = value
    } else values[column] = cell
  }
  if (Object.keys(attributes).length > 0) {
    values.attributes = { ...(values.attributes as object | undefined), ...attributes }
  }
  return rowOf(line, values, type)
}

/**
 * Reads a line. What its values have to be the fleet checks.
 *
 * @param type The type of a line that names none.
 */
export function rowOf(
  line: number,
  values: Readonly<Record<string, unknown>>,
  type: string | undefined,
): Row {
  const unknown = unknownName(Object.keys(values), false)
  if (unknown !== undefined)
    return { line, problem: `has an unknown field ${JSON.stringify(unknown.slice(0, 50))}` }
  const given: Partial<Record<Field, unknown>> = {}
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '' || IGNORED.includes(name) || name === ACTIVE) continue
    given[DJANGO[name] ?? (name as Field)] = value
  }
  const { type: named = type, revoked, ...device } = given
  if (typeof named !== 'string') {
    return { line, problem: 'type: is missing, and no --type is given' }
  }
  if (typeof device.id !== 'string') return { line, problem: 'id: must be a text' }
  const isRevoked = readTruth(revoked) ?? negated(readTruth(values[ACTIVE]))
  if (isRevoked === 'none') return { line, problem: 'revoked, is_active: must be true or false' }
  // The name that it has anyway, as an export says it.
  if (device.username === `${named}/${device.id}`) delete device.username
  return {
    line,
    type: named,
    device: { ...(device as unknown as NewDevice), ...(isRevoked && { revoked: true }) },
  }
}

function readTruth(value: unknown): boolean | 'none' | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const text = `${value}`
  return TRUE.test(text) ? true : FALSE.test(text) ? false : 'none'
}

function negated<T>(value: boolean | T): boolean | T {
  return typeof value === 'boolean' ? !value : value
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
