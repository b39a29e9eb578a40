/**
 * Ending sessions at VerneMQ, against what its HTTP API answers by its source.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { vernemqKick } from '../../adapters/vernemq/index.ts'
import { BrokerError, ChangeError, type ConfigError } from '../../src/index.ts'
import { makeFleet, pump } from '../fleet/fixture.ts'
import { KEY, startVernemq, type VernemqServer } from './server.ts'

const username = 'pump/P-1'
const session = (client_id: string, mountpoint = '') => ({ client_id, mountpoint })
const others = [session('pump/P-10///a'), session('pump/P-1a'), session('hub///x'), session('P-1')]

const kickOf = ({ url }: VernemqServer, key = KEY) => vernemqKick({ url, key })

async function failureOf(kick: Promise<void>): Promise<BrokerError> {
  const error = await kick.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof BrokerError, String(error))
  assert.ok(!`${error.message}${error.stack}`.includes(KEY))
  return error
}

describe('a kick at VerneMQ', () => {
  test('asks for the sessions of the user name, and ends each with what waits in it', async () => {
    await using vernemq = await startVernemq()
    vernemq.sessions.push(session('pump/P-1///P-1'), ...others)
    await kickOf(vernemq)({ username, kind: 'revoked' })
    const pattern =
      '~%5E%5Cx70%5Cx75%5Cx6d%5Cx70%5Cx2f%5Cx50%5Cx2d%5Cx31(%2F%2F%7C%24)'.toUpperCase()
    const list = `/api/v1/session/show?--client_id&--mountpoint&--client_id=${pattern}&--limit=10000&--rowtimeout=1000`
    const [first, second, third] = vernemq.requests
    assert.equal(first?.toUpperCase(), list.toUpperCase())
    const id = '%70%75%6d%70%2f%50%2d%31%2f%2f%2f%50%2d%31'
    assert.equal(second, `/api/v1/session/disconnect?client-id=${id}&--cleanup`)
    assert.equal(third, first)
    assert.deepEqual([vernemq.ended, vernemq.sessions], [['pump/P-1///P-1'], others])
  })

  test('ends those at a mountpoint, and the one that is called as the user name', async () => {
    await using vernemq = await startVernemq()
    vernemq.sessions.push(session(username), session('pump/P-1///a', 'north'), ...others)
    await kickOf(vernemq)({ username })
    assert.deepEqual(vernemq.ended.sort(), [username, 'pump/P-1///a'])
    assert.deepEqual(vernemq.sessions, others)
  })

  test('leaves one alone that connects anew, where the rights stay', async () => {
    await using vernemq = await startVernemq()
    vernemq.sessions.push(session('pump/P-1///a'))
    let left = 1
    vernemq.intercept = (command) => {
      if (command === 'session/disconnect' && left-- > 0) {
        vernemq.sessions.push(session('pump/P-1///a'))
      }
      return undefined
    }
    await kickOf(vernemq)({ username })
    assert.equal(vernemq.ended.length, 1)
    left = 1
    await kickOf(vernemq)({ username, kind: 'revoked' })
    assert.deepEqual([vernemq.ended.length, vernemq.sessions], [3, []])
  })

  test('means no more than the user name and the client id, whatever they hold (property)', async () => {
    await using vernemq = await startVernemq()
    const kick = kickOf(vernemq)
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const isSayable = (id: string) => /^[^"\\\u0100-\u{10ffff}]*$/u.test(id)
    await fc.assert(
      fc.asyncProperty(text, fc.uniqueArray(text, { maxLength: 4 }), async (name, ids) => {
        vernemq.ended.length = 0
        vernemq.sessions.length = 0
        const own = ids.map((id) => session(`${name}///${id}`))
        const strangers = [session(`x${name}///a`), session(`${name}x///a`)]
        vernemq.sessions.push(...own, ...strangers)
        const sayable = own.filter(({ client_id }) => isSayable(client_id))
        if (sayable.length < own.length) await failureOf(kick({ username: name }))
        else await kick({ username: name })
        assert.deepEqual(vernemq.ended.sort(), sayable.map(({ client_id }) => client_id).sort())
        for (const stranger of strangers) assert.ok(vernemq.sessions.includes(stranger))
      }),
      // One that cannot be named is tried for three seconds.
      { numRuns: 6 },
    )
  })

  for (const [title, id] of [
    ['a quotation mark, which would be read as more of a query', 'a" OR user="hub'],
    ['a backslash', 'a\\'],
    ['a character beyond a byte', '水'],
  ]) {
    test(`says that it cannot name ${title}, and ends the others`, async () => {
      await using vernemq = await startVernemq()
      const odd = session(`${username}///${id}`)
      vernemq.sessions.push(odd, session('pump/P-1///a'), ...others)
      const { code, message } = await failureOf(kickOf(vernemq)({ username, kind: 'revoked' }))
      assert.equal(code, 'ERR_BROKER_REFUSED')
      assert.match(message, /no command can name a client id with/)
      assert.deepEqual([vernemq.ended, vernemq.sessions], [['pump/P-1///a'], [odd, ...others]])
      assert.ok(!vernemq.requests.some((request) => /disconnect.*%22/.test(request)))
    })
  }

  for (const [title, intercept, code, message] of [
    [
      'it reads no such request',
      () => ({ status: 400 }),
      'ERR_BROKER_REFUSED',
      'VerneMQ, session show: answered 400',
    ],
    [
      'a proxy answers a page',
      () => ({ status: 200, body: '<html>' }),
      'ERR_BROKER_REFUSED',
      'VerneMQ, session show: answered 200',
    ],
    [
      'a command is answered by an alert',
      (command) =>
        command === 'session/show'
          ? undefined
          : { status: 200, body: '{"alert":[{"text":"Usage","type":"text"}],"type":"alert"}' },
      'ERR_BROKER_REFUSED',
      'VerneMQ, session disconnect: answered 200',
    ],
    [
      'it is overloaded',
      () => ({ status: 503 }),
      'ERR_BROKER_REFUSED',
      'VerneMQ, session show: answered 503',
    ],
  ] satisfies [string, VernemqServer['intercept'], string, string][]) {
    test(`fails where ${title}`, async () => {
      await using vernemq = await startVernemq()
      vernemq.sessions.push(session('pump/P-1///a'))
      vernemq.intercept = intercept
      const error = await failureOf(kickOf(vernemq)({ username }))
      assert.deepEqual([error.code, error.message, vernemq.ended], [code, message, []])
    })
  }

  test('fails with another key', async () => {
    await using vernemq = await startVernemq()
    const { code, message } = await failureOf(kickOf(vernemq, 'another')({ username }))
    assert.equal(code, 'ERR_BROKER_LOGIN_REFUSED')
    assert.match(message, /answered 401: check the API key, and that its scope is mgmt$/)
  })

  test('reads the list of a list that other writers of its JSON make', async () => {
    await using vernemq = await startVernemq()
    vernemq.intercept = () => ({ status: 200, body: '[{"type":"table","table":[]}]' })
    await kickOf(vernemq)({ username })
  })

  test('follows a revocation, and the report says where it failed', async () => {
    await using vernemq = await startVernemq()
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    fleet.onChange('vernemq', kickOf(vernemq))
    vernemq.sessions.push(session('pump/P-1///a'))
    vernemq.intercept = () => ({ status: 503 })
    await assert.rejects(fleet.revoke(pump, 'P-1'), (error) => {
      assert.ok(error instanceof ChangeError)
      assert.deepEqual(
        error.failed.map(({ name }) => name),
        ['vernemq'],
      )
      return true
    })
    vernemq.intercept = () => undefined
    const { done } = await fleet.revoke(pump, 'P-1')
    assert.deepEqual([done, vernemq.ended], [['vernemq'], ['pump/P-1///a']])
  })
})

for (const [key, options] of [
  ['url', { url: 'vernemq.internal' }],
  ['url', { url: `http://${KEY}@127.0.0.1` }],
  ['key', { key: '' }],
  ['key', { key: 'a:b' }],
  ['apiKey', { apiKey: KEY } as object],
] as const) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    const make = () => vernemqKick({ url: 'http://127.0.0.1:8888', key: KEY, ...options })
    assert.throws(make, (error: ConfigError) => {
      assert.deepEqual([error.name, error.key], ['ConfigError', key])
      return !error.message.includes(KEY)
    })
  })
}
