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
  const results = runs.flatMap(({ files, missing }) => [
    ...files.flatMap((file) => [
      ...file.outcomes.map((outcome) => outcome.result),
      ...(file.problem === undefined ? [] : ['failed' as const]),
    ]),
    ...(missing ? [missing.result] : []),
  ])
  const number = (wanted: string) => results.filter((result) => result === wanted).length
  return { passed: number('passed'), failed: number('failed'), skipped: number('skipped') }
}

/** One line for one file; for a file with failures also all that the runtime printed. */
export function fileReport(title: string, run: FileRun): string {
  const totals = count([{ title, files: [run] }])
  const mark = totals.failed > 0 ? '✖' : '✔'
  const line = `${mark} ${title}  ${run.file}  ${closingLine(totals)}  ${run.seconds.toFixed(1)} s`
  if (totals.failed === 0) return line
  const problem = run.problem === undefined ? '' : `\n${run.file} ${run.problem}`
  return `${line}\n\n${run.output.trimEnd()}${problem}\n`
}

/** The table, the failures and the skips of a whole run. Its last line is the totals. */
export function summary(runs: readonly RuntimeRun[]): string {
  const sections = [
    table(runs),
    section('Failed', failures(runs)),
    section('Skipped', skips(runs)),
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
    ['', 'files', 'passed', 'failed', 'skipped'],
    ...runs.map((run) => {
      const { passed, failed, skipped } = count([run])
      return [run.title, ...[run.files.length, passed, failed, skipped].map(String)]
    }),
  ]
  const width = Math.max(...rows.map((row) => row[0]!.length))
  return rows
    .map(([title, ...cells]) => title!.padEnd(width) + cells.map((c) => c.padStart(9)).join(''))
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
