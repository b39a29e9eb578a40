/**
 * What came out of a run over mutants, in words.
 *
 * @module
 */
import type { Mutant } from './mutants.ts'

/** What the tests made of a mutant. */
export type Fate = 'killed' | 'killed by time' | 'explained' | 'survived'

/** A mutant and what became of it. */
export interface Verdict {
  readonly mutant: Mutant
  readonly fate: Fate
}

/** What is wrong, a line each: mutants that no test notices, and explanations of none. */
export function findProblems(
  verdicts: readonly Verdict[],
  explanations: Readonly<Record<string, string>>,
): readonly string[] {
  const survivors = verdicts
    .filter(({ fate }) => fate === 'survived')
    .map(({ mutant }) => `survived: ${mutant.file}:${mutant.line}  ${mutant.key}`)
  const idle = verdicts
    .filter(({ mutant, fate }) => isKilled(fate) && mutant.key in explanations)
    .map(({ mutant }) => `explained, but a test notices it: ${mutant.key}`)
  return [...survivors, ...idle]
}

/** The summary, as Markdown. It holds no times, so that it changes only when the outcome does. */
export function summarise(
  verdicts: readonly Verdict[],
  explanations: Readonly<Record<string, string>>,
): string {
  const files = [...new Set(verdicts.map(({ mutant }) => mutant.file))]
  const row = (title: string, of: readonly Verdict[]) => {
    const killed = of.filter(({ fate }) => isKilled(fate)).length
    const explained = of.filter(({ fate }) => fate === 'explained').length
    const survived = of.length - killed - explained
    return `| ${title} | ${of.length} | ${killed} | ${explained} | ${survived} |`
  }
  return [
    '| File | Mutants | Killed | Explained | Survived |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...files.map((file) =>
      row(
        `\`${file}\``,
        verdicts.filter((v) => v.mutant.file === file),
      ),
    ),
    row('**All**', verdicts),
    ...explain(verdicts, explanations),
  ].join('\n')
}

function explain(
  verdicts: readonly Verdict[],
  explanations: Readonly<Record<string, string>>,
): readonly string[] {
  const explained = verdicts.filter(({ fate }) => fate === 'explained')
  const reasons = [...new Set(explained.map(({ mutant }) => explanations[mutant.key]!))]
  return reasons.flatMap((reason) => [
    '',
    reason,
    '',
    ...explained
      .filter(({ mutant }) => explanations[mutant.key] === reason)
      .map(({ mutant }) => `- \`\` ${mutant.key} \`\``),
  ])
}

function isKilled(fate: Fate): boolean {
  return fate === 'killed' || fate === 'killed by time'
}
