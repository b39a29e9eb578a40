/**
 * The `timestamp` that a device sends beside its readings: which texts and numbers are a time, and which
 * one. Nothing depends on the zone of the machine that reads it.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'

/** How the timestamps of a device type are read. */
export interface TimestampOptions {
  /**
   * The zone of a timestamp that names none: `UTC`, an offset such as `+01:00`, or a name of the IANA
   * time zone database such as `Europe/Zurich`. A local time that comes twice, when clocks are set back,
   * is the first of the two; one that never comes, when they are set forward, cannot be read. Default:
   * `UTC`.
   */
  readonly zone?: string
  /**
   * What becomes of a message whose timestamp cannot be read: `reject`, or `ignore`, and it is handled
   * with its time of arrival alone. Default: `reject`.
   */
  readonly unreadable?: 'reject' | 'ignore'
}

/** {@link TimestampOptions} with every default filled in. */
export type TimestampSettings = Readonly<Required<TimestampOptions>>

/** Seconds since the Unix epoch have ten digits from 2001-09-09 to 2286-11-20, milliseconds thirteen. */
const SECONDS = { from: 1e9, below: 1e10 }
const MILLISECONDS = { from: 1e12, below: 1e13 }

const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/
const IS_UTC = /^(?:UTC|z)$/i
const OFFSET = /^([+-])(\d\d)(?::?(\d\d))?$/
const DAY = 86_400_000

/**
 * Checks how timestamps are read.
 *
 * @throws {ConfigError} If a setting is not valid, with its key below this one.
 */
export function checkTimestamp(key: string, settings: TimestampSettings): void {
  const { zone, unreadable } = settings
  if (typeof zone !== 'string' || !isZone(zone)) {
    const forms = 'UTC, an offset such as +01:00, or a name such as Europe/Zurich'
    throw new ConfigError(`${key}.zone`, `must be ${forms} that this runtime knows`)
  }
  if (unreadable !== 'reject' && unreadable !== 'ignore') {
    throw new ConfigError(`${key}.unreadable`, 'must be reject or ignore')
  }
}

/** In words, for those whose timestamp cannot be read. */
export const TIMESTAMP_FORMS =
  'must be a date and time of ISO 8601, such as 2025-01-15T12:00:00Z, or seconds (10 digits) or milliseconds (13 digits) since 1970'

/**
 * Reads a timestamp.
 *
 * A text is a date and time of ISO 8601 in its extended form (`2025-01-15T12:00:00.5+01:00`): with a zone
 * or without, with seconds or without, with a space or a small `t` in place of the `T`; a date alone is
 * its first moment. What is finer than milliseconds is cut off. A number of 10 digits before its point is
 * seconds, of 13 digits milliseconds, since the Unix epoch: 2001-09-09 to 2286-11-20.
 *
 * @param zone That of a text that names none: {@link TimestampOptions.zone}.
 * @returns `undefined` if it is anything else, or a day or time that does not exist.
 */
export function readTimestamp(value: unknown, zone: string): Date | undefined {
  const time =
    typeof value === 'number'
      ? timeOfNumber(value)
      : typeof value === 'string'
        ? timeOfText(value, zone)
        : undefined
  return time === undefined ? undefined : new Date(time)
}

function timeOfNumber(value: number): number | undefined {
  if (value >= SECONDS.from && value < SECONDS.below) return Math.round(value * 1_000)
  if (value >= MILLISECONDS.from && value < MILLISECONDS.below) return Math.trunc(value)
  return undefined
}

function timeOfText(text: string, zone: string): number | undefined {
  const found = ISO.exec(text)
  if (!found) return undefined
  const [, date, hour = '00', minute = '00', second = '00', fraction = '', offset = zone] = found
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const local = `${date}T${hour}:${minute}:${second}.${milliseconds}Z`
  const time = Date.parse(local)
  // Some runtimes take a day that does not exist for one of the next month.
  if (Number.isNaN(time) || new Date(time).toISOString() !== local) return undefined
  return timeInZone(time, offset)
}

/** The time at which clocks show a local one, both in milliseconds since the epoch. */
function timeInZone(local: number, zone: string): number | undefined {
  if (IS_UTC.test(zone) || OFFSET.test(zone)) return timeAtOffset(local, zone)
  // The offsets before and after a change of clocks, if there is one near.
  const times = [local - DAY, local + DAY].map((near) => local - offsetIn(zone, near))
  const real = times.filter((time) => time + offsetIn(zone, time) === local)
  return real.length > 0 ? Math.min(...real) : undefined
}

function timeAtOffset(local: number, offset: string): number | undefined {
  const found = OFFSET.exec(offset)
  if (!found) return local // It is UTC, or Z.
  const [, sign, hours, minutes = '0'] = found
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  const milliseconds = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? local + milliseconds : local - milliseconds
}

/** How far clocks of a named zone are ahead of UTC at a time, in milliseconds. */
function offsetIn(zone: string, time: number): number {
  const parts = clockOf(zone).formatToParts(time)
  const [year, month, day, hour, minute, second] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((type) => Number(parts.find((part) => part.type === type)?.value))
  const shown = new Date(0)
  shown.setUTCFullYear(year!, month! - 1, day!)
  return shown.setUTCHours(hour!, minute!, second!, 0) - Math.floor(time / 1_000) * 1_000
}

// One for each zone that a type names; making one takes a hundred times longer than asking it.
const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known) return known
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(zone, clock)
  return clock
}

function isZone(zone: string): boolean {
  if (zone === 'UTC') return true
  if (OFFSET.test(zone)) return timeAtOffset(0, zone) !== undefined
  try {
    clockOf(zone)
    return true
  } catch {
    return false
  }
}
