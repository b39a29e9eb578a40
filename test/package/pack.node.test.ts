/**
 * The package as a user gets it: packed, installed in an empty folder, and used there on every
 * runtime. The programs of the README have a test of their own, readme.node.test.ts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import ts from 'typescript'
import { isAsking, type Product } from '../../src/product/product.ts'
import * as products from '../../src/product/products.ts'
import { findVersion, runtimes } from '../runner/runtime.ts'
import { bundleSize, changeOf, PROGRAMS, programSize, readSizes, USES, writeSize } from './sizes.ts'
import { LEFT_OUT, WORDS, WORKER_LIMITS, wholeWorkerBundle, workerBundle } from './worker.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const folder = mkdtempSync(join(tmpdir(), 'devicehub-pack-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries: Record<string, string> = JSON.parse(
  readFileSync(join(root, 'deno.json'), 'utf8'),
).exports
const installed = join(folder, 'node_modules', manifest.name)
let tarball = ''

before(
  () => {
    run('npm', ['pack', '--pack-destination', folder], root)
    tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
    assert.ok(existsSync(tarball), 'npm pack wrote no tarball')
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
    install(tarball)
  },
  { timeout: 300_000 },
)

function run(command: string, args: readonly string[], cwd: string = folder): string {
  // What npm tells a script about the package it runs in would mislead an npm run elsewhere.
  const env = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|config_local_prefix)|^NODE_TEST_CONTEXT$/.test(name),
  )
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...Object.fromEntries(env), NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: 240_000,
  })
  const call = [command, ...args].join(' ')
  assert.equal(status, 0, `${call}\n${error?.message ?? ''}\n${stdout}\n${stderr}`)
  return stdout
}

function install(...packages: readonly string[]): void {
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages])
}

/** Runs a module in the folder, as a program of a user's. */
const programs: Readonly<Record<string, (file: string) => string>> = {
  Node: (file) => run(process.execPath, [file]),
  Bun: (file) => run(join(bin, 'bun'), ['run', file]),
  // No permission is given: none is needed. The packages are read from node_modules/ all the same.
  Deno: (file) => run(join(bin, 'deno'), ['run', '--no-prompt', '--no-lock', file]),
}

/** One test for each runtime. Node 20 takes no types, so there a program is a `.mjs` file. */
function onEveryRuntime(
  title: string,
  name: string,
  source: string,
  check: (stdout: string) => void,
) {
  for (const runtime of runtimes) {
    const missing = findVersion(runtime, root) === undefined && process.env.CI !== 'true'
    test(`${title} on ${runtime.name}`, { skip: missing && `no ${runtime.name} here` }, () => {
      const file = runtime.name === 'Node' ? `${name}.mjs` : `${name}.ts`
      writeFileSync(join(folder, file), source)
      check(programs[runtime.name]!(file))
    })
  }
}

describe('the tarball', () => {
  test('holds what is declared, and no sources or tests', () => {
    const top = readdirSync(installed).sort()
    assert.deepEqual(top, [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'bench',
      'dist',
      'docs',
      'examples',
      'package.json',
    ])
    const odd = readdirSync(join(installed, 'dist')).filter((f) => !/\.(js|d\.ts)$/.test(f))
    assert.deepEqual(odd, [])
    assert.deepEqual(readdirSync(join(installed, 'bench')), ['RESULTS.md'])
  })

  test('names no source map, and the modules of Node as such', () => {
    const files = readdirSync(join(installed, 'dist')).filter((name) => name.endsWith('.js'))
    const code = files.map((name) => readFileSync(join(installed, 'dist', name), 'utf8')).join('\n')
    assert.ok(!code.includes('sourceMappingURL'))
    const imported = [...code.matchAll(/\b(?:from|import) ?\(?"([^"./][^"]*)"/g)].map(
      ([, name]) => name!,
    )
    assert.ok(imported.includes('node:net') && imported.includes('valibot'))
    assert.deepEqual(
      imported.filter((name) => isBuiltin(name) && !name.startsWith('node:')),
      [],
    )
  })

  test('holds every file that an export names', () => {
    for (const conditions of Object.values<object | string>(manifest.exports)) {
      for (const file of Object.values<string>(
        typeof conditions === 'string' ? { conditions } : { ...conditions },
      )) {
        assert.ok(existsSync(join(installed, file)), `${file} is missing`)
      }
    }
  })

  test('has no finding of publint', () => {
    run(join(bin, 'publint'), ['run', tarball, '--strict'])
  })

  test('has no finding of attw', () => {
    run(join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii'])
  })
})

describe('with nothing else installed', () => {
  const command: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    Node: ['npx', ['--no-install']],
    Bun: [join(bin, 'bunx'), ['--bun', '--no-install']],
    Deno: [join(bin, 'deno'), ['run', '-A', '--no-lock']],
  }
  for (const [name, [program, args]] of Object.entries(command)) {
    const here = findVersion(runtimes.find((runtime) => runtime.name === name)!, root)
    const missing = here === undefined && process.env.CI !== 'true'
    test(`the command runs on ${name}`, { skip: missing && `no ${name} here` }, () => {
      const specifier = name === 'Deno' ? `npm:${manifest.name}` : manifest.name
      const stdout = run(program, [...args, specifier, '--help'])
      for (const verb of ['dev', 'listen', 'config'])
        assert.match(stdout, new RegExp(`^ +${verb} `, 'm'))
      assert.match(run(program, [...args, specifier, 'config', 'vernemq']), /^==> /)
      assert.equal(run(program, [...args, specifier, '--version']), `${manifest.version}\n`)
    })
  }

  const lazy = ['mqtt', 'embedded', 'emqx', 'rabbitmq', 'vernemq', 'redis', 'cli', 'products']
  onEveryRuntime(
    `${lazy.join(' and ')} can be imported`,
    'lazy',
    `${lazy.map((name) => `import '${manifest.name}/${name}'`).join('\n')}\nconsole.log('imported')`,
    (stdout) => assert.equal(stdout, 'imported\n'),
  )

  onEveryRuntime(
    'using mqtt names the package to install, with an error class of the core',
    'missing',
    `
    import { MissingDependencyError } from '${manifest.name}'
    import { mqtt } from '${manifest.name}/mqtt'
    try {
      await mqtt({ host: '127.0.0.1' }).connect({ onMessage: async () => {} })
    } catch (error) {
      console.log(error instanceof MissingDependencyError, error.dependencies.join())
    }`,
    (stdout) => assert.equal(stdout, 'true mqtt\n'),
  )
})

describe('with hono, mqtt and the API of OpenTelemetry installed', () => {
  const peers = ['hono', 'mqtt', '@opentelemetry/api']
  before(() => install(...peers.map((name) => `${name}@${manifest.peerDependencies[name]}`)), {
    timeout: 300_000,
  })

  for (const [key, file] of Object.entries(entries)) {
    const specifier = key.replace('.', manifest.name)
    const name = `import-${key.replace(/\W/g, '')}`
    const source = `console.log(Object.keys(await import('${specifier}')).sort().join())`
    onEveryRuntime(`${specifier} exports what its source does`, name, source, (stdout) => {
      assert.equal(stdout.trim(), sourceExports(file))
    })
  }

  for (const [title, options] of [
    ['NodeNext', { module: ts.ModuleKind.NodeNext }],
    [
      'a bundler',
      { module: ts.ModuleKind.Preserve, moduleResolution: ts.ModuleResolutionKind.Bundler },
    ],
  ] as const) {
    test(`the types compile strictly, for ${title}`, () => {
      assert.deepEqual(compileConsumer(options), [])
    })
  }

  test('the types compile without those of any runtime, the declarations checked', () => {
    // The types of hono are those of requests and responses.
    const without = Object.keys(entries).filter(
      (key) => !['./hono', './admin', './page'].includes(key),
    )
    const bare: ts.CompilerOptions = {
      module: ts.ModuleKind.NodeNext,
      lib: ['lib.es2022.d.ts'],
      skipLibCheck: false,
    }
    assert.deepEqual(compileConsumer(bare, '', without), [])
  })

  for (const [use, { specifier, names }] of Object.entries(USES)) {
    test(`a bundler takes no more of ${use} than is known, by a tenth`, async (t) => {
      const taken = await bundleSize(folder, specifier, names)
      t.diagnostic(`${taken.minified} bytes minified, ${taken.gzip} with gzip`)
      if (process.env.UPDATE_SIZES === '1') writeSize(use, taken)
      const known = readSizes()[use] ?? assert.fail(`${use} is not in sizes.json`)
      assert.equal(changeOf(known, taken), undefined)
    })
  }

  for (const [title, program] of Object.entries(PROGRAMS)) {
    test(`a page that ${title} takes at most ${program.most} bytes with gzip`, async (t) => {
      const taken = await programSize(folder, program)
      t.diagnostic(`${taken} bytes`)
      assert.ok(taken <= program.most, `${taken} bytes`)
    })
  }

  for (const [minified, gzip, problem] of [
    [1_099, 399, undefined],
    [901, 361, undefined],
    [1_100, 400, /^1000 bytes \(minified\) have become 1100: .*CONTRIBUTING\.md/],
    [1_000, 440, /^400 bytes \(gzip\) have become 440: /],
    [900, 400, /^1000 bytes \(minified\) have become 900: /],
  ] as const) {
    test(`${minified} bytes in the place of 1000, or ${gzip} of 400: ${problem ?? 'as before'}`, () => {
      const change = changeOf({ minified: 1_000, gzip: 400 }, { minified, gzip })
      if (problem) assert.match(change ?? '', problem)
      else assert.equal(change, undefined)
    })
  }

  test('the sizes are those of what is imported, of each entry point', () => {
    assert.deepEqual(Object.keys(readSizes()).sort(), Object.keys(USES).sort())
    for (const key of Object.keys(entries)) {
      const specifier = key.replace('.', manifest.name)
      assert.ok(Object.values(USES).some((use) => use.specifier === specifier && !use.names))
    }
  })

  for (const [title, product] of Object.entries<Product>(products)) {
    if (!isAsking(product)) continue
    test(`a worker with ${product.name} carries no other product`, async (t) => {
      const code = await workerBundle(folder, title)
      t.diagnostic(`${code.length} bytes, minified`)
      for (const { name } of Object.values<Product>(products)) {
        const words = WORDS[name] ?? assert.fail(`no words of ${name} are known`)
        for (const word of [`name:"${name}"`, ...words]) {
          assert.equal(code.includes(word), name === product.name, `${name}: ${word}`)
        }
      }
      for (const word of LEFT_OUT) assert.ok(!code.includes(word), word)
    })
  }

  for (const [devices, limit] of Object.entries(WORKER_LIMITS)) {
    test(`a worker with Hono and one product is not more than ${limit} KiB, gzip, with ${devices}`, async (t) => {
      const code = await wholeWorkerBundle(folder, devices as keyof typeof WORKER_LIMITS)
      const { length } = gzipSync(code, { level: 9 })
      t.diagnostic(`${length} bytes`)
      assert.ok(length <= limit * 1_024, `it has ${length} bytes`)
    })
  }

  test('a product from elsewhere is mounted, asked, told and configured', () => {
    const own = join(folder, 'outside')
    cpSync(join(root, 'test', 'package', 'outside'), own, { recursive: true })
    const { answers, lines, files } = JSON.parse(run(process.execPath, ['program.mjs'], own))
    assert.deepEqual(answers, {
      login: '200 yes',
      'a wrong password': '403 no',
      'the client id of another': '403 no',
      'another secret': '403 no',
      own: '200 yes',
      both: '200 no yes',
      other: '403 no',
      'another word': '403 no',
      'a product that is not mounted': '404 404 Not Found',
      before: 'unknown',
      connected: '202 noted',
      meanwhile: true,
      disconnected: '202 noted',
      after: false,
      'no event': '400 ',
    })
    assert.deepEqual(
      lines.map((line: string) => line.replace(/(: denied: [\w-]+),.*/, '$1')),
      [
        'broker plant-broker/login: denied: password-wrong',
        'broker plant-broker/login: denied: client-id-foreign',
        'broker plant-broker/login: denied: the broker sent another secret',
        'broker plant-broker/topics: denied: no-rule-grants',
        'broker plant-broker/topics: denied: no-rule-grants',
        'broker plant-broker/topics: denied: "do" is not r or w',
        'event of plant-broker: refused: "kind" is neither connected nor disconnected',
      ],
    )
    const text = `ask = http://10.0.0.5:8000/iot/broker/plant-broker\nbearer = YOUR-BROKER-SECRET\n`
    assert.deepEqual(files, [{ path: 'plant.ini', text }])
  })

  test('a wrong use does not compile', () => {
    const found = compileConsumer({ module: ts.ModuleKind.NodeNext }, 'data.rpm satisfies string')
    assert.equal(found.length, 1)
    assert.match(
      found[0]!,
      /consumer\.ts: Type 'number' does not satisfy the expected type 'string'/,
    )
  })
})

/** The names that a source module exports as values, sorted. */
function sourceExports(file: string): string {
  const script = `console.log(Object.keys(await import('${file}')).sort().join())`
  return run(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], root).trim()
}

/** Compiles a user's program against the installed package and returns the errors. */
function compileConsumer(
  options: ts.CompilerOptions,
  use = '',
  keys: readonly string[] = Object.keys(entries),
): readonly string[] {
  const specifiers = keys.map((key) => key.replace('.', manifest.name))
  const imports = specifiers.map((specifier, i) => `import * as entry${i} from '${specifier}'`)
  const source = `
    ${imports.join('\n')}
    import { createFleet, createHub, defineDeviceType, memoryBroker, memoryStore } from '${manifest.name}'
    import * as v from 'valibot'
    const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
    const fleet = createFleet({ types: [pump], store: memoryStore() })
    const hub = createHub(fleet, { brokers: { default: memoryBroker() } })
    hub.onData(pump, ({ data }) => { ${use} })
    export default [${specifiers.map((_, i) => `entry${i}`).join()}]`
  const file = join(folder, 'consumer.ts')
  writeFileSync(file, source)
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    ...options,
  })
  // Only ours: what the declarations of another package need is its own matter.
  const ours = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName))
  const found = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ])
  return [...program.getOptionsDiagnostics(), ...found].map((d) => {
    const at = d.file?.fileName.split('/').at(-1) ?? ''
    return `${at}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`
  })
}

function isOurs(file: string): boolean {
  return file.endsWith('/consumer.ts') || file.includes(`/node_modules/${manifest.name}/`)
}
