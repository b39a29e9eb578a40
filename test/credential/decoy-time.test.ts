/**
 * By how long an answer takes nobody learns which user names are on record.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordHasher } from '../../src/credential/generated.ts'
import { hashPassword } from '../../src/credential/hash-password.ts'
import { passwordVerifier } from '../../src/credential/verifier.ts'
import { DJANGO, PASSWORD } from './fixture.ts'

const hasher = passwordHasher('a pepper of more than 16 bytes')

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
