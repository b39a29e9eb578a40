/**
 * What a client reads in its own token, without the key that signed it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { tokenAuthority } from '../../src/credential/token.ts'
import { readTokenExpiry } from '../../src/credential/token-expiry.ts'

const authority = tokenAuthority('a pepper of more than 16 bytes', 'things')
const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'naïve/☃/{x}' }] as const
const attributes = { x: 'ÿ' }

function tokenOf(payload: unknown): string {
  return `x.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.x`
}

describe('the expiry in a token', () => {
  test('is that with which it was issued', () => {
    const lifetimes = fc.integer({ min: 1, max: 86_400 })
    const times = fc.integer({ min: 0, max: 4_000_000_000_000 })
    const property = fc.property(lifetimes, times, (expiresIn, now) => {
      const token = authority.issue({ rules, attributes, expiresIn }, now)
      assert.equal(readTokenExpiry(token.username, token.password), token.expiresAt)
    })
    fc.assert(property)
  })

  test('is read in any token, from the beginning of time on', () => {
    for (const exp of [0, 1, 4_000_000_000]) {
      assert.equal(readTokenExpiry('token:x', tokenOf({ exp })), exp * 1000)
    }
    // Written with "-" and "_" in base64url, wherever three bytes begin.
    for (const start of ['', '.', '..']) {
      const token = tokenOf({ exp: 7, x: `${start}>>>???` })
      assert.match(token, /-.*_/)
      assert.equal(readTokenExpiry('token:x', token), 7_000)
    }
  })

  const rows: [title: string, username: string, password: string][] = [
    ['under another user name', 'hub', tokenOf({ exp: 1 })],
    ['under a user name that only looks like one', 'Token:x', tokenOf({ exp: 1 })],
    ['of nothing', 'token:x', ''],
    ['of a password', 'token:x', 'correct horse'],
    ['of a password with dots', 'token:x', 'a.b.c'],
    ['that is not base64', 'token:x', 'a.ä.c'],
    ['that is no JSON', 'token:x', `a.${Buffer.from('{').toString('base64url')}.c`],
    ['that is no UTF-8', 'token:x', `a.${btoa('{"exp":1,"x":"\xff"}').replaceAll('=', '')}.c`],
    ['that is null', 'token:x', tokenOf(null)],
    ['that is not there', 'token:x', tokenOf({ sub: 'token:x' })],
    ['that is a text', 'token:x', tokenOf({ exp: '1' })],
    ['that is a fraction', 'token:x', tokenOf({ exp: 1.5 })],
    ['that is below 0', 'token:x', tokenOf({ exp: -1 })],
    ['that is no date', 'token:x', tokenOf({ exp: 1e300 })],
  ]
  for (const [title, username, password] of rows) {
    test(`${title} is none`, () => assert.equal(readTokenExpiry(username, password), undefined))
  }
})
