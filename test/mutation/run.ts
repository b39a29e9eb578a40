/**
 * Changes the topic algebra and the access decision in many small ways, and tells which changes no
 * test notices.
 *
 * `npm run mutate` tries every mutant and writes `test/mutation/REPORT.md`; `npm run mutate --
 * relation` only those whose key holds the word; `--list` lists them. The work tree is not touched.
 * Exits with 0 only if every mutant is noticed or explained in `equivalent.ts`, and every
 * explanation is of a mutant that is there and that no test notices.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { EQUIVALENT } from './equivalent.ts'
import type { Mutant } from './mutants.ts'
import { type Fate, findProblems, summarise, type Verdict } from './report.ts'
import {
  FOLDERS,
  PROPERTIES,
  ROOT,
  readMutants,
  subjects,
  TABLES,
  testsThatLoad,
} from './subjects.ts'
import { makeWorkspace, type Workspace } from './workspace.ts'

/** How many times longer than on the original the tests may take: more is an endless loop. */
const PATIENCE = 4
/** How many times longer again, before that is believed: the machine may have had much else to do. */
const SECOND_PATIENCE = 5

/** Milliseconds that the tests may take. */
interface Limits {
  readonly tables: number
  readonly properties: number
}

/** Runs the tests on what is not mutated: they pass, and show how long they take. */
async function measure(workspace: Workspace): Promise<Limits> {
  const time = async (tests: readonly string[]) => {
    const started = performance.now()
    const { outcome, output } = await workspace.run(tests, 120_000)
    if (outcome !== 'passed') throw new Error(`The tests fail on the original:\n${output}`)
    return (performance.now() - started) * PATIENCE
  }
  return { tables: await time(TABLES), properties: await time(PROPERTIES) }
}

async function judge(workspace: Workspace, mutant: Mutant, limits: Limits): Promise<Fate> {
  const steps = [
    [TABLES, limits.tables],
    [PROPERTIES, limits.properties],
  ] as const
  for (const [tests, limit] of steps) {
    const loading = testsThatLoad(mutant.file, tests)
    let { outcome } = await workspace.run(loading, limit)
    if (outcome === 'timed out') {
      outcome = (await workspace.run(loading, limit * SECOND_PATIENCE)).outcome
    }
    if (outcome === 'failed') return 'killed'
    if (outcome === 'timed out') return 'killed by time'
  }
  return mutant.key in EQUIVALENT ? 'explained' : 'survived'
}

/** Tries mutants in a workspace, one after another, until none is left. */
async function work(workspace: Workspace, waiting: Mutant[], limits: Limits): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    workspace.write(mutant.file, mutant.text)
    const fate = await judge(workspace, mutant, limits)
    workspace.restore(mutant.file)
    verdicts.push({ mutant, fate })
    if (fate !== 'killed') console.log(`${fate}: ${mutant.file}:${mutant.line}  ${mutant.key}`)
  }
  return verdicts
}

async function main(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith('--'))
  const all = subjects().flatMap(readMutants)
  const chosen = all.filter(({ key }) => words.every((word) => key.includes(word)))
  if (args.includes('--list')) {
    for (const { file, line, key } of chosen) console.log(`${file}:${line}  ${key}`)
    console.log(`${chosen.length} mutants`)
    return 0
  }
  const workspaces = Array.from({ length: Math.min(availableParallelism(), 4) }, () =>
    makeWorkspace(ROOT, FOLDERS),
  )
  process.once('exit', () => {
    for (const workspace of workspaces) workspace.remove()
  })
  const limits = await measure(workspaces[0]!)
  const waiting = [...chosen]
  const verdicts = await Promise.all(workspaces.map((each) => work(each, waiting, limits)))
  return report(all, verdicts.flat())
}

function report(all: readonly Mutant[], verdicts: readonly Verdict[]): number {
  const order = new Map(all.map(({ key }, i) => [key, i]))
  const sorted = verdicts.toSorted((a, b) => order.get(a.mutant.key)! - order.get(b.mutant.key)!)
  const gone = Object.keys(EQUIVALENT).filter((key) => !order.has(key))
  const problems = [
    ...findProblems(sorted, EQUIVALENT),
    ...gone.map((key) => `explained, but there is no such mutant: ${key}`),
  ]
  const summary = summarise(sorted, EQUIVALENT)
  console.log(`\n${summary}\n`)
  for (const problem of problems) console.log(problem)
  if (verdicts.length === all.length) {
    writeFileSync(join(ROOT, 'test/mutation/REPORT.md'), `${PREFACE}\n${summary}\n`)
  }
  return problems.length === 0 ? 0 : 1
}

const PREFACE = `# Mutation report

Written by \`npm run mutate\`. Each mutant is a copy of a file with one small change. It is killed when a test of \`test/topic\`, \`test/rule\` or \`test/device\` fails on it, or does not end. It is explained when it does what the original does.
`

// So that the copies are removed when it is interrupted, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main(process.argv.slice(2))
