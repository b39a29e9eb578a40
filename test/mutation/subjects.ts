/**
 * What is mutated, and which tests have to notice it.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutantsOf } from './mutants.ts'

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** Files of one folder that are mutated. */
interface Subjects {
  readonly folder: string
  /** Which of its files. Default: all. */
  readonly names?: readonly string[]
  /** The folders of the tests that have to notice it. */
  readonly tests: readonly string[]
}

/** The topic algebra, the access decision, logins and passwords, and the routes brokers ask. */
const SUBJECTS: readonly Subjects[] = [
  {
    folder: 'src/fleet',
    tests: ['test/fleet', 'test/credential', 'test/hono', 'test/rule', 'test/device'],
  },
  { folder: 'src/credential', tests: ['test/credential', 'test/fleet'] },
  {
    folder: 'adapters/hono',
    tests: ['test/hono', 'test/product/questions', 'test/product/events', 'test/rule'],
  },
  { folder: 'src/topic', tests: ['test/topic', 'test/rule', 'test/device'] },
  {
    folder: 'src/rule',
    names: ['rule', 'facts', 'decide', 'prepare', 'compile', 'principal', 'client-id'],
    tests: ['test/topic', 'test/rule', 'test/device'],
  },
]

/** What notices nothing by itself. */
const NOT_ASKED: readonly string[] = [
  // They draw cases at random for minutes. What they find is to be in a table, too.
  'test/hono/fuzz.test.ts',
  'test/hono/property.test.ts',
  // It compares times, which differ on a busy machine.
  'test/credential/answer-time.test.ts',
]

/** The folders that the tests and what they test are in. */
export const FOLDERS: readonly string[] = [
  'src',
  'adapters/hono',
  'test/topic',
  'test/rule',
  'test/device',
  'test/credential',
  'test/fleet',
  'test/hono',
  'test/product',
  // Exchanges that were recorded.
  'test/rabbitmq',
  'test/support',
]

/** The mutated files. Those that hold nothing but types have no mutants and are none. */
export function subjects(): readonly string[] {
  return SUBJECTS.flatMap(({ folder, names }) => {
    const files = names?.map((name) => `${name}.ts`) ?? sourcesIn(folder)
    return files.map((name) => `${folder}/${name}`)
  }).filter((file) => readMutants(file).length > 0)
}

/** The files of a folder. What is in folders below is not mutated. */
function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.ts'))
    .sort()
}

/** Every mutant of a file. */
export function readMutants(file: string): readonly Mutant[] {
  return mutantsOf(file, readText(file))
}

/** The text of a file of the repository. */
export function readText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** Tells the mutants of a file from those of what it was or will be. */
export function digestOf(mutants: readonly Mutant[]): string {
  const hash = createHash('sha256')
  for (const { key, text } of mutants) hash.update(`${key}\0${text}\0`)
  return hash.digest('hex').slice(0, 16)
}

/** The tests that have to notice the mutants of a file, where they reach what is changed. */
export function testsOf(file: string): readonly string[] {
  const { tests } = SUBJECTS.find(({ folder }) => file.startsWith(`${folder}/`))!
  return tests.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      // A name that says more says where it runs: see CONTRIBUTING.md.
      .filter((name) => /^[^.]+\.test\.ts$/.test(name))
      .map((name) => `${folder}/${name}`)
      .filter((test) => !NOT_ASKED.includes(test)),
  )
}

/** Whether a test is of the same name as a file. */
export function isOwnTest(file: string, test: string): boolean {
  return test.endsWith(`/${file.split('/').at(-1)!.replace('.ts', '')}.test.ts`)
}
