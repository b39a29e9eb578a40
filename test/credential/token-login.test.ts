/**
 * A page's side of tokens: what it fetches, when it does so again, and what it makes of a route that gives
 * no login.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import type { ConnectionDetails } from '../../src/credential/connection-details.ts'
import { tokenAuthority } from '../../src/credential/token.ts'
import { TokenLoginError, tokenLogin } from '../../src/credential/token-login.ts'
import { isDeviceHubError } from '../../src/index.ts'
import { serveHttp } from '../support/http.ts'

const authority = tokenAuthority('a pepper of more than 16 bytes', 'things')
const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'a' }] as const
const { now: monotonic } = performance

afterEach(() => {
  performance.now = monotonic
})

/** Has the clock for durations so much further, in seconds. */
function later(seconds: number): void {
  performance.now = () => monotonic.call(performance) + seconds * 1_000
}

function details(expiresIn = 100): ConnectionDetails {
  const token = authority.issue({ rules, subject: 'dana', expiresIn }, Date.now())
  const { username, password, expiresAt } = token
  const principal = { kind: 'token', username, rules, attributes: {} } as const
  return { url: 'ws://localhost/mqtt', username, password: `${password}`, expiresAt, principal }
}

/** A route that answers as it is told to, with a token for which `n` says the how many-th it is. */
async function site() {
  let answer = (n: number) => Response.json({ ...details(100 + n), url: `ws://host-${n}/` })
  const methods: string[] = []
  const server = await serveHttp((request) => {
    methods.push(request.method)
    return answer(methods.length)
  })
  return {
    methods,
    url: `${server.url}/broker-token`,
    login: tokenLogin(`${server.url}/broker-token`),
    answers(next: typeof answer) {
      answer = next
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const problem = (status: number, code: string) => () =>
  Response.json({ type: 'about:blank', status, code, detail: 'No' }, { status })

describe('logins of a page', () => {
  test('are fetched by POST when they are asked for, and the first is that of the details', async () => {
    await using at = await site()
    assert.deepEqual(at.methods, [])
    const { login } = at
    const [first, again] = [await login.details(), await login.details()]
    assert.deepEqual(first, again)
    const { renewAfter, ...given } = await login.credentials()
    assert.deepEqual(given, first)
    // Of a token of 101 seconds: at 70 to 80 percent of its time.
    assert.ok(renewAfter! >= 69 && renewAfter! <= 80.8, `${renewAfter}`)
    assert.deepEqual(at.methods, ['POST'])
  })

  test('are others for each connection, under one user name', async () => {
    await using at = await site()
    const given = [
      await at.login.credentials(),
      await at.login.credentials(),
      await at.login.credentials(),
    ]
    assert.equal(new Set(given.map(({ password }) => password)).size, 3)
    assert.equal(new Set(given.map(({ username }) => username)).size, 1)
  })

  test('are fetched once where several ask at the same time', async () => {
    await using at = await site()
    const [one, other] = await Promise.all([at.login.details(), at.login.details()])
    assert.deepEqual(one, other)
    assert.equal(at.methods.length, 1)
  })

  test('are not those of the details once a tenth of their time has passed', async () => {
    await using at = await site()
    const first = await at.login.details()
    later(15)
    assert.notEqual((await at.login.credentials()).password, first.password)
  })

  for (const [title, down] of [
    ['fails', problem(503, 'failed')],
    ['answers what is no login', () => new Response('<html>', { status: 502 })],
  ] as const) {
    test(`are the one before as long as it is good, where the route ${title}`, async () => {
      await using at = await site()
      const { renewAfter: _, ...first } = await at.login.credentials()
      at.answers(down)
      // It says nothing of a renewal: there is no other.
      for (let i = 0; i < 3; i++) assert.deepEqual(await at.login.credentials(), first)
      later(102)
      await assert.rejects(at.login.credentials(), { code: 'ERR_TOKEN_LOGIN' })
      at.answers(() => Response.json(details()))
      assert.notEqual((await at.login.credentials()).password, first.password)
    })
  }

  test('are the one before where nobody answers', async () => {
    const at = await site()
    const { renewAfter: _, ...first } = await at.login.credentials()
    await at[Symbol.asyncDispose]()
    assert.deepEqual(await at.login.credentials(), first)
  })

  test('are none where the session has ended, though the one before is good', async () => {
    await using at = await site()
    await at.login.credentials()
    at.answers(problem(401, 'session-unknown'))
    await assert.rejects(at.login.credentials(), {
      name: 'TokenLoginError',
      status: 401,
      problem: 'session-unknown',
    })
  })
})

describe('a route gives no login', () => {
  const whole = details()
  const rows: [title: string, answer: () => Response, status: number, problem?: string][] = [
    ['that refuses', problem(403, 'origin-foreign'), 403, 'origin-foreign'],
    ['that fails', problem(503, 'failed'), 503, 'failed'],
    ['that is none', () => new Response('<html>geheim', { status: 404 }), 404],
    ['whose code is no text', () => Response.json({ code: 7 }, { status: 400 }), 400],
    ['that answers no JSON', () => new Response('geheim'), 200],
    ['that answers null', () => Response.json(null), 200],
    ['that answers a list', () => Response.json([whole]), 200],
    ['that answers a part', () => Response.json({ ...whole, password: undefined }), 200],
    ['that answers an empty user name', () => Response.json({ ...whole, username: '' }), 200],
    [
      'that answers more than it may',
      () => Response.json({ ...whole, more: 'x'.repeat(70_000) }),
      200,
    ],
  ]
  for (const [title, answer, status, code] of rows) {
    test(title, async () => {
      await using at = await site()
      at.answers(answer)
      for (const ask of [at.login.details, at.login.credentials]) {
        const error = await ask().catch((thrown: unknown) => thrown)
        assert.ok(error instanceof TokenLoginError && isDeviceHubError(error))
        assert.deepEqual([error.status, error.problem], [status, code])
        assert.ok(!error.message.includes('geheim') && !error.message.includes(whole.password))
      }
    })
  }

  test('that leads elsewhere', async () => {
    await using at = await site()
    await using other = await site()
    const headers = { location: other.url }
    at.answers(() => new Response(null, { status: 307, headers }))
    await assert.rejects(at.login.details(), { code: 'ERR_TOKEN_LOGIN', status: undefined })
    assert.deepEqual(other.methods, [])
  })

  test('where nobody listens', async () => {
    const at = await site()
    await at[Symbol.asyncDispose]()
    await assert.rejects(at.login.details(), { code: 'ERR_TOKEN_LOGIN', status: undefined })
  })
})
