/**
 * By how long an answer takes nobody learns which user names are on record.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordHasher } from '../../src/credential/generated.ts'
import { hashPassword } from '../../src/credential/hash-password.ts'
import { passwordRehasher } from '../../src/credential/rehashed.ts'
import { passwordVerifier } from '../../src/credential/verifier.ts'
import { DJANGO, PASSWORD } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const hasher = passwordHasher(PEPPER)
const rehasher = passwordRehasher(PEPPER)
const rehashed = rehasher.hash(PASSWORD)

for (const [title, stored] of [
  ['of Django', DJANGO],
  ['of hashPassword', await hashPassword(PASSWORD)],
] as const) {
  test(`an unknown name takes about the time of a wrong password ${title}`, async () => {
    const verifier = passwordVerifier(hasher)
    const times = { device: [] as number[], nobody: [] as number[] }
    for (let i = 0; i < 8; i++) {
      for (const who of ['device', 'nobody'] as const) {
        const start = performance.now()
        const outcome = verifier.verify(who, `guess ${i}`, who === 'device' ? [stored] : [])
        assert.equal(await outcome, false)
        times[who].push(performance.now() - start)
      }
    }
    const [device, nobody] = [times.device, times.nobody].map(
      (all) => all.toSorted((a, b) => a - b)[4]!,
    )
    const ratio = nobody! / device!
    assert.ok(ratio > 1 / 3 && ratio < 3, `${nobody} ms, and ${device} ms of a device`)
  })
}

test('a wrong password that was hashed anew takes the time of a slow one, as an unknown name does; a right one does not', async () => {
  const verifier = passwordVerifier(hasher, { rehasher })
  const times: Record<string, number[]> = { slow: [], wrong: [], nobody: [], right: [] }
  for (let i = 0; i < 8; i++) {
    const logins: [who: string, password: string, all: readonly string[]][] = [
      ['slow', `guess ${i}`, [DJANGO]],
      ['wrong', `guess ${i}`, [rehashed]],
      ['nobody', `guess ${i}`, []],
      ['right', PASSWORD, [rehasher.hash(PASSWORD)]],
    ]
    for (const [who, password, all] of logins) {
      const start = performance.now()
      assert.equal(await verifier.verify(who, password, all), who === 'right')
      times[who]!.push(performance.now() - start)
    }
  }
  const median = (who: string) => times[who]!.toSorted((a, b) => a - b)[4]!
  const [slow, wrong, nobody, right] = ['slow', 'wrong', 'nobody', 'right'].map(median)
  const all = `slow ${slow}, wrong ${wrong}, nobody ${nobody}, right ${right} ms`
  for (const time of [wrong!, nobody!]) {
    assert.ok(time / slow! > 1 / 3 && time / slow! < 3, all)
  }
  assert.ok(right! < slow! / 5, all)
})
