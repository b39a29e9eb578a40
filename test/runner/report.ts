/**
 * What the test runner tells a person.
 *
 * @module
 */
import type { FileRun } from './runtime.ts'

/** All runs of one runtime. */
export interface RuntimeRun {
  /** Name and version. */
  readonly title: string
  readonly files: readonly FileRun[]
  /** How long all of them took, if that was measured. */
  readonly seconds?: number
  /** How many files were not run, or not to their end, since the run was interrupted. */
  readonly notRun?: number
  /** Why the runtime did not run, where it did not. */
  readonly missing?: { readonly reason: string; readonly result: 'failed' | 'skipped' }
}

/** How many tests ended how. */
export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Counts tests. A file with a problem, or a runtime that is missing, counts as one more. */
export function count(runs: readonly RuntimeRun[]): Totals {
  return totals(
    runs.flatMap(({ files, missing }) => [
      ...files.flatMap(results),
      ...(missing ? [missing.result] : []),
    ]),
  )
}

function results({ outcomes, problem }: FileRun): readonly string[] {
  return [
    ...outcomes.map((outcome) => outcome.result),
    ...(problem === undefined ? [] : ['failed' as const]),
  ]
}

function totals(results: readonly string[]): Totals {
  const number = (wanted: string) => results.filter((result) => result === wanted).length
  return { passed: number('passed'), failed: number('failed'), skipped: number('skipped') }
}

/** What is known of a file beside how it went. */
export interface Progress {
  /** How many of how many are done. */
  readonly done: string
  /** What the runtime printed was shown while it ran. */
  readonly live: boolean
}

/** One line for one file; for a file with failures also all that the runtime printed. */
export function fileReport(title: string, run: FileRun, { done, live }: Progress): string {
  const counted = totals(results(run))
  const mark = counted.failed > 0 ? '✖' : '✔'
  const line = `${mark} ${title}  ${done}  ${run.file}  ${closingLine(counted)}  ${words(run.seconds)}`
  if (counted.failed === 0) return line
  const output = live ? '' : `\n${run.output.trimEnd()}`
  const problem = run.problem === undefined ? '' : `\n${run.file} ${run.problem}`
  return `${line}\n${output}${problem}\n`
}

/** A time as a person reads it, such as `1.5 s` or `12 min 5 s`. */
export function words(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** The table, the failures and the skips of a whole run. Its last line is the totals. */
export function summary(runs: readonly RuntimeRun[]): string {
  const sections = [
    table(runs),
    section('Failed', failures(runs)),
    section('Skipped', skips(runs)),
    section('Not run, since the run was interrupted', notRun(runs)),
    closingLine(count(runs)),
  ]
  return sections.filter((text) => text !== '').join('\n\n')
}

/** `N passed, N failed`, and the skips if there are any. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function table(runs: readonly RuntimeRun[]): string {
  const rows = [
    ['', 'files', 'passed', 'failed', 'skipped', 'time'],
    ...runs.map((run) => {
      const { passed, failed, skipped } = count([run])
      const numbers = [run.files.length, passed, failed, skipped].map(String)
      return [run.title, ...numbers, run.seconds === undefined ? '' : words(run.seconds)]
    }),
  ]
  const width = Math.max(...rows.map((row) => row[0]!.length))
  return rows
    .map(([title, ...cells]) => title!.padEnd(width) + cells.map((c) => c.padStart(12)).join(''))
    .join('\n')
}

function section(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${heading}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function failures(runs: readonly RuntimeRun[]): readonly string[] {
  return runs.flatMap(({ title, files, missing }) => [
    ...(missing?.result === 'failed' ? [`${title}: ${missing.reason}`] : []),
    ...files.flatMap((file) => [
      ...file.outcomes
        .filter((outcome) => outcome.result === 'failed')
        .map((outcome) => `${title}  ${file.file}: ${outcome.name}`),
      ...(file.problem === undefined ? [] : [`${title}  ${file.file} ${file.problem}`]),
    ]),
  ])
}

function notRun(runs: readonly RuntimeRun[]): readonly string[] {
  return runs.flatMap(({ title, files, notRun = 0 }) =>
    notRun === 0 ? [] : [`${title}: ${notRun} of ${files.length + notRun} files`],
  )
}

function skips(runs: readonly RuntimeRun[]): readonly string[] {
  const skipped = runs.flatMap(({ title, files }) =>
    files.flatMap(({ file, outcomes }) =>
      outcomes
        .filter((outcome) => outcome.result === 'skipped')
        .map(({ name, reason }) => ({ title, key: `${file}: ${name}`, reason })),
    ),
  )
  // Only Node keeps the reason of a skip, so another runtime's skip of the same test has Node's.
  const reasons = new Map(skipped.map(({ key, reason }) => [key, reason] as const).reverse())
  const lines = new Map<string, string[]>()
  for (const { title, key, reason } of skipped) {
    const why = reason ?? reasons.get(key) ?? 'the runtime keeps no reason, see the test'
    const line = `${key}: ${why}`
    lines.set(line, [...(lines.get(line) ?? []), title])
  }
  return [
    ...runs.flatMap(({ title, missing }) =>
      missing?.result === 'skipped' ? [`${title}: ${missing.reason}`] : [],
    ),
    ...[...lines].map(([line, titles]) => `${titles.join(', ')}  ${line}`),
  ]
}
