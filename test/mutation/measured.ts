/**
 * What is known of the tests from the last run, so that those that are as they were are not measured
 * again.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Coverage } from './coverage.ts'
import { FOLDERS, ROOT, readText } from './subjects.ts'

/** What a test took and reached. */
export interface Measure {
  /** Milliseconds. */
  readonly took: number
  readonly coverage: Coverage
}

/** Measures of tests that are as they were, with all that they may use. */
export interface KnownMeasures {
  find(test: string): Measure | undefined
  keep(test: string, measure: Measure): void
}

interface Stored {
  /** Of the test, and of all that it may use. */
  readonly digest: string
  readonly took: number
  readonly coverage: readonly (readonly [file: string, lines: readonly (readonly number[])[]])[]
}

const FILE = join(ROOT, '.test-results', 'mutation.json')

/** Reads them. A file that is not there, or is broken, is as one that knows nothing. */
export function knownMeasures(): KnownMeasures {
  const shared = digestOfShared()
  const digestOf = (test: string) =>
    createHash('sha256').update(shared).update(readText(test)).digest('hex')
  const known = new Map<string, Stored>(Object.entries(readStored()))
  return {
    find(test) {
      const stored = known.get(test)
      if (stored?.digest !== digestOf(test)) return undefined
      const coverage = stored.coverage.map(([file, lines]) => {
        return [file, new Map(lines.map(([line, count]) => [line!, count!]))] as const
      })
      return { took: stored.took, coverage: new Map(coverage) }
    },
    keep(test, { took, coverage }) {
      const files = [...coverage].filter(([file]) => !file.startsWith('test/'))
      known.set(test, {
        digest: digestOf(test),
        took,
        coverage: files.map(([file, lines]) => [file, [...lines]]),
      })
      mkdirSync(join(ROOT, '.test-results'), { recursive: true })
      writeFileSync(FILE, JSON.stringify(Object.fromEntries(known)))
    },
  }
}

function readStored(): Record<string, Stored> {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'))
  } catch {
    return {}
  }
}

/** Of every source, and of what tests have in common. */
function digestOfShared(): string {
  const hash = createHash('sha256')
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
      const file = join(folder, name)
      hash.update(`${file}\0${readText(file)}\0`)
    }
  }
  return hash.digest('hex')
}
