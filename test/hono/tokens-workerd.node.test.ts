/**
 * The route of tokens in workerd, the runtime of Cloudflare Workers.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'
import type { ConnectionDetails } from '../../src/index.ts'
import { altered } from '../support/altered.ts'
import { browserBundle } from '../support/browser-bundle.ts'

const WORKER = fileURLToPath(new URL('./tokens-worker.ts', import.meta.url))

describe('in workerd', () => {
  let workerd: Miniflare
  before(async () => {
    const script = await browserBundle(WORKER, {}, (folder) =>
      readFileSync(join(folder, 'program.js'), 'utf8'),
    )
    workerd = new Miniflare({ modules: true, script })
    await workerd.ready
  })
  after(() => workerd.dispose())

  function ask(path: string, headers: Readonly<Record<string, string>>, body?: object) {
    return workerd.dispatchFetch(`http://worker${path}`, {
      method: 'POST',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  async function token(): Promise<ConnectionDetails> {
    const response = await ask('/broker-token', { cookie: 'session=dana' })
    assert.deepEqual([response.status, response.headers.get('cache-control')], [200, 'no-store'])
    return (await response.json()) as ConnectionDetails
  }

  async function login(username: string, password: string): Promise<unknown> {
    const headers = { authorization: 'Bearer the secret of the broker' }
    const body = { username, password, clientid: username }
    const response = await ask('/iot/broker/emqx/auth', headers, body)
    return ((await response.json()) as { result: unknown }).result
  }

  test('a session becomes a login, until it is revoked', async () => {
    const [first, second] = [await token(), await token()]
    assert.equal(second.username, first.username)
    for (const { username, password } of [first, second]) {
      assert.equal(await login(username, password), 'allow')
      assert.equal(await login(username, altered(password)), 'deny')
    }
    assert.equal((await ask('/revoke', {})).status, 200)
    for (const { username, password } of [first, second]) {
      assert.equal(await login(username, password), 'deny')
    }
    const { username, password } = await token()
    assert.equal(await login(username, password), 'allow')
  })

  for (const [title, headers, status, code] of [
    ['nobody', {}, 401, 'session-unknown'],
    ['a page of another origin', { 'sec-fetch-site': 'cross-site' }, 403, 'origin-foreign'],
    ['an origin elsewhere', { origin: 'https://evil.example' }, 403, 'origin-foreign'],
  ] as const) {
    test(`${title} gets none`, async () => {
      const cookie = title === 'nobody' ? {} : { cookie: 'session=dana' }
      const response = await ask('/broker-token', { ...cookie, ...headers })
      const body = (await response.json()) as { code: string }
      assert.deepEqual([response.status, body.code], [status, code])
    })
  }
})
