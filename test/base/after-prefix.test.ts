/**
 * Texts by their beginning against all texts there are of a few characters.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterPrefix } from '../../src/base/after-prefix.ts'

const CHARACTERS = ['', '\0', 'a', 'b', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}']
const TEXTS = CHARACTERS.flatMap((a) => CHARACTERS.flatMap((b) => CHARACTERS.map((c) => a + b + c)))
const bytesOf = (text: string) => Buffer.from(text)

test('a prefix and what comes after it hold all texts that begin with it, and no other', () => {
  for (const prefix of new Set(TEXTS.filter((text) => [...text].length <= 2))) {
    const after = afterPrefix(prefix)
    for (const text of TEXTS) {
      const isBehind = Buffer.compare(bytesOf(text), bytesOf(prefix)) >= 0
      const isBefore = after === undefined || Buffer.compare(bytesOf(text), bytesOf(after)) < 0
      assert.equal(isBehind && isBefore, text.startsWith(prefix), JSON.stringify([prefix, text]))
    }
  }
})
