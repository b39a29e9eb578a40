/**
 * Changes what decides over logins and access in many small ways, and tells which changes no test
 * notices.
 *
 * `npm run mutate` tries the mutants of each file that is new or changed since it was tried last, and
 * those that no test noticed; `npm run mutate -- src/fleet/login.ts` all mutants of the files whose
 * path holds the text, anew. The tests that most likely notice a mutant are asked first, about all of
 * them, and then all others about those that are left. What came out is kept in `test/mutation/verdicts.json` as soon as a file
 * is done, so that a run that is interrupted goes on where it was, and `test/mutation/REPORT.md` is
 * written from it. `--list` lists the mutants. The work tree is not touched otherwise.
 *
 * Exits with 0 only if every mutant is noticed or explained in `equivalent.ts`, and every
 * explanation is of a mutant that is there and that no test notices.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { EQUIVALENT } from './equivalent.ts'
import { knownMeasures } from './measured.ts'
import type { Mutant } from './mutants.ts'
import { type FileReport, findProblems, summarise } from './report.ts'
import { digestOf, FOLDERS, ROOT, readMutants, subjects, testsOf } from './subjects.ts'
import { type MeasuredTest, measureTests, noteRun, stepsFor } from './tests.ts'
import { type FileVerdicts, openMutants, type Verdicts, verdictsOn } from './verdicts.ts'
import { makeWorkspace, type Workspace } from './workspace.ts'

/** How many times longer than its file on the original a test may take: more is an endless loop. */
const PATIENCE = 4
/** How many times longer again, before that is believed: the machine may have had much else to do. */
const SECOND_PATIENCE = 3
/** Milliseconds that a test may take in any case: a little longer than tests wait for what never comes. */
const LEAST_PATIENCE = 6_000

const VERDICTS = join(ROOT, 'test/mutation/verdicts.json')
const REPORT = join(ROOT, 'test/mutation/REPORT.md')

/** What the tests made of a mutant. */
type Fate = 'killed' | 'killed by time' | 'unnoticed'

async function judge(
  workspace: Workspace,
  { file, text }: Mutant,
  step: readonly MeasuredTest[],
): Promise<Fate> {
  if (step.length === 0) return 'unnoticed'
  const patient = step.map(({ test, took }) => {
    return { test, patience: Math.max(took * PATIENCE, LEAST_PATIENCE) }
  })
  workspace.write(file, text)
  let { outcome, failed } = await workspace.run(patient)
  if (outcome === 'timed out') {
    const rest = patient.slice(patient.findIndex(({ test }) => test === failed))
    const more = rest.map(({ test, patience }) => {
      return { test, patience: patience * SECOND_PATIENCE }
    })
    ;({ outcome, failed } = await workspace.run(more))
  }
  workspace.restore(file)
  noteRun(step, file, failed)
  if (outcome === 'failed') return 'killed'
  return outcome === 'timed out' ? 'killed by time' : 'unnoticed'
}

/** The mutants to try of one file. */
interface Task {
  readonly file: string
  readonly mutants: readonly Mutant[]
  /** Those to be tried next. */
  waiting: Mutant[]
  /** How many of them are not done yet. */
  left: number
  /** Those that the first tests did not notice. */
  readonly pending: Mutant[]
  readonly unnoticed: string[]
}

/** Which of the tests are asked: the first ones, which notice nearly every mutant, or all. */
type Pass = 'first' | 'others'

/** Tries mutants in a workspace, one after another, until none is left. */
async function work(
  workspace: Workspace,
  pass: Pass,
  tasks: readonly Task[],
  measured: readonly MeasuredTest[],
  onDone: (task: Task) => void,
): Promise<void> {
  for (;;) {
    const task = tasks.find(({ waiting }) => waiting.length > 0)
    const mutant = task?.waiting.shift()
    if (!task || !mutant) return
    const { first, others } = stepsFor(mutant, measured)
    // All of them in the end: who comes first changes with each mutant that is tried.
    const fate = await judge(workspace, mutant, pass === 'first' ? first : [...others, ...first])
    const { key, file, line } = mutant
    if (fate === 'unnoticed') {
      if (pass === 'first') task.pending.push(mutant)
      else task.unnoticed.push(key)
    }
    const isKnown = fate === 'killed' || (fate === 'unnoticed' && key in EQUIVALENT)
    const isDone = pass === 'others' || fate !== 'unnoticed'
    if (isDone && !isKnown) console.log(`${fate}: ${file}:${line}  ${key}`)
    task.left--
    if (task.left === 0) onDone(task)
  }
}

async function main(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith('--'))
  const all = subjects().map((file) => ({ file, mutants: readMutants(file) }))
  const isNamed = (file: string) => words.some((word) => file.includes(word))
  if (args.includes('--list')) {
    const listed = all.filter(({ file }) => words.length === 0 || isNamed(file))
    const mutants = listed.flatMap((each) => each.mutants)
    for (const { file, line, key } of mutants) console.log(`${file}:${line}  ${key}`)
    console.log(`${mutants.length} mutants of ${listed.length} files`)
    return 0
  }
  const tasks = all.flatMap(({ file, mutants }): Task[] => {
    if (words.length > 0 && !isNamed(file)) return []
    const known = verdictsOn(readVerdicts(), file, mutants)
    const waiting = words.length > 0 ? [...mutants] : [...openMutants(known, mutants, EQUIVALENT)]
    if (waiting.length === 0) return []
    const tried = new Set(waiting.map(({ key }) => key))
    const unnoticed = known?.unnoticed.filter((key) => !tried.has(key)) ?? []
    return [{ file, mutants, waiting, left: waiting.length, pending: [], unnoticed }]
  })
  await tryAll(
    tasks,
    all.map(({ file }) => file),
  )
  return report(all)
}

async function tryAll(tasks: readonly Task[], order: readonly string[]): Promise<void> {
  if (tasks.length === 0) return
  const workspaces = Array.from({ length: Math.min(availableParallelism(), 4) }, () =>
    makeWorkspace(ROOT, FOLDERS),
  )
  process.once('exit', () => {
    for (const workspace of workspaces) workspace.remove()
  })
  const total = tasks.reduce((sum, { waiting }) => sum + waiting.length, 0)
  const files = tasks.map(({ file }) => file)
  const tests = [...new Set(files.flatMap(testsOf))]
  console.log(`${total} mutants of ${files.length} files, ${tests.length} test files.`)
  const measured = await measureTests(workspaces, tests, knownMeasures())
  for (const pass of ['first', 'others'] as const) {
    const toDo = tasks.reduce((sum, { waiting }) => sum + waiting.length, 0)
    const onDone = (task: Task) => {
      const { file, mutants, unnoticed } = task
      const pending = pass === 'first' ? task.pending.map(({ key }) => key) : []
      keepVerdicts(task, pending, order)
      const done = toDo - tasks.reduce((sum, { left }) => sum + left, 0)
      const noticed = mutants.length - unnoticed.length - pending.length
      console.log(
        `${pass} tests: ${done} of ${toDo} mutants. ${file}: ${noticed} of ${mutants.length} noticed`,
      )
    }
    await Promise.all(workspaces.map((each) => work(each, pass, tasks, measured, onDone)))
    for (const task of tasks) {
      task.waiting = [...task.pending]
      task.left = task.waiting.length
    }
  }
}

function readVerdicts(): Verdicts {
  return JSON.parse(readFileSync(VERDICTS, 'utf8'))
}

/** @param files All there are, in order: so it is the same after every run, and has none that is gone. */
function keepVerdicts(
  { file, mutants, unnoticed }: Task,
  pending: readonly string[],
  files: readonly string[],
): void {
  const inOrder = (of: readonly string[]) =>
    mutants.map(({ key }) => key).filter((key) => of.includes(key))
  const verdicts: FileVerdicts = {
    digest: digestOf(mutants),
    unnoticed: inOrder(unnoticed),
    ...(pending.length > 0 && { pending: inOrder(pending) }),
  }
  const known: Verdicts = { ...readVerdicts(), [file]: verdicts }
  const kept = files.flatMap((name) => (name in known ? [[name, known[name]]] : []))
  writeFileSync(VERDICTS, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
}

function report(all: readonly Omit<FileReport, 'verdicts'>[]): number {
  const verdicts = readVerdicts()
  const reports = all.map(({ file, mutants }) => {
    return { file, mutants, verdicts: verdictsOn(verdicts, file, mutants) }
  })
  const problems = findProblems(reports, EQUIVALENT)
  const summary = summarise(reports, EQUIVALENT)
  console.log(`\n${summary}\n`)
  for (const problem of problems) console.log(problem)
  writeFileSync(REPORT, `${PREFACE}\n${summary}\n`)
  return problems.length === 0 ? 0 : 1
}

const PREFACE = `# Mutation report

Written by \`npm run mutate\`. Each mutant is a copy of a file with one small change. It is killed when a test that reaches the change fails on it, or does not end; \`test/mutation/subjects.ts\` says which tests have to notice the mutants of which folder. It is explained when it does what the original does. The score is how many of the others that were tried are killed. A file that has changed since it was tried counts as not tried.
`

// So that the copies are removed when it is interrupted, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main(process.argv.slice(2))
