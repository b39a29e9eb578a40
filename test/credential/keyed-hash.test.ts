/**
 * HMAC-SHA-256 by the runtime and without it: the same as WebCrypto's, for every key and text.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import process from 'node:process'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { keyedHash } from '../../src/credential/keyed-hash.ts'

async function webCrypto(key: Uint8Array<ArrayBuffer>, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
  const mac = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text))
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes one where the runtime hands out nothing but this. */
function withModules(getBuiltinModule: unknown, key: Uint8Array): (text: string) => string {
  const own = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule')
  Object.defineProperty(process, 'getBuiltinModule', {
    value: getBuiltinModule,
    configurable: true,
  })
  try {
    return keyedHash(key)
  } finally {
    if (own) Object.defineProperty(process, 'getBuiltinModule', own)
    else Reflect.deleteProperty(process, 'getBuiltinModule')
  }
}

const WAYS = [
  ['as the runtime has it', keyedHash],
  // What Node has; Bun has it, too, and Deno does without.
  [
    'by a hash at once',
    (key: Uint8Array) =>
      withModules((name: string) => (name === 'node:crypto' ? { hash } : undefined), key),
  ],
  // As in a browser.
  ['without the runtime', (key: Uint8Array) => withModules(undefined, key)],
] as const

for (const [title, make] of WAYS) {
  describe(`a keyed hash ${title}`, () => {
    // RFC 4231, section 4.3; and a key longer than a block, section 4.7.
    const vectors: readonly [key: Uint8Array, text: string, mac: string][] = [
      [
        new TextEncoder().encode('Jefe'),
        'what do ya want for nothing?',
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      ],
      [
        new Uint8Array(131).fill(0xaa),
        'Test Using Larger Than Block-Size Key - Hash Key First',
        '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      ],
    ]
    for (const [key, text, mac] of vectors) {
      test(`with a key of ${key.length} bytes`, () => assert.equal(make(key)(text), mac))
    }

    test('is WebCrypto’s at the lengths where the next block begins, and of long texts', async () => {
      const ends = ['', '\x7f', '\x80', 'ü', '😀', '\ud83d']
      for (const size of [1, 32, 63, 64, 65, 128]) {
        const key = new Uint8Array(size).fill(size)
        const hash = make(key)
        for (const length of [0, 1, 55, 56, 63, 64, 254, 255, 256, 257, 1_000]) {
          for (const end of ends) {
            const text = 'x'.repeat(length) + end
            assert.equal(hash(text), await webCrypto(key, text), `${size} ${length} ${end}`)
          }
        }
      }
    })

    test("is WebCrypto's, one text after another", async () => {
      const key = fc.uint8Array({ minLength: 1, maxLength: 150 })
      const ascii = fc.string({ unit: 'binary-ascii', maxLength: 600 })
      const text = fc.oneof(ascii, fc.string({ unit: 'grapheme', maxLength: 150 }))
      const texts = fc.array(text, { minLength: 1, size: 'medium' })
      await fc.assert(
        fc.asyncProperty(key, texts, async (bytes, all) => {
          const hash = make(bytes)
          for (const text of all) {
            assert.equal(hash(text), await webCrypto(Uint8Array.from(bytes), text))
          }
        }),
        { numRuns: 50 },
      )
    })
  })
}
