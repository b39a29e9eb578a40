/**
 * `devicehub token revoke`: the tokens of a subject are revoked by the service that is named.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { type AuditEntry, deviceAdmin } from '../../adapters/admin/index.ts'
import { createFleet, memoryStore } from '../../src/index.ts'
import { captureLog } from '../hub/fixture.ts'
import { hosts, node, run, userFolder } from './command.ts'
import { openService, SERVICE_SECRET as SECRET } from './service.ts'
import { station } from './site.ts'

const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'news' }] as const

async function site() {
  const pepper = 'a pepper of more than 16 bytes'
  const fleet = createFleet({ types: [station], store: memoryStore(), pepper })
  const trail: AuditEntry[] = []
  const audit = (entry: AuditEntry) => void trail.push(entry)
  const admin = deviceAdmin(fleet, { secret: SECRET, audit, logger: captureLog() })
  const { fetch } = new Hono().route('/admin', admin)
  const service = await openService(fetch)
  const token = fleet.issueToken({ rules, subject: 'account 7' })
  return {
    ...{ fleet, trail, token, url: service.url },
    isGood: async () => (await fleet.authenticate(token)).effect === 'allow',
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  }
}

for (const host of hosts) {
  test(`they are refused from then on, on ${host.name}`, { skip: host.missing }, async () => {
    await using at = await site()
    using folder = userFolder({ secret: `${SECRET}\n` })
    at.fleet.onChange('embedded broker', () => {})
    assert.equal(await at.isGood(), true)
    const args = ['token', 'revoke', 'account 7', '--url', at.url, '--secret-file', 'secret']
    const { code, stdout, stderr } = await run(host, folder, args)
    const { username } = at.token
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, `revoked    ${username}\ndone       embedded broker\n`)
    assert.equal(await at.isGood(), false)
    const [{ operator, action, subject, result }] = at.trail as [AuditEntry]
    const deed = [operator, action, subject, result]
    assert.deepEqual(deed, ['secret', 'revoke-tokens', 'account 7', 'done'])
  })
}

test('whose sessions may go on is said, with code 1', async () => {
  await using at = await site()
  using folder = userFolder({ secret: `${SECRET}\n` })
  at.fleet.onChange('emqx', () => Promise.reject(new Error('is away')))
  const args = ['token', 'revoke', 'account 7', '--url', at.url, '--secret-file', 'secret']
  const { code, stdout, stderr } = await run(node, folder, [...args, '--json'])
  const failed = [{ name: 'emqx', problem: 'is away' }]
  assert.deepEqual(JSON.parse(stdout), { username: at.token.username, done: [], failed })
  assert.match(stderr, /^devicehub: revoked, but sessions may go on: emqx: is away\n$/)
  assert.equal(code, 1)
  assert.equal(await at.isGood(), false)
})

describe('nothing is revoked', () => {
  for (const [title, args, code, line] of [
    ['without a service', ['x'], 2, /required option '--url <url>' not specified/],
    ['of nobody', ['--url', 'URL'], 2, /missing required argument 'subject'/],
    ['of an empty subject', ['', '--url', 'URL'], 2, /subject: must be a text of 1 to 1024/],
    ['over what anybody can read', ['x', '--url', 'http://example.com/admin'], 2, /must be https/],
    [
      'with another secret',
      ['account 7', '--url', 'URL', '--secret-file', 'other'],
      1,
      /the secret/,
    ],
    ['where no routes are', ['account 7', '--url', 'URL/x'], 1, /route-unknown|none of the routes/],
  ] as const) {
    test(title, async () => {
      await using at = await site()
      using folder = userFolder({ other: `${SECRET}!\n` })
      const given = args.map((arg) => arg.replace('URL', at.url))
      const env = { DEVICEHUB_ADMIN_SECRET: SECRET }
      const outcome = await run(node, folder, ['token', 'revoke', ...given], env)
      assert.match(outcome.stderr, line)
      assert.deepEqual([outcome.code, outcome.stdout], [code, ''])
      assert.ok(!outcome.stderr.includes(SECRET))
      assert.equal(await at.isGood(), true)
    })
  }
})
