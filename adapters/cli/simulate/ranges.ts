/**
 * What things that are called so usually measure.
 *
 * @module
 */

/** A value that drifts about a middle, and how far it goes. */
export interface Range {
  readonly middle: number
  /** It seldom goes further from the middle. */
  readonly spread: number
}

/** By what stands in a name; the first that fits counts. */
const RANGES: readonly (readonly [name: RegExp, range: Range])[] = [
  [/dew/i, { middle: 10, spread: 4 }],
  [/temp|celsius/i, { middle: 21, spread: 6 }],
  [/humid|moist/i, { middle: 55, spread: 15 }],
  [/batter|charge|soc\b/i, { middle: 80, spread: 10 }],
  [/percent|level|fill/i, { middle: 60, spread: 15 }],
  [/rssi|dbm/i, { middle: -70, spread: 10 }],
  [/snr/i, { middle: 7, spread: 3 }],
  [/hpa|barometer|pressure/i, { middle: 1013, spread: 12 }],
  [/\bbar\b/i, { middle: 2.5, spread: 0.5 }],
  [/volt/i, { middle: 230, spread: 4 }],
  [/amp|current/i, { middle: 4, spread: 1.5 }],
  [/watt|power/i, { middle: 900, spread: 300 }],
  [/rpm|speed/i, { middle: 1450, spread: 60 }],
  [/co2|ppm/i, { middle: 600, spread: 150 }],
  [/lux|light/i, { middle: 400, spread: 200 }],
  [/^lat/i, { middle: 48.2, spread: 0.01 }],
  [/^(lon|lng)/i, { middle: 16.37, spread: 0.01 }],
]

/** What a name stands for, if that is known. */
export function rangeOf(name: string): Range | undefined {
  return RANGES.find(([pattern]) => pattern.test(name))?.[1]
}
