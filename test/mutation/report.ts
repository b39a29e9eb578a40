/**
 * What came out of the runs over mutants, in words.
 *
 * @module
 */
import { dirname } from 'node:path'
import type { Mutant } from './mutants.ts'
import type { FileVerdicts } from './verdicts.ts'

/** Reasons why mutants do what the original does, by key. */
export type Explanations = Readonly<Record<string, string>>

/** A file, its mutants and what became of them. */
export interface FileReport {
  readonly file: string
  readonly mutants: readonly Mutant[]
  /** `undefined` if the file as it is now was not tried. */
  readonly verdicts: FileVerdicts | undefined
}

/** What is wrong, a line each: mutants that no test notices or that were not tried, and explanations of none. */
export function findProblems(
  reports: readonly FileReport[],
  explanations: Explanations,
): readonly string[] {
  const keys = new Set(reports.flatMap(({ mutants }) => mutants.map(({ key }) => key)))
  const gone = Object.keys(explanations).filter((key) => !keys.has(key))
  return [
    ...reports.flatMap((report) => findFileProblems(report, explanations)),
    ...gone.map((key) => `explained, but there is no such mutant: ${key}`),
  ]
}

function findFileProblems(
  { file, mutants, verdicts }: FileReport,
  explanations: Explanations,
): readonly string[] {
  if (!verdicts) return [`not tried: ${file}, ${mutants.length} mutants`]
  const { unnoticed, pending = [] } = verdicts
  return mutants.flatMap(({ key, line }) => {
    const isExplained = key in explanations
    if (pending.includes(key)) return [`not all tests were asked: ${file}:${line}  ${key}`]
    if (unnoticed.includes(key)) return isExplained ? [] : [`survived: ${file}:${line}  ${key}`]
    return isExplained ? [`explained, but a test notices it: ${key}`] : []
  })
}

/** The summary, as Markdown. It holds no times, so that it changes only when the outcome does. */
export function summarise(reports: readonly FileReport[], explanations: Explanations): string {
  const folders = [...new Set(reports.map(({ file }) => dirname(file)))]
  const row = (title: string, of: readonly FileReport[]) => {
    const { mutants, killed, explained, survived, untried } = count(of, explanations)
    const tried = mutants - untried - explained
    const score = tried > 0 ? `${((killed / tried) * 100).toFixed(1)} %` : '–'
    return `| ${title} | ${mutants} | ${killed} | ${explained} | ${survived} | ${untried} | ${score} |`
  }
  return [
    '| File | Mutants | Killed | Explained | Survived | Not tried | Score |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...folders.flatMap((folder) => {
      const own = reports.filter(({ file }) => dirname(file) === folder)
      return [
        ...own.map((report) => row(`\`${report.file}\``, [report])),
        row(`**All of \`${folder}\`**`, own),
      ]
    }),
    row('**All**', reports),
    ...listSurvivors(reports, explanations),
    ...listExplained(reports, explanations),
  ].join('\n')
}

function count(reports: readonly FileReport[], explanations: Explanations) {
  const sum = { mutants: 0, killed: 0, explained: 0, survived: 0, untried: 0 }
  for (const { mutants, verdicts } of reports) {
    sum.mutants += mutants.length
    if (!verdicts) {
      sum.untried += mutants.length
      continue
    }
    const { unnoticed, pending = [] } = verdicts
    const explained = unnoticed.filter((key) => key in explanations).length
    sum.untried += pending.length
    sum.explained += explained
    sum.survived += unnoticed.length - explained
    sum.killed += mutants.length - unnoticed.length - pending.length
  }
  return sum
}

function listSurvivors(
  reports: readonly FileReport[],
  explanations: Explanations,
): readonly string[] {
  const survivors = unnoticedOf(reports).filter((key) => !(key in explanations))
  return survivors.length === 0 ? [] : list('Survived:', survivors)
}

function listExplained(
  reports: readonly FileReport[],
  explanations: Explanations,
): readonly string[] {
  const explained = unnoticedOf(reports).filter((key) => key in explanations)
  const reasons = [...new Set(explained.map((key) => explanations[key]!))]
  return reasons.flatMap((reason) =>
    list(
      reason,
      explained.filter((key) => explanations[key] === reason),
    ),
  )
}

/** In the order of the files' texts. */
function unnoticedOf(reports: readonly FileReport[]): readonly string[] {
  return reports.flatMap(({ mutants, verdicts }) =>
    mutants.map(({ key }) => key).filter((key) => verdicts?.unnoticed.includes(key)),
  )
}

function list(title: string, keys: readonly string[]): readonly string[] {
  return ['', title, '', ...keys.map((key) => `- \`\` ${key} \`\``)]
}
