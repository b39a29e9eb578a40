/**
 * deno.json and package.json describe the same package.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { VERSION } from '../../adapters/cli/version.ts'

const npm = readManifest('package.json')
const deno = readManifest('deno.json')

function readManifest(file: string) {
  return JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
}

/** A specifier's name and range, such as `npm:/hono@^4.6.0/` has `hono` and `^4.6.0`. */
function splitSpecifier(specifier: string): { name: string; range: string } {
  const [, name, range] = specifier.match(/^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)\/?$/) ?? []
  assert.ok(name && range, `not an npm specifier with a range: ${specifier}`)
  return { name, range }
}

describe('entry points', () => {
  test('npm and Deno have the same ones', () => {
    const expected = Object.keys(deno.exports).map((key) => {
      const name = key === '.' ? 'index' : key.slice(2)
      return [key, { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` }]
    })
    const { './package.json': manifest, ...exports } = npm.exports
    assert.deepEqual(exports, Object.fromEntries(expected))
    assert.equal(manifest, './package.json')
  })

  test('`types` is the first condition, as TypeScript wants it', () => {
    for (const conditions of Object.values<object>(npm.exports)) {
      if (typeof conditions === 'string') continue
      assert.deepEqual(Object.keys(conditions), ['types', 'default'])
    }
  })

  test('the sources import themselves by the name of the package', () => {
    for (const [key, file] of Object.entries(deno.exports)) {
      assert.equal(deno.imports[key.replace('.', npm.name)], file)
    }
  })

  test('the versions are equal', () => {
    assert.match(npm.version, /^\d+\.\d+\.\d+/)
    assert.equal(deno.version, npm.version)
    assert.equal(VERSION, npm.version)
    assert.equal(deno.license, npm.license)
  })
})

describe('addresses', () => {
  const page = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  const [, decided = ''] = page('CONTRIBUTING.md').split(/^### Addresses$/m)
  const repository = decided.match(/^- the repository: `(https:\/\/[^`]+)`$/m)?.[1]
  const reports = decided.match(/^- reports of weaknesses: `([^`@]+@[^`]+)`$/m)?.[1]

  test('package.json has those that CONTRIBUTING.md decides', () => {
    assert.ok(repository && reports)
    assert.deepEqual(npm.repository, { type: 'git', url: `git+${repository}.git` })
    assert.equal(npm.homepage, `${repository}#readme`)
    assert.deepEqual(npm.bugs, { url: `${repository}/issues`, email: reports })
  })

  test('SECURITY.md has the one for reports', () => {
    assert.deepEqual(page('SECURITY.md').match(/[\w.-]+@[\w.-]+\w/g), [reports])
  })

  test('the pages link to none of them, so that nothing else has to be changed', () => {
    const { host } = new URL(repository!)
    for (const file of ['README.md', 'CHANGELOG.md', 'SECURITY.md']) {
      assert.ok(!page(file).includes(host), file)
    }
  })
})

// `prepare` runs in a clone and before packing, and not where the package is installed from a registry.
test('nothing runs when the package is installed', () => {
  const names = ['preinstall', 'install', 'postinstall', 'preprepare', 'postprepare']
  for (const name of names) assert.equal(npm.scripts[name], undefined, name)
})

describe('dependencies', () => {
  test('the core has four, one of them types alone, and the command one', () => {
    const names = Object.keys(npm.dependencies).sort()
    assert.deepEqual(names, [
      '@noble/hashes',
      '@scure/base',
      '@standard-schema/spec',
      'commander',
      'valibot',
    ])
  })

  test('every other package is an optional peer', () => {
    const optional = Object.keys(npm.peerDependencies).map((name) => [name, { optional: true }])
    assert.deepEqual(npm.peerDependenciesMeta, Object.fromEntries(optional))
  })

  test('the suite runs on a version of every peer', () => {
    for (const name of Object.keys(npm.peerDependencies)) {
      assert.ok(npm.devDependencies[name], `${name} is no development dependency`)
    }
  })

  test('npm and Deno ask for the same packages and ranges', () => {
    const ranges = new Map<string, string>()
    for (const [key, specifier] of Object.entries<string>(deno.imports)) {
      if (specifier.startsWith('./')) continue
      const { name, range } = splitSpecifier(specifier)
      assert.equal(key.replace(/\/$/, ''), name)
      assert.equal(ranges.get(name) ?? range, range, `${name} has two ranges`)
      ranges.set(name, range)
    }
    const expected = { ...npm.dependencies, ...npm.peerDependencies }
    assert.deepEqual(Object.fromEntries(ranges), expected)
  })

  test('the lock file lists the packages of every platform, as `npm ci` demands', () => {
    const { packages } = readManifest('package-lock.json')
    const missing = Object.entries<{ optionalDependencies?: object }>(packages).flatMap(
      ([path, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies).filter(
          (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
        ),
    )
    assert.deepEqual(missing, [])
  })
})
