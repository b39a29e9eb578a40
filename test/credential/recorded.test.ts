/**
 * Passwords that other programs and `hashPassword` hashed: each verifies by its own text, and a check
 * holds nobody up.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generatePassword, passwordHasher } from '../../src/credential/generated.ts'
import { hashPassword } from '../../src/credential/hash-password.ts'
import { passwordVerifier } from '../../src/credential/verifier.ts'
import { DJANGO, MORE, MOSQUITTO, PASSWORD, SCRYPT } from './fixture.ts'

const hasher = passwordHasher('a pepper of more than 16 bytes')
const NAME = 'pump/P-1'

const made = await hashPassword(PASSWORD)
const recorded: (readonly [title: string, stored: string, password: string])[] = [
  ['Django', DJANGO, PASSWORD],
  ['Mosquitto', MOSQUITTO, PASSWORD],
  ['scrypt', SCRYPT, PASSWORD],
  ['hashPassword', made, PASSWORD],
  ...MORE,
]
for (const [title, stored, password] of recorded) {
  describe(`${title}: a password`, () => {
    const verifier = passwordVerifier(hasher)

    test('is taken, if it is the stored one', async () => {
      assert.equal(await verifier.verify(NAME, password, [stored]), true)
    })

    const wrong: [title: string, password: string][] = [
      ['another one', 'wrong'],
      ['a longer one', `${password} `],
      ['the stored text', stored],
    ]
    for (const [what, given] of wrong) {
      test(`is not taken, if it is ${what}`, async () => {
        assert.equal(await verifier.verify(NAME, given, [stored]), false)
      })
    }
  })
}

describe('hashPassword', () => {
  test('writes scrypt with a salt and a key of its own', async () => {
    assert.match(made, /^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    const again = await hashPassword(PASSWORD)
    const [one, other] = [made.split('$'), again.split('$')]
    assert.notEqual(one[3], other[3])
    assert.notEqual(one[4], other[4])
  })
})

test('a slow check lets other work run many times', async () => {
  const verifier = passwordVerifier(hasher)
  const secret = generatePassword()
  let settled = false
  const slow = Promise.resolve(verifier.verify(NAME, 'wrong', [made])).finally(() => {
    settled = true
  })
  let logins = 0
  while (!settled) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    assert.equal(verifier.verify('pump/P-2', secret, [hasher.hash(secret)]), true)
    logins++
  }
  assert.equal(await slow, false)
  assert.ok(logins > 20, `${logins} logins beside one check`)
})
