/**
 * `docs/embedded-broker.md` names every bound of the server.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DEFAULT_LIMITS } from '../../src/server/settings.ts'

const KIB = 1024

/** A default, as the page writes it. */
function written(name: string, value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'no bound'
  if (/Bytes|Size|Backlog/.test(name)) {
    return value >= KIB * KIB ? `${value / KIB / KIB} MiB` : `${value / KIB} KiB`
  }
  return value.toLocaleString('en')
}

test('docs/embedded-broker.md lists the bounds that there are, with their defaults', () => {
  const page = readFileSync(new URL('../../docs/embedded-broker.md', import.meta.url), 'utf8')
  const rows = [
    ...page.matchAll(/^\| `(max\w+|\w+Timeout|\w+Maximum)` \| .* \| ([^|,]+(?:,\d+)*)[^|]* \|$/gm),
  ]
  const listed = Object.fromEntries(rows.map(([, name, value]) => [name, value!.trim()]))
  const expected = Object.fromEntries(
    Object.entries(DEFAULT_LIMITS).map(([name, value]) => [name, written(name, value)]),
  )
  assert.deepEqual(listed, expected)
})
