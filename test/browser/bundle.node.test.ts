/**
 * The built package bundles for browsers and edge workers as it is: nothing of Node is looked for,
 * and nothing is warned of.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build, type Options } from 'tsup'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = `import { createFleet } from 'devicehub'
import { mqtt } from 'devicehub/mqtt'
console.log(createFleet, mqtt({ url: 'wss://broker.example/mqtt' }))
`
const COMMON: Options = { config: false, format: 'esm', target: 'es2022', silent: true }

/** What a bundle imports while it runs, and what was said about it. */
interface Outcome {
  readonly imports: readonly string[]
  readonly messages: readonly string[]
}

let folder: string
before(async () => {
  // Below the tests, so that the packages are found by their names.
  folder = mkdtempSync(join(root, 'test', '.bundle-'))
  writeFileSync(join(folder, 'program.ts'), PROGRAM)
  await build({
    ...COMMON,
    entry: {
      index: join(root, 'src/index.ts'),
      mqtt: join(root, 'adapters/mqtt/index.ts'),
    },
    outDir: join(folder, 'dist'),
    outExtension: () => ({ js: '.js' }),
    platform: 'neutral',
    splitting: true,
  })
})
after(() => rmSync(folder, { recursive: true, force: true }))

async function bundle(conditions: string[]): Promise<Outcome> {
  const messages: string[] = []
  const outDir = join(folder, ['bundle', ...conditions].join('-'))
  await build({
    ...COMMON,
    entry: { program: join(folder, 'program.ts') },
    outDir,
    outExtension: () => ({ js: '.js' }),
    platform: 'browser',
    noExternal: [/./],
    splitting: false,
    metafile: true,
    esbuildOptions(options) {
      options.conditions = conditions
      options.alias = {
        devicehub: join(folder, 'dist/index.js'),
        'devicehub/mqtt': join(folder, 'dist/mqtt.js'),
      }
    },
    esbuildPlugins: [
      {
        name: 'messages',
        setup(build) {
          build.onEnd(({ warnings, errors }) => {
            messages.push(...[...errors, ...warnings].map(({ text }) => text))
          })
        },
      },
    ],
  })
  const { outputs } = JSON.parse(readFileSync(join(outDir, 'metafile-esm.json'), 'utf8')) as {
    outputs: Record<string, { imports: { path: string }[] }>
  }
  return {
    messages,
    imports: Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  }
}

describe('a program bundles without anything left to load', () => {
  for (const [name, conditions] of [
    ['a browser', []],
    ['an edge worker', ['workerd', 'worker', 'browser']],
  ] as const) {
    test(`for ${name}`, async () => {
      assert.deepEqual(await bundle([...conditions]), { imports: [], messages: [] })
    })
  }
})

test('the names of modules of Node are hidden from every bundler alike', () => {
  const built = readFileSync(join(folder, 'dist/mqtt.js'), 'utf8')
  assert.match(built, /import\(\s*\/\* webpackIgnore: true \*\/\s*\/\* @vite-ignore \*\/\s*`node:/)
  assert.doesNotMatch(built, /import\(\s*['"](node:|net|tls|crypto|fs)/)
})
