/**
 * Ending a revoked device's sessions at EMQX, against what its management API was recorded to answer.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type EmqxApiOptions, emqxKick } from '../../adapters/emqx/index.ts'
import { BrokerError, ChangeError } from '../../src/index.ts'
import { makeFleet, pump } from '../fleet/fixture.ts'
import { type Recorded, recorded } from './recorded.ts'
import { type EmqxServer, KEY, SECRET, startEmqx } from './server.ts'

const username = 'pump/P-1'
const others = [
  { clientid: 'other', username: 'pump/P-10' },
  { clientid: 'nobody', username: null },
]

function kickOf({ url }: { readonly url: string }, options: Partial<EmqxApiOptions> = {}) {
  return emqxKick({ url, key: KEY, secret: SECRET, ...options })
}

/** What a kick is rejected with, which holds no secret. */
async function failureOf(kick: Promise<void>): Promise<BrokerError> {
  const error = await kick.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof BrokerError, String(error))
  const encoded = Buffer.from(`${KEY}:${SECRET}`).toString('base64')
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const text = `${cause.message}\n${cause.stack}\n${JSON.stringify(cause)}`
    for (const secret of [SECRET, encoded]) assert.equal(text.includes(secret), false)
  }
  return error
}

describe('a kick', () => {
  test('asks for the clients of the user name, ends each, and asks again', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push({ clientid: 'pump/P-1|a', username }, ...others)
    await kickOf(emqx)({ username })
    const list =
      'GET /api/v5/clients?username=pump%2FP-1&page=1&limit=100&fields=clientid%2Cusername%2Cconnected_at'
    assert.deepEqual(emqx.requests, [list, 'DELETE /api/v5/clients/pump%2FP-1%7Ca', list])
    assert.deepEqual([emqx.ended, emqx.clients], [['pump/P-1|a'], others])
  })

  test('of a user name without clients asks once', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push(...others)
    await kickOf(emqx)({ username })
    assert.deepEqual([emqx.requests.length, emqx.ended], [1, []])
  })

  test('ends many clients over several pages, also exactly full ones', async () => {
    for (const count of [99, 100, 101, 250, 300]) {
      await using emqx = await startEmqx()
      for (let i = 0; i < count; i++) emqx.clients.push({ clientid: `c-${i}`, username })
      emqx.clients.push(...others)
      await kickOf(emqx)({ username })
      assert.deepEqual([emqx.ended.length, emqx.clients], [count, others])
    }
  })

  test('leaves the durable sessions of others alone, which EMQX lists with its own', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push(...Array.from({ length: 100 }, (_, i) => ({ clientid: `c-${i}`, username })))
    const foreign = Array.from({ length: 150 }, (_, i) => {
      return { clientid: `d-${i}`, username: `pump/D-${i}` }
    })
    emqx.durable.push(...foreign, { clientid: 'own', username })
    await kickOf(emqx)({ username })
    assert.deepEqual(emqx.durable, foreign)
    assert.equal(emqx.ended.length, 101)
  })

  test('goes on until EMQX has taken them off its list', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push({ clientid: 'a', username })
    let deletes = 0
    // A client is listed for a moment after it was ended.
    emqx.intercept = (method) => (method === 'DELETE' && ++deletes < 3 ? recorded.ended : undefined)
    await kickOf(emqx)({ username })
    assert.deepEqual([deletes, emqx.clients], [3, []])
  })

  test('takes a client that is gone meanwhile for ended', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push({ clientid: 'a', username }, { clientid: 'b', username })
    emqx.intercept = (method, path) => {
      if (method === 'DELETE' && path.endsWith('/a')) emqx.clients.splice(0, 1)
      return undefined
    }
    await kickOf(emqx)({ username })
    assert.deepEqual([emqx.ended, emqx.clients], [['b'], []])
  })

  test('ends the others although one cannot be ended, and tries that one again', async () => {
    await using emqx = await startEmqx()
    for (const clientid of ['a', 'b', 'c']) emqx.clients.push({ clientid, username })
    let failures = 0
    emqx.intercept = (method, path) => {
      if (method !== 'DELETE' || !path.endsWith('/a') || failures === 2) return undefined
      failures++
      return recorded['node of the cluster down']
    }
    await kickOf(emqx)({ username })
    assert.deepEqual([failures, emqx.ended], [2, ['b', 'c', 'a']])
  })

  test('works below a path of a proxy', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push({ clientid: 'a', username })
    emqx.intercept = (_method, path) =>
      path.startsWith('/emqx/api/v5/clients?') ? { status: 200, body: '{"data":[]}' } : undefined
    await kickOf(emqx, { url: `${emqx.url}/emqx/` })({ username })
    assert.equal(emqx.requests.length, 1)
  })
})

describe('a client id is one segment of the path', () => {
  const odd = [
    ...['a/b', '//', '/', 'a//b', 'pump/P-1#a', '#', '%', '%2F', 'a%2fb', 'a b', ' ', '+', 'a+b'],
    ...['Überwachung', '水泵', '🚰', 'a?b', 'a&b=c', ';', '"', '\\', '..a', '…', '\u0001', '%00'],
  ]
  for (const clientid of odd) {
    test(JSON.stringify(clientid), async () => {
      await using emqx = await startEmqx()
      emqx.clients.push({ clientid, username }, ...others)
      await kickOf(emqx)({ username })
      assert.deepEqual([emqx.ended, emqx.clients], [[clientid], others])
      const path = emqx.requests.find((line) => line.startsWith('DELETE'))!
      assert.equal(path.split('/').length, 5)
    })
  }

  for (const [name, clientid] of [
    ['".", which would be gone from a path', '.'],
    ['"..", which would be gone from a path', '..'],
    ['one that is too long for a path', 'ü'.repeat(10_000)],
  ] as const) {
    test(`but for ${name}: it goes into a body`, async () => {
      await using emqx = await startEmqx()
      emqx.clients.push({ clientid, username }, ...others)
      await kickOf(emqx)({ username })
      assert.deepEqual([emqx.ended, emqx.clients], [[clientid], others])
      assert.equal(emqx.requests[1], 'POST /api/v5/clients/kickout/bulk')
    })
  }

  test('whatever it is, and whatever the user name is (property)', async () => {
    await using emqx = await startEmqx()
    const kick = kickOf(emqx)
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(name, fc.uniqueArray(name, { maxLength: 5 }), async (who, ids) => {
        emqx.ended.length = 0
        emqx.clients.length = 0
        emqx.clients.push(...ids.map((clientid) => ({ clientid, username: who })))
        const stranger = { clientid: 'stranger', username: `${who}0` }
        emqx.clients.push(stranger)
        await kick({ username: who })
        assert.deepEqual(emqx.ended.sort(), ids.sort())
        assert.deepEqual(emqx.clients, [stranger])
      }),
      { numRuns: 50 },
    )
  })
})

describe('a kick fails', () => {
  for (const [name, intercept, code, message] of [
    [
      'where the key or the secret is wrong',
      () => recorded['key unknown, disabled or expired, or secret wrong'],
      'ERR_BROKER_LOGIN_REFUSED',
      'EMQX, GET /clients: answered 401 BAD_API_KEY_OR_SECRET: check the key, its secret, and that its role is administrator',
    ],
    [
      'where the key may only look',
      (method) => (method === 'GET' ? undefined : recorded['role is viewer or publisher']),
      'ERR_BROKER_LOGIN_REFUSED',
      'EMQX, DELETE /clients/a: answered 403 UNAUTHORIZED_ROLE: check the key, its secret, and that its role is administrator',
    ],
    [
      'where a node is down',
      () => recorded['node of the cluster down'],
      'ERR_BROKER_REFUSED',
      'EMQX, GET /clients: answered 500 NODE_DOWN',
    ],
    [
      'where something else listens',
      () => recorded['path unknown'],
      'ERR_BROKER_REFUSED',
      'EMQX, GET /clients: answered 404 NOT_FOUND',
    ],
    [
      'where a proxy answers a page',
      () => ({ status: 200, body: '<html>' }),
      'ERR_BROKER_REFUSED',
      'EMQX, GET /clients: answered 200',
    ],
    [
      'where a proxy answers with words of its own, which are not repeated',
      () => ({ status: 502, body: '{"code":"a secret, perhaps"}' }),
      'ERR_BROKER_REFUSED',
      'EMQX, GET /clients: answered 502',
    ],
    [
      'where a client cannot be ended, again and again',
      (method) => (method === 'DELETE' ? { status: 503 } : undefined),
      'ERR_BROKER_REFUSED',
      'EMQX, DELETE /clients/{clientid}: answered 503',
    ],
    [
      'where a client stays although EMQX says it was ended',
      (method) => (method === 'DELETE' ? recorded.ended : undefined),
      'ERR_BROKER_REFUSED',
      'EMQX still lists 1 clients that were to be ended',
    ],
    [
      'where the answer has no end',
      () => ({ status: 200, body: ' '.repeat(8 * 1024 * 1024 + 1) }),
      'ERR_BROKER_REFUSED',
      'EMQX: its answer is longer than 8388608 bytes',
    ],
  ] satisfies [string, EmqxServer['intercept'], string, string][]) {
    test(name, async () => {
      await using emqx = await startEmqx()
      emqx.clients.push({ clientid: 'a', username })
      emqx.intercept = intercept
      const error = await failureOf(kickOf(emqx)({ username }))
      assert.deepEqual([error.code, error.message], [code, message])
      assert.deepEqual(emqx.ended, [])
      // A key that is refused is not tried again.
      if (code === 'ERR_BROKER_LOGIN_REFUSED') assert.ok(emqx.requests.length <= 2)
    })
  }

  test('with a secret that is not the one of the key', async () => {
    await using emqx = await startEmqx()
    const error = await failureOf(kickOf(emqx, { secret: `${SECRET}x` })({ username }))
    assert.equal(error.code, 'ERR_BROKER_LOGIN_REFUSED')
  })

  test('where nothing listens', async () => {
    const emqx = await startEmqx()
    await emqx[Symbol.asyncDispose]()
    const error = await failureOf(kickOf(emqx)({ username }))
    assert.equal(error.code, 'ERR_BROKER_UNREACHABLE')
    assert.equal(error.message, `EMQX, GET /clients: ${emqx.url} cannot be reached`)
  })

  test('where no answer comes, after five seconds', { timeout: 120_000 }, async () => {
    await using emqx = await startEmqx()
    emqx.intercept = () => null
    const error = await failureOf(kickOf(emqx)({ username }))
    assert.equal(error.code, 'ERR_BROKER_TIMEOUT')
    assert.equal(error.message, 'EMQX, GET /clients: no answer within 5000 ms')
  })

  test('where it is sent elsewhere: nobody else gets the key', async () => {
    await using emqx = await startEmqx()
    await using elsewhere = await startEmqx()
    const redirect: Recorded = { status: 307, headers: { location: `${elsewhere.url}/api/v5/x` } }
    emqx.intercept = () => redirect
    const error = await failureOf(kickOf(emqx)({ username }))
    assert.equal(error.code, 'ERR_BROKER_REFUSED')
    assert.deepEqual(elsewhere.requests, [])
  })

  test('where more is listed than it reads, and what was found is ended', async () => {
    await using emqx = await startEmqx()
    emqx.clients.push({ clientid: 'a', username })
    const foreign = Array.from({ length: 10_000 }, (_, i) => ({ clientid: `${i}`, username: 'x' }))
    emqx.durable.push(...foreign)
    const error = await failureOf(kickOf(emqx)({ username }))
    assert.match(error.message, /more than 10000 clients and sessions/)
    assert.deepEqual([emqx.ended, emqx.durable.length], [['a'], 10_000])
  })
})

describe('an option is refused', () => {
  for (const [key, options] of [
    ['url', { url: 'emqx.internal:18083' }],
    ['url', { url: 'not a url' }],
    ['url', { url: '' }],
    ['url', { url: `http://${KEY}:${SECRET}@127.0.0.1:18083` }],
    ['url', { url: 'http://127.0.0.1:18083/?x=1' }],
    ['url', { url: 'http://127.0.0.1:18083/#x' }],
    ['key', { key: '' }],
    ['key', { key: 'a:b' }],
    ['key', { key: undefined as unknown as string }],
    ['secret', { secret: '' }],
    ['apiKey', { apiKey: KEY } as object],
    ['secret', { secret: undefined as unknown as string }],
  ] as const) {
    const shown = JSON.stringify(options, (_name, value) => value ?? 'undefined')
    test(shown, () => {
      const make = () => kickOf({ url: 'http://127.0.0.1:18083' }, options)
      assert.throws(make, (error: Error & { key?: string }) => {
        assert.deepEqual([error.name, error.key], ['ConfigError', key])
        assert.equal(error.message.includes(SECRET), false)
        return true
      })
    })
  }
})

describe('revoking a device of a fleet', () => {
  test('ends its sessions at every EMQX, and reports the one that is away', async () => {
    await using north = await startEmqx()
    await using south = await startEmqx()
    const fleet = makeFleet()
    const login = await fleet.provision(pump, 'P-1', { username: 'north-1' })
    await fleet.provision(pump, 'P-2')
    fleet.onChange('north', kickOf(north))
    fleet.onChange('south', kickOf(south))
    north.intercept = () => assert.fail('nothing is to be ended')
    await fleet.rotate(pump, 'P-1')
    await fleet.update(pump, 'P-1', { rules: [] })
    await fleet.provision(pump, 'P-3')
    north.intercept = () => undefined
    for (const { clients } of [north, south]) {
      clients.push({ clientid: 'a', username: login.username }, ...others)
    }
    south.intercept = () => ({ status: 503 })
    await assert.rejects(fleet.revoke(pump, 'P-1'), (error) => {
      assert.ok(error instanceof ChangeError)
      const { done, failed } = error.report
      assert.deepEqual([done, failed.map(({ name }) => name)], [['north'], ['south']])
      return true
    })
    assert.deepEqual([north.ended, south.ended], [['a'], []])
    south.intercept = () => undefined
    const { done } = await fleet.revoke(pump, 'P-1')
    assert.deepEqual([done, south.ended], [['north', 'south'], ['a']])
  })
})
