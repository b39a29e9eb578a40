/**
 * What a browser loads of the page: how much it is, and that it is all that it loads.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bundlePage } from '../../adapters/page/build.ts'

const assets = await bundlePage()
/** Most KiB that each takes, by gzip. */
const LIMITS: readonly (readonly [name: RegExp, limit: number])[] = [
  [/^page-\w+\.js$/, 30],
  [/^style-\w+\.css$/, 6],
  // Loaded with the first chart.
  [/^uPlot\.esm-\w+\.js$/, 25],
]

describe('the files of the page', () => {
  for (const [name, limit] of LIMITS) {
    test(`${name} takes ${limit} KiB at most, by gzip`, () => {
      const found = Object.keys(assets).filter((each) => name.test(each))
      assert.equal(found.length, 1)
      const size = gzipSync(assets[found[0]!]!.text, { level: 9 }).length / 1024
      assert.ok(size <= limit, `${size.toFixed(1)} KiB`)
    })
  }

  test('are these, and the same whenever they are made', async () => {
    const names = Object.keys(assets).map((name) => name.replace(/-\w{8}\./, '-*.'))
    const expected = ['icon-*.svg', 'index.html', 'licenses.txt', 'page-*.js', 'style-*.css']
    assert.deepEqual(names.sort(), [...expected, 'uPlot.esm-*.js'])
    assert.deepEqual(await bundlePage(), assets)
  })

  test('have names that change with them, and an ETag each', () => {
    for (const [name, { etag }] of Object.entries(assets)) {
      assert.match(etag, /^"[\w-]{22}"$/)
      if (name !== 'index.html' && name !== 'licenses.txt') assert.match(name, /-[0-9A-Z]{8}\.\w+$/)
    }
  })

  test('name no address but their own', () => {
    for (const [name, { text }] of Object.entries(assets)) {
      if (name === 'licenses.txt') continue
      const addresses = text.match(/https?:\/\/[^\s"'`)]+/g) ?? []
      // Names of XML, which nobody opens.
      assert.deepEqual(
        addresses.filter((each) => !each.startsWith('http://www.w3.org/')),
        [],
        name,
      )
    }
  })

  test('hold the licences of what is bundled', () => {
    const { text } = assets['licenses.txt']!
    for (const name of ['preact', 'htm', '@preact/signals', '@preact/signals-core', 'uplot']) {
      assert.match(text, new RegExp(`^${name} \\d`, 'm'))
    }
  })
})
