/**
 * Schemas for devices that come from django-devicehub: what it stored of a message, and what it did not.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { quote } from '../base/quote.ts'
import type { Schema, SchemaIssue, WarnedResult } from './schema.ts'

/** The types of `reading_types` that a device can send in JSON. */
export type DjangoReadingType = 'float' | 'integer' | 'boolean' | 'string' | 'json'

/** What `Reading(type, range)` declares. */
export interface DjangoReading<Type extends DjangoReadingType = DjangoReadingType> {
  readonly type: Type
  /** Lowest and highest value; `null` for none. What is beyond is taken, with a warning. */
  readonly range?: readonly [lowest: number | null, highest: number | null]
}

/** Readings by name. */
export type DjangoReadings = Readonly<Record<string, DjangoReadingType | DjangoReading>>

/** What a reading becomes. */
type ValueOf<Reading> =
  Reading extends DjangoReading<infer Type> ? ValueOfType<Type> : ValueOfType<Reading>
type ValueOfType<Type> = Type extends 'float' | 'integer'
  ? number
  : Type extends 'boolean'
    ? boolean
    : Type extends 'string'
      ? string
      : unknown

/** The readings that a message held. */
export type DjangoData<Readings extends DjangoReadings> = {
  -readonly [Name in keyof Readings]?: ValueOf<Readings[Name]>
}

type Fields = Readonly<Record<string, unknown>>

/**
 * A schema for `data` that takes what django-devicehub stored.
 *
 * A message is an object, flat or with a list of `readings`. Names that are not declared are left out, as
 * are readings that are `null`. Numbers may be texts (`"21.5"`) or truth values; of an `integer` the
 * fraction is cut off; a `boolean` may be `1`, `0`, or a text such as `"True"`. Of a name that is in a list
 * twice the last one counts. What is beyond a `range` is taken, with a line in the hub's log.
 *
 * @throws {ConfigError} If a reading is none of these.
 *
 * @example
 * ```ts
 * import { defineDeviceType, djangoReadings, djangoStatus } from 'devicehub'
 *
 * const station = defineDeviceType('weatherstation', {
 *   data: djangoReadings({ temperature: { type: 'float', range: [-40, 85] }, humidity: 'float' }),
 *   status: djangoStatus,
 *   timestamp: { unreadable: 'ignore' },
 * })
 * ```
 */
export function djangoReadings<const Readings extends DjangoReadings>(
  readings: Readings,
): Schema<unknown, DjangoData<Readings>> {
  if (typeof readings !== 'object' || readings === null || Array.isArray(readings)) {
    throw new ConfigError('readings', 'must be an object of readings by name')
  }
  const declared = Object.entries(readings).map(
    ([name, reading]) => [name, readDeclaration(`readings.${name}`, reading)] as const,
  )
  return schemaOf((message, report) => {
    const sent = placesOf(message, report, (name) => Object.hasOwn(readings, name))
    const data = new Map<string, unknown>()
    for (const [name, { type, range }] of declared) {
      const found = sent.get(name)
      if (found === undefined || found.value === null) continue
      const value = READERS[type](found.value)
      if (value === undefined) {
        report.issue(found.path, `must be ${FORMS[type]}, not ${shown(found.value)}`)
        continue
      }
      if (range && isBeyond(value, range)) {
        const [lowest, highest] = range.map((bound) => bound ?? 'any')
        report.warning(found.path, `${value} is beyond its range, ${lowest} to ${highest}`)
      }
      data.set(name, value)
    }
    return Object.fromEntries(data) as DjangoData<Readings>
  })
}

/** A `status` message as django-devicehub stored it. Other keys are kept. */
export interface DjangoStatus {
  status?: (typeof STATUSES)[number]
  /** Percent. */
  battery_level?: number
  firmware_version?: string
  [key: string]: unknown
}

const STATUSES = [
  'online',
  'offline',
  'error',
  'maintenance',
  'low_battery',
  'provisioning',
] as const

/**
 * A schema for `status` that takes what django-devicehub stored. The old key `battery` goes before
 * `battery_level`, unless it is empty or 0, and becomes it. Either may be a text (`"85.5"`), and what is
 * `null` is left out. A `status` that is none of the six words is left out, with a line in the hub's log.
 */
export const djangoStatus: Schema<unknown, DjangoStatus> = /* @__PURE__ */ schemaOf(
  (message, report) => {
    const { status, battery, battery_level, firmware_version, ...others } = message
    const made: DjangoStatus = others
    const known = STATUSES.find((word) => word === status)
    if (known) made.status = known
    else if (status !== undefined && status !== null) {
      report.warning(['status'], `is none of ${STATUSES.join(', ')}: ${shown(status)}`)
    }
    const [key, level] = battery
      ? ['battery', battery]
      : ['battery_level', battery_level ?? battery]
    if (level !== undefined && level !== null) {
      const value = READERS.float(level)
      if (typeof value === 'number') made.battery_level = value
      else report.issue([key as string], `must be ${FORMS.float}, not ${shown(level)}`)
    }
    if (firmware_version !== undefined && firmware_version !== null) {
      const value = READERS.string(firmware_version)
      if (typeof value === 'string') made.firmware_version = value
      else
        report.issue(
          ['firmware_version'],
          `must be ${FORMS.string}, not ${shown(firmware_version)}`,
        )
    }
    return made
  },
)

/** What a schema has to say of a message beside what it makes of it. */
interface Report {
  issue(path: Path, message: string): void
  warning(path: Path, message: string): void
}

type Path = readonly (string | number)[]

function schemaOf<Output>(
  read: (message: Fields, report: Report) => Output,
): Schema<unknown, Output> {
  return {
    '~standard': {
      version: 1,
      vendor: 'devicehub',
      validate(message): WarnedResult<Output> {
        if (typeof message !== 'object' || message === null || Array.isArray(message)) {
          return { issues: [{ message: `must be an object, not ${shown(message)}` }] }
        }
        const issues: SchemaIssue[] = []
        const warnings: SchemaIssue[] = []
        const value = read(message as Fields, {
          issue: (path, text) => issues.push({ path, message: text }),
          warning: (path, text) => warnings.push({ path, message: text }),
        })
        return issues.length > 0 ? { issues } : { value, warnings }
      },
    },
  }
}

/** A value that was sent, and where it stood. */
interface Place {
  readonly value: unknown
  readonly path: Path
}

/** The readings of a message by name. Of a list those without a name or value are passed over. */
function placesOf(
  message: Fields,
  report: Report,
  isDeclared: (name: string) => boolean,
): ReadonlyMap<unknown, Place> {
  const { readings } = message
  const places = new Map<unknown, Place>()
  if (!Array.isArray(readings)) {
    for (const [name, value] of Object.entries(message)) places.set(name, { value, path: [name] })
    if (readings !== undefined && !isDeclared('readings')) {
      report.issue(['readings'], `must be a list, not ${shown(readings)}`)
    }
    return places
  }
  for (const [i, reading] of readings.entries()) {
    if (typeof reading !== 'object' || reading === null || Array.isArray(reading)) {
      report.issue(['readings', i], `must be an object, not ${shown(reading)}`)
      continue
    }
    const { type, value = null } = reading as Fields
    if (value !== null) places.set(type, { value, path: ['readings', i, 'value'] })
  }
  return places
}

type Reader = (value: unknown) => unknown

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** What django-devicehub made of a value; `undefined` where it failed. */
const READERS: Readonly<Record<DjangoReadingType, Reader>> = {
  float: (value) => numberOf(value, DECIMAL),
  integer(value) {
    const number = numberOf(value, /^[+-]?\d+$/)
    return number === undefined ? undefined : Math.trunc(number)
  },
  boolean(value) {
    if (value === true || value === 1 || TRUE.includes(value)) return true
    if (value === false || value === 0 || FALSE.includes(value)) return false
    return undefined
  },
  string(value) {
    if (typeof value === 'boolean') return value ? 'True' : 'False'
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  },
  json: (value) => value,
}

const FORMS: Readonly<Record<DjangoReadingType, string>> = {
  float: 'a number, or one as text',
  integer: 'a number, or a whole one as text',
  boolean: 'true or false',
  string: 'a text',
  json: 'a value',
}

const TRUE: readonly unknown[] = ['t', 'True', '1']
const FALSE: readonly unknown[] = ['f', 'False', '0']

function numberOf(value: unknown, form: RegExp): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  const number = typeof value === 'string' && form.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function isBeyond(value: unknown, [lowest, highest]: NonNullable<DjangoReading['range']>): boolean {
  if (typeof value !== 'number') return false
  return (lowest !== null && value < lowest) || (highest !== null && value > highest)
}

function readDeclaration(key: string, reading: unknown): DjangoReading {
  const { type, range } = (
    typeof reading === 'string' ? { type: reading } : (reading ?? {})
  ) as Partial<Record<keyof DjangoReading, unknown>>
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) {
    throw new ConfigError(
      key,
      `must be, or have as type, one of ${Object.keys(READERS).join(', ')}`,
    )
  }
  if (typeof reading !== 'string') checkOptions(reading, { type: true, range: true }, key)
  if (range !== undefined && !isRange(range)) {
    throw new ConfigError(`${key}.range`, 'must be a list of two numbers, or null for no bound')
  }
  return reading === type ? { type: type as DjangoReadingType } : (reading as DjangoReading)
}

function isRange(range: unknown): boolean {
  if (!Array.isArray(range) || range.length !== 2) return false
  return range.every((bound) => bound === null || Number.isFinite(bound))
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
