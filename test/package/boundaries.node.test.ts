/**
 * What may import what: the core stays free of every runtime and adapter, and an adapter knows
 * the core and the packages that it adapts, and loads those when it is used.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFile, type ModuleImport, packageOf, walkImports } from './imports.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
// The command is no entry point to import, but a program: package.json has it as `bin`.
const PROGRAM = 'bin'
// What a browser loads of the page, which no entry point imports, and what bundles it.
const PAGE = 'page in a browser'
const PAGE_BUILD = 'build of the page'
const entries: Record<string, string> = {
  ...JSON.parse(readSource('deno.json')).exports,
  [PROGRAM]: './adapters/cli/main.ts',
  [PAGE]: './adapters/page/client/main.ts',
  [PAGE_BUILD]: './adapters/page/build.ts',
}

/** What a part of the repository may import. */
interface Boundary {
  /** The folders of its own and of the core. */
  readonly folders: readonly string[]
  /** Other adapters it may reach; what those import is held to their own boundaries. */
  readonly adapters: readonly string[]
  /** Packages it may load at once. */
  readonly packages: readonly string[]
  /** Packages it may only load when it is used; their types it may have at once. */
  readonly lazy: readonly string[]
  /** When it may load built-in modules of Node. */
  readonly builtins: 'never' | 'when used' | 'at once'
}

const CORE = ['valibot', '@noble/hashes', '@scure/base', '@standard-schema/spec']
/** How an adapter loads a module of Node, hidden from bundlers. */
const NODE_MODULE = `\`node:\${name}\``
/** How the command imports the user's configuration. */
const USER_MODULE = 'pathToFileURL(path).href'
/** How it loads a module of Bun's, hidden from other runtimes. */
const BUN_MODULE = 'BUN_SQLITE'

// One line per entry point of deno.json: an entry point that is not here fails.
const boundaries: Readonly<Record<string, Boundary>> = {
  '.': core(),
  './products': core(),
  './testing': core(),
  './mqtt': adapter('mqtt', {
    packages: ['valibot'],
    lazy: ['mqtt', 'ws', NODE_MODULE],
    builtins: 'when used',
  }),
  './browser': adapter('browser', {}),
  './hono': adapter('hono', { packages: ['hono', 'hono/tiny', 'valibot'] }),
  './otel': adapter('otel', { packages: ['@opentelemetry/api'] }),
  './admin': adapter('admin', { packages: ['hono', 'hono/body-limit', 'hono/tiny', 'valibot'] }),
  // The one adapter beside the command that stands on another: what the page does are the operator's routes.
  './page': adapter('page', {
    adapters: ['admin'],
    packages: ['hono', 'hono/body-limit', 'hono/tiny', 'valibot'],
  }),
  './embedded': adapter('embedded', { lazy: ['ws'], builtins: 'when used' }),
  './mosquitto': adapter('mosquitto', { packages: ['@scure/base'], builtins: 'when used' }),
  './emqx': adapter('emqx', { packages: ['@scure/base'] }),
  './rabbitmq': adapter('rabbitmq', {}),
  './vernemq': adapter('vernemq', {}),
  './sql': adapter('sql', {}),
  './redis': adapter('redis', {}),
  // The settings of `mqtt`, as types: what a configuration may hold.
  './cli': adapter('cli', { adapters: ['mqtt'] }),
  // Where everything is put together, on runtimes that have the built-in modules of Node.
  [PROGRAM]: adapter('cli', {
    adapters: ['admin', 'embedded', 'hono', 'mqtt', 'page', 'sql'],
    packages: ['commander', 'valibot'],
    lazy: ['csv-parse', 'hono', 'jiti', 'uqr', USER_MODULE, BUN_MODULE],
    builtins: 'at once',
  }),
  // All of it is bundled at our build, so nobody who uses devicehub installs these.
  [PAGE]: {
    folders: ['src', 'adapters/page/client'],
    adapters: ['page'],
    packages: ['preact', 'htm', '@preact/signals'],
    lazy: ['uplot'],
    builtins: 'never',
  },
  [PAGE_BUILD]: adapter('page', { packages: ['esbuild'], builtins: 'at once' }),
}

function core(): Boundary {
  return { folders: ['src'], adapters: [], packages: CORE, lazy: [], builtins: 'never' }
}

function adapter(name: string, allowed: Partial<Boundary>): Boundary {
  const folders = ['src', `adapters/${name}`]
  return { adapters: [], packages: [], lazy: [], builtins: 'never', ...allowed, folders }
}

function readSource(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** The imports that a boundary does not allow, in words. */
function violations(boundary: Boundary, imports: readonly ModuleImport[]): string[] {
  return imports
    .filter(({ file }) => isWithin(boundary.folders, file))
    .filter((found) => !isAllowed(boundary, found))
    .map(({ file, target, kind }) => `${file}: ${kind} import of ${target}`)
}

function isWithin(folders: readonly string[], file: string): boolean {
  return folders.some((folder) => file.startsWith(`${folder}/`))
}

function isAllowed(boundary: Boundary, { file, target, kind }: ModuleImport): boolean {
  const inCore = file.startsWith('src/')
  if (isFile(target)) {
    const others = boundary.adapters.map((name) => `adapters/${name}`)
    return isWithin(inCore ? ['src'] : [...boundary.folders, ...others], target)
  }
  const name = packageOf(target)
  if (inCore) return CORE.includes(name)
  if (boundary.packages.includes(name)) return true
  const onLoad = kind === 'static'
  if (name.startsWith('node:')) {
    return boundary.builtins === 'at once' || (boundary.builtins === 'when used' && !onLoad)
  }
  return boundary.lazy.includes(name) && !onLoad
}

describe('every entry point keeps its boundary', () => {
  for (const [key, entry] of Object.entries(entries)) {
    test(`${key} (${entry})`, () => {
      const boundary = boundaries[key]
      assert.ok(boundary, `no boundary is declared for the entry point ${key}`)
      assert.deepEqual(violations(boundary, walkImports(entry.replace('./', ''), readSource)), [])
    })
  }

  test('there is no boundary without an entry point', () => {
    assert.deepEqual(Object.keys(boundaries).sort(), Object.keys(entries).sort())
  })

  test('every source file is part of some entry point', () => {
    const reached = new Set(
      Object.values(entries).flatMap((entry) => [
        entry.replace('./', ''),
        ...walkImports(entry.replace('./', ''), readSource).map(({ target }) => target),
      ]),
    )
    const sources = ['src', 'adapters'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
    )
    assert.deepEqual(
      sources.filter((file) => !reached.has(file)),
      [],
    )
  })
})

describe('a violation is found', () => {
  for (const [key, files, expected] of [
    [
      '.',
      { 'src/index.ts': `import { readFile } from 'node:fs/promises'` },
      'src/index.ts: static import of node:fs/promises',
    ],
    [
      '.',
      { 'src/index.ts': `export * from './a.ts'`, 'src/a.ts': `const m = await import('mqtt')` },
      'src/a.ts: dynamic import of mqtt',
    ],
    [
      '.',
      { 'src/index.ts': `export type { A } from './a.ts'`, 'src/a.ts': `type B = import('ws').B` },
      'src/a.ts: type import of ws',
    ],
    [
      '.',
      {
        'src/index.ts': `import '../adapters/mqtt/index.ts'`,
        'adapters/mqtt/index.ts': '',
      },
      'src/index.ts: static import of adapters/mqtt/index.ts',
    ],
    [
      '.',
      { 'src/index.ts': `const name = 'fs'; await import(name)` },
      'src/index.ts: dynamic import of name',
    ],
    [
      '.',
      { 'src/index.ts': `export const fs = require('fs')` },
      'src/index.ts: static import of require',
    ],
    [
      './mqtt',
      { 'adapters/mqtt/index.ts': `import { type IClientOptions } from 'mqtt'` },
      'adapters/mqtt/index.ts: static import of mqtt',
    ],
    [
      './mqtt',
      { 'adapters/mqtt/index.ts': `import { connect } from 'node:net'` },
      'adapters/mqtt/index.ts: static import of node:net',
    ],
    [
      './mqtt',
      {
        'adapters/mqtt/index.ts': `import type { A } from '../embedded/index.ts'`,
        'adapters/embedded/index.ts': 'export interface A {}',
      },
      'adapters/mqtt/index.ts: type import of adapters/embedded/index.ts',
    ],
    [
      './mqtt',
      {
        'adapters/mqtt/index.ts': `import '../../src/index.ts'`,
        'src/index.ts': `import type { A } from 'mqtt'`,
      },
      'src/index.ts: type import of mqtt',
    ],
    [
      './hono',
      { 'adapters/hono/index.ts': `const fs = await import('node:fs')` },
      'adapters/hono/index.ts: dynamic import of node:fs',
    ],
    [
      './cli',
      {
        'adapters/cli/index.ts': `import { dev } from '../embedded/index.ts'`,
        'adapters/embedded/index.ts': '',
      },
      'adapters/cli/index.ts: static import of adapters/embedded/index.ts',
    ],
    [
      'bin',
      { 'adapters/cli/main.ts': `import { createJiti } from 'jiti'` },
      'adapters/cli/main.ts: static import of jiti',
    ],
    [
      'bin',
      {
        'adapters/cli/main.ts': `import '../redis/index.ts'`,
        'adapters/redis/index.ts': '',
      },
      'adapters/cli/main.ts: static import of adapters/redis/index.ts',
    ],
  ] as const) {
    test(expected, () => {
      const sources: Readonly<Record<string, string>> = files
      const imports = walkImports(entries[key]!.replace('./', ''), (file) => sources[file]!)
      assert.deepEqual(violations(boundaries[key]!, imports), [expected])
    })
  }

  test('but what another adapter imports is held to its own boundary', () => {
    const sources: Readonly<Record<string, string>> = {
      'adapters/cli/main.ts': `import process from 'node:process'\nimport '../hono/index.ts'`,
      'adapters/hono/index.ts': `import { Hono } from 'hono'`,
    }
    const imports = walkImports('adapters/cli/main.ts', (file) => sources[file]!)
    assert.deepEqual(violations(boundaries[PROGRAM]!, imports), [])
    assert.equal(imports.length, 3)
  })

  test('and what is allowed is not reported', () => {
    const source = `
      import type { IClientOptions } from 'mqtt'
      import { covers } from '../../src/topic/relation.ts'
      export const load = () => Promise.all([import('mqtt'), import('node:net')])
      export type Options = import('ws').ClientOptions & IClientOptions
      /** \`import 'node:fs'\` */
      export const text = "import 'node:fs'"`
    const imports = walkImports('adapters/mqtt/index.ts', (file) =>
      file.startsWith('src/') ? `import * as v from 'valibot'` : source,
    )
    assert.equal(imports.length, 6)
    assert.deepEqual(violations(boundaries['./mqtt']!, imports), [])
  })
})

describe('an entry point can be imported where none of the optional packages is installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-bare-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const name of ['src', 'adapters']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  function install(name: string): void {
    const target = join(folder, 'node_modules', name)
    mkdirSync(join(target, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), target, 'junction')
  }
  for (const name of CORE) install(name)

  function importInChild(entry: string) {
    // tsx is found from the root; everything else from the folder.
    const script = `await import(${JSON.stringify(entry)}); console.log('imported')`
    const args = [`--import=${import.meta.resolve('tsx')}`, '--input-type=module', '--eval', script]
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 30_000 })
  }

  const keys = [
    '.',
    './products',
    './testing',
    './mqtt',
    './browser',
    './embedded',
    './emqx',
    './rabbitmq',
    './vernemq',
    './sql',
    './redis',
    './cli',
  ]
  for (const key of keys) {
    test(key, () => {
      const { stdout, stderr } = importInChild(entries[key]!)
      assert.equal(stdout, 'imported\n', stderr)
    })
  }

  test('and one that loads such a package at once cannot', () => {
    writeFileSync(join(folder, 'eager.ts'), `import 'mqtt'`)
    const { stdout, stderr } = importInChild('./eager.ts')
    assert.equal(stdout, '')
    assert.match(stderr, /ERR_MODULE_NOT_FOUND/)
  })
})
