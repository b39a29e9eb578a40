/**
 * The command as npm installs it: built, on plain Node, with the packages that a user has beside
 * it. Where Node takes no TypeScript, `jiti` reads the configuration.
 *
 * @module
 */
import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { freePort } from '../support/mosquitto.ts'
import { type Folder, type Host, type Outcome, run } from './command.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const path = mkdtempSync(join(tmpdir(), 'devicehub-cli-'))
after(() => rmSync(path, { recursive: true, force: true }))
const installed = join(path, 'node_modules')
const packageFolder = join(installed, 'devicehub')
const bin = join(packageFolder, 'dist', 'bin.js')

const PEERS = ['mqtt', 'hono', 'jiti'] as const
for (const name of [...Object.keys(manifest.dependencies), ...PEERS]) {
  const target = join(installed, name)
  mkdirSync(join(target, '..'), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), target, 'junction')
}
await build({
  config: false,
  entry: {
    index: join(root, 'src/index.ts'),
    cli: join(root, 'adapters/cli/index.ts'),
    bin: join(root, 'adapters/cli/main.ts'),
  },
  outDir: join(packageFolder, 'dist'),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  external: [...PEERS],
  silent: true,
})
writeFileSync(
  join(packageFolder, 'package.json'),
  JSON.stringify({
    name: 'devicehub',
    type: 'module',
    exports: { '.': './dist/index.js', './cli': './dist/cli.js' },
  }),
)

const command: Host = { name: 'Node', missing: false, command: [process.execPath, bin] }

/** A user's folder beside the installed packages. */
function project(files: Readonly<Record<string, string>>): Folder {
  const folder = mkdtempSync(join(path, 'project-'))
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('package.json', '{ "type": "module" }')
  for (const [file, text] of Object.entries(files)) write(file, text)
  return {
    path: folder,
    write,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Runs something while packages are not installed. */
async function without(names: readonly string[], work: () => Promise<Outcome>): Promise<Outcome> {
  for (const name of names) renameSync(join(installed, name), join(path, name))
  try {
    return await work()
  } finally {
    for (const name of names) renameSync(join(path, name), join(installed, name))
  }
}

const port = await freePort()
const unreachable = /^devicehub: broker "default": ERR_BROKER_UNREACHABLE: [^\n]+ECONNREFUSED/
const TYPESCRIPT = `
import { defineDeviceType, type DeviceType } from 'devicehub'
import * as v from 'valibot'
export const types: readonly DeviceType[] = [
  defineDeviceType('pump', { data: v.object({ rpm: v.number() }) }),
]`
const JAVASCRIPT = TYPESCRIPT.replace(', type DeviceType', '').replace(
  /: readonly DeviceType\[\]/,
  '',
)
const CONFIG = `
import { defineConfig } from 'devicehub/cli'
export default defineConfig({ types, brokers: { default: 'mqtt://127.0.0.1:${port}' } })`
const BROKERS = { default: { host: '127.0.0.1', port } }

describe('a configuration in', () => {
  for (const [title, files] of [
    [
      'TypeScript that imports TypeScript',
      {
        'devicehub.config.ts': `import { types } from './types.ts'${CONFIG}`,
        'types.ts': TYPESCRIPT,
      },
    ],
    ['an .mts file', { 'devicehub.config.mts': `${TYPESCRIPT}${CONFIG}` }],
    [
      'JavaScript that imports TypeScript',
      {
        'devicehub.config.js': `import { types } from './types.ts'${CONFIG}`,
        'types.ts': TYPESCRIPT,
      },
    ],
    ['JavaScript', { 'devicehub.config.js': `${JAVASCRIPT}${CONFIG}` }],
    ['an .mjs file', { 'devicehub.config.mjs': `${JAVASCRIPT}${CONFIG}` }],
    [
      'JSON that names TypeScript',
      {
        'devicehub.config.json': JSON.stringify({ types: './types.ts', brokers: BROKERS }),
        'types.ts': TYPESCRIPT,
      },
    ],
    [
      'JSON that names a default export',
      {
        'devicehub.config.json': JSON.stringify({ types: './types.mjs', brokers: BROKERS }),
        'types.mjs': `${JAVASCRIPT}\nexport default types`.replace('export const', 'const'),
      },
    ],
  ] as const) {
    test(`${title} is read`, async () => {
      using folder = project(files)
      const { code, stderr } = await run(command, folder, ['listen'])
      assert.match(stderr, unreachable)
      assert.equal(code, 1)
    })
  }

  test('TypeScript with a syntax error is refused without its words', async () => {
    using folder = project({ 'devicehub.config.ts': `export default {\n a: 'it's' }` })
    const { code, stderr } = await run(command, folder, ['listen'])
    assert.match(stderr, /^devicehub: devicehub\.config\.ts: has a syntax error[^\n']*\n$/)
    assert.equal(code, 2)
  })

  test('TypeScript that throws an error of the library is refused with its words', async () => {
    using folder = project({
      'devicehub.config.ts': `import { defineDeviceType } from 'devicehub'
export default defineDeviceType('a/b', {} as never)`,
    })
    const { code, stderr } = await run(command, folder, ['listen'])
    assert.match(stderr, /^devicehub: devicehub\.config\.ts: The type name [^\n]+\n$/)
    assert.equal(code, 2)
  })
})

describe('without an optional package', () => {
  const isNative = (process.features as { typescript?: unknown }).typescript === 'strip'

  test('--help works', async () => {
    using folder = project({})
    const { code, stderr } = await without(PEERS, () => run(command, folder, ['--help']))
    assert.deepEqual([code, stderr], [0, ''])
  })

  /** The lines that name packages, and what each package manager is told. */
  function missing(names: readonly string[], install: readonly string[]): string {
    const [what, them] = names.length === 1 ? ['package', 'it'] : ['packages', 'them']
    const packages = install.join(' ')
    return `devicehub: Cannot load the ${what} ${names.map((name) => `"${name}"`).join(', ')}: install ${them} beside devicehub (npm install ${packages})
  or pnpm add ${packages}
  or yarn add ${packages}
  or bun add ${packages}
  or deno add ${install.map((name) => `npm:${name}`).join(' ')}
`
  }

  for (const [name, args, skip] of [
    ['jiti', ['listen'], isNative && 'this Node takes TypeScript itself'],
    ['mqtt', ['listen', '--config', 'devicehub.config.mjs'], false],
    ['hono', ['dev', '--config', 'devicehub.config.mjs'], false],
  ] as const) {
    test(`${args[0]} names ${name}, and how to install it`, { skip }, async () => {
      const file = name === 'jiti' ? 'devicehub.config.ts' : 'devicehub.config.mjs'
      using folder = project({ [file]: `${JAVASCRIPT}${CONFIG}` })
      const { code, stderr } = await without([name], () => run(command, folder, args))
      assert.equal(stderr, missing([name], [name]))
      assert.equal(code, 1)
    })
  }

  const reader = isNative ? [] : ['jiti']
  const file = isNative ? 'devicehub.config.mjs' : 'devicehub.config.ts'

  test('dev names all that is missing at once, what reads the configuration too', async () => {
    using folder = project({ [file]: `${JAVASCRIPT}${CONFIG}` })
    const names = [...reader, 'mqtt', 'hono']
    const { code, stderr } = await without(names, () => run(command, folder, ['dev']))
    assert.equal(stderr, missing(names, names))
    assert.equal(code, 1)
  })

  test('so does listen', async () => {
    using folder = project({ [file]: `${JAVASCRIPT}${CONFIG}` })
    const names = [...reader, 'mqtt']
    const { code, stderr } = await without(names, () => run(command, folder, ['listen']))
    assert.equal(stderr, missing(names, names))
    assert.equal(code, 1)
  })
})

test('the built file begins as a program', () => {
  assert.equal(readFileSync(bin, 'utf8').split('\n')[0], '#!/usr/bin/env node')
})
