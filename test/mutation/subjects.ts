/**
 * What is mutated, and which tests have to notice it.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { type Mutant, mutantsOf } from './mutants.ts'

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** The folders that the tests and what they test are in. */
export const FOLDERS: readonly string[] = [
  'src',
  'test/topic',
  'test/rule',
  'test/device',
  'test/fleet',
]

const DECISION: readonly string[] = ['rule', 'facts', 'decide', 'compile', 'principal', 'client-id']

/** The tables, which notice most and take a second or two. */
export const TABLES: readonly string[] = [
  'test/topic/filter.test.ts',
  'test/topic/name.test.ts',
  'test/rule/decide.test.ts',
  'test/rule/rule.test.ts',
  'test/rule/facts.test.ts',
  'test/rule/compile.test.ts',
  'test/rule/placeholders.test.ts',
  'test/rule/client-id.test.ts',
  'test/device/default-rules.test.ts',
  'test/rule/explain.test.ts',
  'test/topic/relation.test.ts',
  'test/topic/template.test.ts',
  'test/topic/tree.test.ts',
]

/** What takes longer, most of it since it draws its cases at random. */
export const PROPERTIES: readonly string[] = [
  'test/topic/scan.test.ts',
  'test/topic/relation-sets.test.ts',
  'test/rule/oracle.test.ts',
  'test/rule/hostile.test.ts',
]

/** The mutated files: all of the topic algebra, and what decides. */
export function subjects(): readonly string[] {
  const topic = readdirSync(join(ROOT, 'src/topic')).map((name) => `src/topic/${name}`)
  return [...topic.sort(), ...DECISION.map((name) => `src/rule/${name}.ts`)]
}

/** Every mutant of a file. */
export function readMutants(file: string): readonly Mutant[] {
  return mutantsOf(file, readFileSync(join(ROOT, file), 'utf8'))
}

/**
 * The tests that load a file, in the order to run them: its own first, then those that notice most.
 *
 * @param tests {@link TABLES} or {@link PROPERTIES}.
 */
export function testsThatLoad(file: string, tests: readonly string[]): readonly string[] {
  const own = `/${file.split('/').at(-1)!.replace('.ts', '')}.test.ts`
  const loading = tests.filter((test) => loadedBy(test).has(file))
  return loading.toSorted((a, b) => Number(b.endsWith(own)) - Number(a.endsWith(own)))
}

const loaded = new Map<string, ReadonlySet<string>>()

/** A test file and all files of the repository that it imports, directly or not. */
function loadedBy(test: string): ReadonlySet<string> {
  const known = loaded.get(test)
  if (known) return known
  const files = new Set([test])
  for (const file of files) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, file), 'utf8'))
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.')) files.add(join(file, '..', fileName).split('\\').join('/'))
    }
  }
  loaded.set(test, files)
  return files
}
