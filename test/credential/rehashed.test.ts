/**
 * Chosen passwords that were hashed anew: verified at once, and guessed at no faster than with a slow
 * hash.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_DECOYS } from '../../src/credential/decoy.ts'
import {
  generatePassword,
  isGeneratedHash,
  passwordHasher,
} from '../../src/credential/generated.ts'
import { parseRehashed, passwordRehasher } from '../../src/credential/rehashed.ts'
import { MAX_NATIVE_CHECKS, MAX_NATIVE_WAITING } from '../../src/credential/slow-check.ts'
import { passwordVerifier, REMEMBER_MS } from '../../src/credential/verifier.ts'
import { deferred, within } from '../support/wait.ts'
import { counting } from './counting.ts'
import { DJANGO, MORE, MOSQUITTO, PASSWORD } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const hasher = passwordHasher(PEPPER)
const rehasher = passwordRehasher(PEPPER)
const NAME = 'pump/P-1'
const CHEAP = MORE[3]![1]
const stored = rehasher.hash(PASSWORD)
const makeVerifier = () => passwordVerifier(hasher, { rehasher })
type Verifier = ReturnType<typeof makeVerifier>

async function tally(outcomes: readonly unknown[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of await within(Promise.all(outcomes), 'outcomes', 60_000)) {
    counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1
  }
  return counts
}

describe('a stored text', () => {
  test('has a beginning, a salt and a key of its own, and not the password', () => {
    const form = /^\$dh-chosen-hmac-sha256\$[0-9a-f]{4}\$[A-Za-z0-9+/]{22}\$[0-9a-f]{64}$/
    const texts = Array.from({ length: 50 }, () => rehasher.hash(PASSWORD))
    for (const text of texts) {
      assert.match(text, form)
      assert.ok(!text.includes(PASSWORD))
      assert.equal(isGeneratedHash(text), false)
    }
    assert.equal(new Set(texts.flatMap((text) => text.split('$').slice(3))).size, 100)
  })

  const [, , , salt, key] = stored.split('$') as [string, string, string, string, string]
  const rows: [title: string, text: string, password: string, is: boolean][] = [
    ['is that of its password', stored, PASSWORD, true],
    [
      'is still when it was stored long ago',
      '$dh-chosen-hmac-sha256$zsK8lu7Lfqjn6BdeSIRPtg$7f85116b2039f2c14eb15356370c66352039b86aa14abbcfd62d87055b4bcfe4',
      PASSWORD,
      true,
    ],
    ['of an empty password', rehasher.hash(''), '', true],
    ['of one beyond ASCII', rehasher.hash('grün 😀'), 'grün 😀', true],
    [
      'of bytes as a pepper',
      passwordRehasher(new TextEncoder().encode(PEPPER)).hash('x'),
      'x',
      true,
    ],
    ['is not that of another', stored, `${PASSWORD} `, false],
    ['nor of an empty one', stored, '', false],
    ['nor of itself', stored, stored, false],
    ['nor of what is hashed', stored, `${salt}$${PASSWORD}`, false],
    ['under another pepper', passwordRehasher(`${PEPPER}!`).hash(PASSWORD), PASSWORD, false],
    ['with another salt', `$dh-chosen-hmac-sha256$${'A'.repeat(22)}$${key}`, PASSWORD, false],
    ['with the beginning of a generated one', `$dh-hmac-sha256$${key}`, PASSWORD, false],
    ['the same, for what is hashed', `$dh-hmac-sha256$${key}`, `${salt}$${PASSWORD}`, false],
    [
      'that is a generated one’s with this beginning',
      `$dh-chosen-hmac-sha256$${salt}$${hasher.hash(PASSWORD).split('$')[3]}`,
      PASSWORD,
      false,
    ],
    ['cut short', stored.slice(0, -1), PASSWORD, false],
    ['with a line break behind it', `${stored}\n`, PASSWORD, false],
    ['in capitals', stored.toUpperCase(), PASSWORD, false],
    ['without a key', `$dh-chosen-hmac-sha256$${salt}$`, PASSWORD, false],
    ['that is a beginning alone', '$dh-chosen-hmac-sha256$', PASSWORD, false],
  ]
  for (const [title, text, password, is] of rows) {
    test(title, async () => {
      assert.equal(await makeVerifier().verify(NAME, password, [text]), is)
      const hash = parseRehashed(text)
      assert.equal(hash !== undefined && rehasher.verify(password, hash), is)
    })
  }

  test('verifies nothing in a fleet without a pepper', async () => {
    const verifier = passwordVerifier(passwordHasher(undefined))
    assert.equal(await verifier.verify(NAME, PASSWORD, [stored]), false)
  })

  test('verifies nothing that is not stored', () => {
    assert.equal(rehasher.verify(PASSWORD, undefined), false)
  })
})

describe('among several stored passwords', () => {
  const generated = generatePassword()
  const fast = hasher.hash(generated)
  const other = rehasher.hash('another')
  const rows: [title: string, password: string, all: readonly string[], is: boolean][] = [
    ['a re-hashed one is found behind a generated one', PASSWORD, [fast, stored], true],
    ['a generated one is found behind it', generated, [stored, fast], true],
    ['it is found before a slow one is tried', PASSWORD, [DJANGO, stored], true],
    ['it is found behind another', PASSWORD, [other, stored], true],
    ['a slow one is found behind it', MORE[5]![2], [stored, MORE[5]![1]], true],
    ['a wrong password is none', 'wrong', [fast, stored, other, CHEAP], false],
  ]
  for (const [title, password, all, is] of rows) {
    test(title, async () => {
      assert.equal(await makeVerifier().verify(NAME, password, all), is)
    })
  }
})

describe('an attempt', () => {
  const generated = generatePassword()
  const fast = hasher.hash(generated)
  const rows: [title: string, all: readonly string[], password: string, told: readonly string[]][] =
    [
      ['that is wrong counts', [stored], 'wrong', ['begin']],
      ['that is right is taken back', [stored], PASSWORD, ['begin', 'take back']],
      ['at two of them counts once', [stored, rehasher.hash('x')], 'wrong', ['begin']],
      ['beside a slow one counts once', [CHEAP, stored], 'wrong', ['begin']],
      ['beside a generated one counts', [fast, stored], 'wrong', ['begin']],
      ['that is a generated one beside it does not', [fast, stored], generated, []],
    ]
  for (const [title, all, password, told] of rows) {
    test(title, async () => {
      const counted = counting(1)
      await makeVerifier().verify(NAME, password, all, counted.attempt)
      assert.deepEqual(counted.told, told)
    })
  }

  test('that is one too many is not made, even if it were right', async () => {
    const counted = counting(0)
    const verdict = await makeVerifier().verify(NAME, PASSWORD, [stored], counted.attempt)
    assert.equal(verdict, 'throttled')
    assert.deepEqual(counted.told, ['refuse'])
  })

  test('that was right a moment ago is not asked about', async () => {
    const clock = { now: 0 }
    const verifier = passwordVerifier(hasher, { rehasher, now: () => clock.now })
    assert.equal(await verifier.verify(NAME, PASSWORD, [stored]), true)
    const refused = counting(0).attempt
    clock.now = REMEMBER_MS - 1
    assert.equal(verifier.verify(NAME, PASSWORD, [stored], refused), true)
    assert.equal(await verifier.verify(NAME, PASSWORD, [rehasher.hash('x')], refused), 'throttled')
    clock.now = REMEMBER_MS
    assert.equal(await verifier.verify(NAME, PASSWORD, [stored], refused), 'throttled')
  })

  for (const costs of ['no slow check was made', 'slow checks were made']) {
    test(`of 2,000 guesses at once no more are tried than may begin, while ${costs}`, async () => {
      const verifier = makeVerifier()
      if (costs.startsWith('slow')) await verifier.verify('other', 'wrong', [CHEAP])
      const { told, attempt } = counting(10)
      const guesses = Array.from({ length: 2_000 }, (_, i) => {
        return verifier.verify(NAME, i < 1_999 ? `guess ${i}` : PASSWORD, [stored], attempt)
      })
      assert.deepEqual(await tally(guesses), { false: 10, throttled: 1_990 })
      assert.equal(told.filter((what) => what === 'begin').length, 10)
      assert.ok(!told.includes('take back'))
    })
  }
})

/** Runs work while every place of slow checks is taken. */
async function whileFull(verifier: Verifier, work: () => Promise<void>): Promise<void> {
  assert.equal(await verifier.verify('slow', PASSWORD, [MOSQUITTO]), true)
  const deriveBits = crypto.subtle.deriveBits
  const held = deferred()
  crypto.subtle.deriveBits = async (...args) => {
    await held.promise
    return deriveBits.apply(crypto.subtle, args)
  }
  const room = MAX_NATIVE_CHECKS + MAX_NATIVE_WAITING
  const flood = Array.from({ length: room }, (_, i) => verifier.verify('slow', `${i}`, [MOSQUITTO]))
  try {
    assert.equal(await verifier.verify('slow', 'one more', [MOSQUITTO]), 'busy')
    await work()
  } finally {
    held.resolve()
    await tally(flood)
    crypto.subtle.deriveBits = deriveBits
  }
}

describe('while there is no room for a slow check', () => {
  test('a right password is let in', async () => {
    const verifier = makeVerifier()
    await whileFull(verifier, async () => {
      const verdict = Promise.resolve(verifier.verify(NAME, PASSWORD, [stored]))
      assert.equal(await within(verdict, 'verdict'), true)
    })
  })

  test('a wrong one is told what an unknown name is told, and counts: it was tried', async () => {
    const verifier = makeVerifier()
    await whileFull(verifier, async () => {
      const { told, attempt } = counting(10)
      const outcomes = Array.from({ length: 20 }, (_, i) => {
        return verifier.verify(NAME, `guess ${i}`, [stored], attempt)
      })
      assert.deepEqual(await tally(outcomes), { busy: 10, throttled: 10 })
      assert.ok(!told.includes('take back'))
      assert.equal(await verifier.verify('nobody', 'guess', []), 'busy')
    })
  })

  test('an unknown name is not told from one with a slow hash, where no other was met', async () => {
    const verifier = makeVerifier()
    await whileFull(verifier, async () => {
      for (let i = 0; i < 32; i++) {
        const { told, attempt } = counting(10)
        assert.equal(await verifier.verify(`nobody ${i}`, 'guess', [], attempt), 'busy')
        assert.deepEqual(told, ['begin', 'take back'])
      }
    })
  })

  test('so do some unknown names, always the same ones; the others do as one with a slow hash', async () => {
    const verifier = makeVerifier()
    await verifier.verify(NAME, PASSWORD, [stored])
    await whileFull(verifier, async () => {
      const kinds: Record<string, number> = {}
      for (let i = 0; i < 64; i++) {
        const { told, attempt } = counting(10)
        for (let k = 0; k < 3; k++) {
          assert.equal(await verifier.verify(`nobody ${i}`, `guess ${k}`, [], attempt), 'busy')
        }
        kinds[told.join()] = (kinds[told.join()] ?? 0) + 1
      }
      const all = ['begin,begin,begin', Array(3).fill('begin,take back').join()]
      assert.deepEqual(Object.keys(kinds).toSorted(), all.toSorted())
    })
  })
})

describe('in what is told', () => {
  const before: [title: string, go: (verifier: Verifier) => unknown][] = [
    ['when a re-hashed password was met', (verifier) => verifier.verify('x', PASSWORD, [stored])],
    ['when a slow one was met', (verifier) => verifier.verify('x', 'wrong', [CHEAP])],
    [
      'when both were',
      async (verifier) => {
        await verifier.verify('x', PASSWORD, [stored])
        await verifier.verify('y', 'wrong', [CHEAP])
      },
    ],
  ]
  for (const [title, go] of before) {
    test(`a name with a re-hashed password is not told from an unknown one ${title}`, async () => {
      const verifier = makeVerifier()
      await go(verifier)
      const [known, unknown] = [counting(10), counting(10)]
      for (let i = 0; i < 15; i++) {
        const [one, other] = await Promise.all([
          verifier.verify(NAME, `guess ${i}`, [stored], known.attempt),
          verifier.verify('nobody', `guess ${i}`, [], unknown.attempt),
        ])
        assert.equal(one, i < 10 ? false : 'throttled')
        assert.equal(other, one)
      }
      assert.deepEqual(unknown.told, known.told)
    })
  }
})

test('wrong ones wait in numbers that are bounded, all are answered, and the right ones among them', async () => {
  const verifier = makeVerifier()
  await verifier.verify('slow', PASSWORD, [MOSQUITTO])
  const { setTimeout: start } = globalThis
  let timers = 0
  const counting = (...args: Parameters<typeof start>) => {
    timers++
    return start(...args)
  }
  globalThis.setTimeout = counting as typeof start
  try {
    const count = MAX_DECOYS + 500
    const outcomes = Array.from({ length: count }, (_, i) => {
      return verifier.verify(`pump/${i}`, i % 100 === 0 ? PASSWORD : 'guess', [stored])
    })
    assert.deepEqual(await tally(outcomes), { true: count / 100, false: count - count / 100 })
  } finally {
    globalThis.setTimeout = start
  }
  // One of them is that of the deadline.
  assert.ok(timers <= MAX_DECOYS + 1, `${timers} timers`)
})
