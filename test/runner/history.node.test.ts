/**
 * How long a run took is known the next time, and never in the way of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keepSeconds, lastSeconds } from './history.ts'

const root = mkdtempSync(join(tmpdir(), 'devicehub-history-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('of each run the last time is known', () => {
  assert.equal(lastSeconds(root, 'node everything'), undefined)
  keepSeconds(root, 'node everything', 700)
  keepSeconds(root, 'node test/topic', 9)
  keepSeconds(root, 'node everything', 600)
  assert.equal(lastSeconds(root, 'node everything'), 600)
  assert.equal(lastSeconds(root, 'node test/topic'), 9)
  assert.equal(lastSeconds(root, 'bun everything'), undefined)
})

test('a file that cannot be read is as none', () => {
  const [file] = readdirSync(join(root, '.test-results'))
  writeFileSync(join(root, '.test-results', file!), '{"node every')
  assert.equal(lastSeconds(root, 'node everything'), undefined)
  keepSeconds(root, 'node everything', 5)
  assert.equal(lastSeconds(root, 'node everything'), 5)
})
