/**
 * The compiler accepts the right uses of the public API and refuses the wrong ones, each with the
 * error that `test/types/` expects of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'test', 'types')
const files = readdirSync(folder).map((name) => join(folder, name))
const EXPECTATION = /\/\/ @ts-expect-error TS(\d+): .*/g

const { options } = ts.getParsedCommandLineOfConfigFile(
  join(root, 'test', 'tsconfig.json'),
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => assert.fail('tsconfig.json') },
)!

/** What the compiler says of each error. */
const texts = new Map<string, string>()

/** Compiles test/types/ and returns its errors as `file:line TSnnnn`. */
function compile(change: (source: string) => string = (source) => source): readonly string[] {
  const host = ts.createCompilerHost(options)
  const original = host.getSourceFile
  host.getSourceFile = (name, target, ...rest) => {
    const source = files.includes(join(name)) ? ts.sys.readFile(name) : undefined
    if (source === undefined) return original(name, target, ...rest)
    return ts.createSourceFile(name, change(source), target)
  }
  const program = ts.createProgram({ rootNames: files, options, host })
  return ts.getPreEmitDiagnostics(program).map(({ file, start, code, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n')
    if (!file || start === undefined) return text
    const line = file.getLineAndCharacterOfPosition(start).line + 1
    const found = `${join(file.fileName).slice(root.length)}:${line} TS${code}`
    texts.set(found, text)
    return found
  })
}

/** What the comments in test/types/ expect of the line that follows each. */
function expectations(): readonly string[] {
  return files.flatMap((file) =>
    ts.sys
      .readFile(file)!
      .split('\n')
      .flatMap((line, index) =>
        [...line.matchAll(EXPECTATION)].map(
          ([, code]) => `${file.slice(root.length)}:${index + 2} TS${code}`,
        ),
      ),
  )
}

describe('the public types', () => {
  test('accept the right uses', () => {
    assert.deepEqual(compile(), [])
  })

  test('refuse every wrong one, with the error expected', () => {
    const expected = expectations()
    assert.ok(expected.length > 0)
    const found = compile((source) => source.replaceAll(EXPECTATION, ''))
    assert.deepEqual([...found].sort(), [...expected].sort())
  })

  test('ask for the password of a service account, where it has none, and not for a hash', () => {
    const [first] = expectations().filter((one) => one.startsWith('test/types/services.ts'))
    const text = texts.get(first!)
    assert.match(text!, /Property 'password' is missing/)
    assert.doesNotMatch(text!, /Property 'passwordHash' is missing/)
  })

  test('are tested with the code of each error', () => {
    for (const file of files) {
      const source = ts.sys.readFile(file)!
      const all = source.match(/^\s*\/\/ @ts-expect-error/gm) ?? []
      assert.equal([...source.matchAll(EXPECTATION)].length, all.length, file)
    }
  })
})
