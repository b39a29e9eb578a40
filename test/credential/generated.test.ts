/**
 * Generated secrets, how they are kept, and what is taken for one.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { equalConstantTime } from '../../src/base/constant-time.ts'
import {
  generatePassword,
  PASSWORD_PREFIX,
  passwordHasher,
} from '../../src/credential/generated.ts'
import { altered } from '../support/altered.ts'

const PEPPER = 'a pepper of more than 16 bytes'

/** Runs the runtime's own cryptography over a text. */
async function native(text: string, key?: string): Promise<string> {
  const bytes = new TextEncoder().encode(text)
  if (key === undefined) return hex(await crypto.subtle.digest('SHA-256', bytes))
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const raw = new TextEncoder().encode(key)
  const imported = await crypto.subtle.importKey('raw', raw, algorithm, false, ['sign'])
  return hex(await crypto.subtle.sign('HMAC', imported, bytes))
}

function hex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

describe('a generated secret', () => {
  test('begins recognisably and has 64 hexadecimal digits', () => {
    assert.equal(PASSWORD_PREFIX, 'dhs_')
    for (let i = 0; i < 20; i++) assert.match(generatePassword(), /^dhs_[0-9a-f]{64}$/)
  })

  test('is another one each time, in every digit', () => {
    const secrets = Array.from({ length: 500 }, generatePassword)
    assert.equal(new Set(secrets).size, 500)
    for (let i = PASSWORD_PREFIX.length; i < secrets[0]!.length; i++) {
      assert.equal(new Set(secrets.map((secret) => secret[i])).size, 16, `digit ${i}`)
    }
  })
})

describe('a stored secret', () => {
  test('without a pepper is its SHA-256, under a word for the format', async () => {
    const secret = generatePassword()
    const stored = passwordHasher(undefined).hash(secret)
    assert.equal(stored, `$dh-sha256$${await native(secret)}`)
  })

  test('with a pepper is its HMAC-SHA-256 under that, whether text or bytes', async () => {
    const secret = generatePassword()
    const stored = passwordHasher(PEPPER).hash(secret)
    const [, format, id, digits] = stored.split('$')
    assert.deepEqual([format, digits], ['dh-hmac-sha256', await native(secret, PEPPER)])
    assert.match(id!, /^[0-9a-f]{4}$/)
    // As it was stored before there could be several.
    const unmarked = `$dh-hmac-sha256$${digits}`
    assert.equal(passwordHasher(PEPPER).verify(secret, unmarked), true)
    assert.equal(passwordHasher(new TextEncoder().encode(PEPPER)).hash(secret), stored)
  })

  test('does not hold the secret, and is another under another pepper', () => {
    const secret = generatePassword()
    const stored = [undefined, PEPPER, `${PEPPER}!`].map((pepper) =>
      passwordHasher(pepper).hash(secret),
    )
    assert.equal(new Set(stored).size, 3)
    for (const text of stored) assert.ok(!text.includes(secret.slice(PASSWORD_PREFIX.length)))
  })
})

for (const [title, pepper] of [
  ['without a pepper', undefined],
  ['under a pepper', PEPPER],
] as const) {
  describe(`${title}, a secret is compared`, () => {
    const hasher = passwordHasher(pepper)
    const secret = generatePassword()
    const stored = hasher.hash(secret)
    const digits = stored.slice(stored.lastIndexOf('$') + 1)

    test('and taken, if it is the stored one', () => {
      assert.equal(hasher.verify(secret, stored), true)
      assert.equal(passwordHasher(pepper).verify(secret, stored), true)
      for (const odd of ['é😀', 'x'.repeat(100_000), ' ']) {
        assert.equal(hasher.verify(odd, hasher.hash(odd)), true)
      }
    })

    const wrong: [title: string, secret: string][] = [
      ['another one', generatePassword()],
      ['nothing', ''],
      ['the prefix alone', PASSWORD_PREFIX],
      ['a truncated one', secret.slice(0, -1)],
      ['a longer one', `${secret}0`],
      ['one with another last digit', altered(secret, -1)],
      ['one in capitals', secret.toUpperCase()],
      ['one with a space behind', `${secret} `],
      ['one with NUL behind', `${secret}\0`],
      ['the stored text itself', stored],
      ['the stored digits', digits],
    ]
    for (const [what, given] of wrong) {
      test(`and not taken, if it is ${what}`, () => {
        assert.equal(hasher.verify(given, stored), false)
      })
    }

    const foreign: [title: string, stored: unknown][] = [
      ['nothing', undefined],
      ['null', null],
      ['a number', 7],
      ['an object', {}],
      ['a list of the right text', [stored]],
      ['an empty text', ''],
      ['the secret in the clear', secret],
      ['the digits without a format', digits],
      ['the digits under an unknown format', `$dh-sha512$${digits}`],
      ['the digits in capitals', stored.toUpperCase()],
      ['a truncated text', stored.slice(0, -1)],
      ['the format alone', stored.slice(0, -64)],
      ['the text twice', stored + stored],
      ['a longer text', `${stored}0`],
      ['a text with a line break', `${stored}\n`],
      ['a text of Django', 'pbkdf2_sha256$600000$salt$aGFzaA=='],
      ['a text of Mosquitto', '$7$101$c2FsdA==$aGFzaA=='],
      ['the same secret the other way', passwordHasher(pepper ? undefined : PEPPER).hash(secret)],
      ['the same secret under another pepper', passwordHasher(`${PEPPER}!`).hash(secret)],
    ]
    for (const [what, text] of foreign) {
      test(`and not taken, if ${what} is stored`, () => {
        assert.equal(hasher.verify(secret, text as string), false)
        assert.equal(hasher.verify('', text as string), false)
      })
    }
  })
}

describe('a pepper', () => {
  const good: (string | Uint8Array)[] = ['x'.repeat(16), 'é'.repeat(8), new Uint8Array(16)]
  for (const pepper of good) {
    test(`of ${pepper.length} ${typeof pepper === 'string' ? 'characters' : 'bytes'} is taken: 16 bytes`, () => {
      const hasher = passwordHasher(pepper)
      assert.equal(hasher.verify('s', hasher.hash('s')), true)
    })
  }
  const short: (string | Uint8Array)[] = [
    '',
    'short',
    'x'.repeat(15),
    'é'.repeat(7),
    new Uint8Array(15),
  ]
  for (const pepper of short) {
    test(`of ${pepper.length} ${typeof pepper === 'string' ? 'characters' : 'bytes'} is refused, and not shown`, () => {
      assert.throws(() => passwordHasher(pepper), {
        name: 'ConfigError',
        key: 'pepper',
        message: 'pepper: must have at least 16 bytes',
      })
    })
  }
})

describe('equalConstantTime', () => {
  const rows: [string, string, boolean][] = [
    ['', '', true],
    ['a', 'a', true],
    ['é😀', 'é😀', true],
    ['a', '', false],
    ['', 'a', false],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['aa', 'a', false],
    ['abab', 'ab', false],
    ['ab', 'abab', false],
    ['\0', '', false],
    ['a\0', 'a', false],
    ['\u0101', '\u0001', false],
  ]
  for (const [a, b, equal] of rows) {
    test(`${JSON.stringify(a)} and ${JSON.stringify(b)}: ${equal}`, () => {
      assert.equal(equalConstantTime(a, b), equal)
      assert.equal(equalConstantTime(a, `ab${b}`, 2), equal)
    })
  }

  for (const [a, b, from, equal] of [
    ['b', 'ab', 1, true],
    ['', 'ab', 2, true],
    ['a', 'ab', 1, false],
    ['ab', 'ab', 1, false],
    ['', 'ab', 1, false],
    ['', 'ab', 3, false],
    ['b', 'ab', 3, false],
  ] as const) {
    test(`${JSON.stringify(a)} and ${JSON.stringify(b)} from ${from}: ${equal}`, () => {
      assert.equal(equalConstantTime(a, b, from), equal)
    })
  }
})
