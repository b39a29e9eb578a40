/**
 * What a page takes of the built package along with a device type: nothing of what a server needs.
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
const COMMON: Options = { config: false, format: 'esm', target: 'es2022', silent: true }
/** Words of what has no business in a page: hashing, tokens, stores, fleets, products. */
const FOREIGN = /ABCDEFGHIJKLMNOPQRSTUVWXYZabc|HS256|dh-chosen|dh-sha256|pepper|emqx|mosquitto/i

let folder: string
before(async () => {
  // Below the tests, so that the packages are found by their names.
  folder = mkdtempSync(join(root, 'test', '.bundle-'))
  // All entries at once, as they are built: those of a server share chunks with that of the page.
  const sources: Record<string, string> = JSON.parse(
    readFileSync(join(root, 'deno.json'), 'utf8'),
  ).exports
  await build({
    ...COMMON,
    entry: Object.fromEntries(
      Object.entries(sources).map(([key, file]) => [
        key === '.' ? 'index' : key.slice(2),
        join(root, file),
      ]),
    ),
    outDir: join(folder, 'dist'),
    outExtension: () => ({ js: '.js' }),
    platform: 'neutral',
    removeNodeProtocol: false,
    external: [/^node:/],
    splitting: true,
  })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "sideEffects": false }')
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** A program that imports some names, bundled for a browser. */
async function bundle(names: string): Promise<string> {
  const outDir = join(folder, 'page')
  writeFileSync(join(folder, 'program.js'), `export { ${names} } from './dist/index.js'\n`)
  await build({
    ...COMMON,
    entry: { program: join(folder, 'program.js') },
    outDir,
    outExtension: () => ({ js: '.js' }),
    platform: 'browser',
    noExternal: [/./],
    splitting: false,
    minify: true, // as users do: constants that are not read are left then
  })
  return readFileSync(join(outDir, 'program.js'), 'utf8')
}

describe('a page gets nothing of a server along', () => {
  const rows: [names: string, isForeign: boolean][] = [
    ['defineDeviceType, command', false],
    ['createWatcher, defineDeviceType, command', false],
    ['createWatcher, guardedBroker, defineDeviceType, command', false],
    ['createFleet', true], // The words are those of what is meant.
  ]
  for (const [names, isForeign] of rows) {
    test(`with ${names}`, async () => {
      const found = (await bundle(names)).match(FOREIGN)
      assert.equal(found !== null, isForeign, `found ${found?.[0]}`)
    })
  }

  test('nor the explanations where no guard is imported', async () => {
    assert.doesNotMatch(await bundle('createWatcher, defineDeviceType'), /wider-than-rule/)
    assert.match(await bundle('createWatcher, guardedBroker'), /wider-than-rule/)
  })
})
