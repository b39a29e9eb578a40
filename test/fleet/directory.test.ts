/**
 * Who is who: a further kind of logins is a further source, and what nobody has is answered by the last.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Directory, type PrincipalSource } from '../../src/fleet/directory.ts'
import type { Principal } from '../../src/rule/principal.ts'

/** A source of names that begin in one way, with one password. */
function source(start: string, asked: string[]): PrincipalSource {
  const principal = (username: string): Principal => {
    return { kind: 'service', username, rules: [], attributes: { start } }
  }
  return {
    has: (username) => username.startsWith(start),
    login({ username, password }) {
      asked.push(`${start}! ${username}`)
      return password === start ? principal(username) : 'password-wrong'
    },
    find(username) {
      asked.push(`${start}? ${username}`)
      return username === `${start}-1` ? { principal: principal(username) } : undefined
    },
  }
}

describe('a user name', () => {
  for (const [username, start] of [
    ['cert-1', 'cert'],
    ['cert', 'cert'],
    ['svc-1', 'svc'],
    ['svc-cert-1', 'svc'],
    ['Cert-1', ''],
    ['pump/cert-1', ''],
    ['', ''],
  ] as const) {
    test(`${JSON.stringify(username)} is asked of "${start}" alone`, async () => {
      const asked: string[] = []
      const named = ['svc', 'cert'].map((each) => source(each, asked))
      const directory = new Directory(named, source('', asked))
      const counts = { peer: undefined, begin: () => true, takeBack() {} }
      const attempt = { username, clientId: undefined, attempt: counts }
      assert.equal(await directory.login({ ...attempt, password: 'wrong' }), 'password-wrong')
      const principal = await directory.login({ ...attempt, password: start })
      assert.ok(typeof principal === 'object')
      assert.deepEqual([principal.username, principal.attributes], [username, { start }])
      const found = await directory.find(username)
      assert.equal(found?.principal.username, username === `${start}-1` ? username : undefined)
      const own = [`${start}! ${username}`, `${start}! ${username}`, `${start}? ${username}`]
      assert.deepEqual(asked, own)
    })
  }
})
