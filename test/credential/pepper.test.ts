/**
 * Several peppers at once: what is under which, and what each of them verifies.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generatePassword, passwordHasher } from '../../src/credential/generated.ts'
import { type PepperOption, readPeppers } from '../../src/credential/pepper.ts'
import { type PepperMark, pepperMarks } from '../../src/credential/pepper-mark.ts'
import { parseRehashed, passwordRehasher } from '../../src/credential/rehashed.ts'
import { tokenAuthority } from '../../src/credential/token.ts'
import { DJANGO } from './fixture.ts'

const OLD = 'the pepper of the first year'
const NEW = 'the pepper of the year after'
const OTHER = 'the pepper of somebody else!'
const password = generatePassword()

/** Without what says under which pepper it is: as it was stored before there could be several. */
const unmarked = (stored: string) => stored.replace(/\$[0-9a-f]{4}\$/, '$')
/** Under the name of another pepper. */
const renamed = (stored: string, option: PepperOption) =>
  stored.replace(/\$[0-9a-f]{4}\$/, `$${readPeppers(option)[0]!.id}$`)

describe('peppers are refused', () => {
  const rows: readonly (readonly [title: string, option: unknown, key: string])[] = [
    ['that are too short', 'short', 'pepper'],
    ['of which one is too short', [OLD, 'short'], 'pepper.1'],
    ['that are none', [], 'pepper'],
    ['that are no text', 7, 'pepper'],
    ['of which one is no text', [OLD, null], 'pepper.1'],
    ['that are the same twice', [OLD, NEW, OLD], 'pepper.2'],
    ['that are the same as text and as bytes', [OLD, new TextEncoder().encode(OLD)], 'pepper.1'],
    ['that are too many', Array.from({ length: 9 }, (_, i) => `${OLD} ${i}`), 'pepper'],
  ]
  for (const [title, option, key] of rows) {
    test(title, () => {
      assert.throws(
        () => readPeppers(option as PepperOption),
        (error: Error & { key?: string }) => {
          assert.deepEqual([error.name, error.key], ['ConfigError', key])
          assert.ok(!error.message.includes('year'))
          return true
        },
      )
    })
  }

  test('where they cannot be told apart on record', () => {
    // Two ids of 16 bits meet after a few hundred.
    const seen = new Map<string, string>()
    for (let i = 0; ; i++) {
      const pepper = `${OLD} ${i}`
      const { id } = readPeppers(pepper)[0]!
      const same = seen.get(id)
      if (same === undefined) seen.set(id, pepper)
      else {
        assert.throws(() => readPeppers([same, pepper]), { name: 'ConfigError', key: 'pepper.1' })
        return
      }
    }
  })
})

test('what tells a pepper apart is always the same, and not a part of it', () => {
  const ids = [OLD, NEW, OTHER].map((pepper) => readPeppers(pepper)[0]!.id)
  assert.deepEqual(ids, ['a9c7', '7c26', 'dad9'])
  assert.deepEqual(
    readPeppers([OLD, NEW, OTHER]).map(({ id }) => id),
    ids,
  )
})

// Made with what, looked at with what, and whether it verifies there and how it is marked.
const rows: readonly (readonly [
  made: string,
  stored: (hash: string) => string,
  peppers: PepperOption,
  is: boolean,
  mark: PepperMark,
])[] = [
  [OLD, (hash) => hash, OLD, true, 'first'],
  [OLD, (hash) => hash, [OLD, NEW], true, 'first'],
  [OLD, (hash) => hash, [NEW, OLD], true, 'older'],
  [OLD, (hash) => hash, [NEW, OTHER, OLD], true, 'older'],
  [OLD, (hash) => hash, NEW, false, 'unknown'],
  [OLD, (hash) => hash, [NEW, OTHER], false, 'unknown'],
  [OLD, unmarked, OLD, true, 'unmarked'],
  [OLD, unmarked, [NEW, OLD], true, 'unmarked'],
  [OLD, unmarked, [OLD, NEW], true, 'unmarked'],
  [OLD, unmarked, [NEW, OTHER], false, 'unmarked'],
  [OLD, (hash) => renamed(hash, NEW), [NEW, OLD], false, 'first'],
  [OLD, (hash) => renamed(hash, NEW), OLD, false, 'unknown'],
]
for (const [kind, hashUnder] of [
  ['generated', (pepper: PepperOption) => passwordHasher(pepper)],
  [
    'chosen',
    (pepper: PepperOption) => {
      const { hash, verify } = passwordRehasher(pepper)
      const read = (stored: string | undefined) => stored && parseRehashed(stored)
      return {
        hash,
        verify: (given: string, stored: string | undefined) =>
          verify(given, read(stored) || undefined),
      }
    },
  ],
] as const) {
  describe(`a ${kind} password under "${OLD}"`, () => {
    for (const [i, [made, change, peppers, is, mark]] of rows.entries()) {
      test(`${i + 1}: ${is ? 'is' : 'is not'} good under ${JSON.stringify(peppers)}: ${mark}`, () => {
        const stored = change(hashUnder(made).hash(password))
        const hasher = hashUnder(peppers)
        assert.equal(hasher.verify(password, stored), is)
        assert.equal(hasher.verify(`${password}x`, stored), false)
        assert.equal(hasher.verify('', stored), false)
        assert.equal(hasher.verify(password, undefined), false)
        assert.equal(pepperMarks(peppers)(stored), mark)
      })
    }
  })
}

test('what is under no pepper has no mark', () => {
  const marks = pepperMarks([NEW, OLD])
  const plain = passwordHasher(undefined).hash(password)
  for (const stored of [plain, DJANGO, '', '$dh-', undefined, null, 7]) {
    assert.equal(marks(stored), undefined, `${stored}`)
  }
  assert.equal(passwordHasher([NEW, OLD]).verify(password, plain), false)
})

describe('a token', () => {
  const rules = [{ effect: 'allow' as const, actions: ['publish' as const], filter: 'x' }]
  const now = 1_763_800_000_000
  const issue = (pepper: PepperOption) => tokenAuthority(pepper, 'things').issue({ rules }, now)

  for (const [made, peppers, is] of [
    [OLD, OLD, true],
    [OLD, [NEW, OLD], true],
    [[OLD, NEW], OLD, true],
    [[NEW, OLD], OLD, false],
    [OLD, NEW, false],
    [OTHER, [NEW, OLD], false],
  ] as readonly (readonly [PepperOption, PepperOption, boolean])[]) {
    test(`of ${JSON.stringify(made)} ${is ? 'counts' : 'counts not'} under ${JSON.stringify(peppers)}`, () => {
      const token = issue(made)
      const authority = tokenAuthority(peppers, 'things')
      const holder = authority.verify(token.username, token.password, now)
      assert.equal(typeof holder === 'object', is)
      const noted = tokenAuthority(made, 'things').note(token.password)
      assert.equal(authority.readNote(token.username, noted, now) !== undefined, is)
      if (is) {
        const late = authority.verify(token.username, token.password, now + 86_400_000)
        assert.equal(late, 'token-expired')
      }
    })
  }
})
