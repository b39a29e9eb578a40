/**
 * Measurements as Markdown.
 *
 * @module
 */
import { arch, cpus, loadavg, platform } from 'node:os'
import type { Measurement } from './measure.ts'

/** One line about the machine. */
export function machine(): string {
  const all = cpus()
  const cores = `${all.length} ${all.length === 1 ? 'core' : 'cores'}`
  const load = loadavg()[0]!.toFixed(1)
  return `${all[0]?.model.trim() ?? 'unknown CPU'}, ${cores}, ${platform()} ${arch()}, Node ${process.version}, load ${load}`
}

/** A Markdown table. All columns but the first are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  )
}

/** What contenders took. The first one is what the others are held against. */
export function comparison(operation: string, measured: readonly Measurement[]): string {
  return table(
    [
      'Contender',
      `Time, in multiples of the first`,
      `${operation} per second`,
      'Time of one',
      'Spread',
      'Allocated by one',
      'Collections per million',
    ],
    measured.map(({ name, time, spread, ratio, bytes, heapOps, collections }, i) => [
      name,
      i === 0 ? '1' : multiple(ratio),
      grouped(1e9 / time),
      duration(time),
      `± ${(spread * 100).toFixed(1)} %`,
      `${grouped(bytes)} B`,
      collections === 0 ? `0 (of ${grouped(heapOps)})` : grouped((collections * 1e6) / heapOps),
    ]),
  )
}

/** A ratio, such as `12` or `1.32`. */
export function multiple(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : grouped(ratio)
}

/** A time in nanoseconds with a fitting unit. */
export function duration(time: number): string {
  if (time < 1000) return `${time.toFixed(0)} ns`
  if (time < 1e6) return `${(time / 1000).toPrecision(3)} µs`
  return `${(time / 1e6).toPrecision(3)} ms`
}

/** A whole number with its thousands apart. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}

/** The middle one of some values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
