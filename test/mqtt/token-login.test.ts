/**
 * Logging in with a token: the session ends no later than it does, and when it has expired nothing but
 * another one helps.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/base/errors.ts'
import { connectClient, makeClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'
import { issueToken } from './tokens.ts'

const RECONNECT_LIMIT = 20_000
const FOR_EVER = 0xffff_ffff

function loginOf(secondsLeft: number) {
  const { username, password } = issueToken(secondsLeft)
  return { username, password }
}

describe('a session is asked for', () => {
  const hub = { username: 'hub', password: 'password' }
  const rows: [title: string, asked: number, login: typeof hub, most: number][] = [
    ['as configured, where there is no token', 7_200, hub, 7_200],
    ['for ever, where there is no token', FOR_EVER, hub, FOR_EVER],
    ['as configured, where the token has longer', 60, loginOf(3_000), 60],
    ['no longer than a token has left', 7_200, loginOf(3_000), 3_000],
    ['not for ever with a token', FOR_EVER, loginOf(3_000), 3_000],
    ['not at all with a token that has expired', 7_200, loginOf(-10), 0],
    // What is no token of ours is a password as any other.
    ['as configured, for a token that is not ours', 60, { ...loginOf(-10), username: 'hub' }, 60],
    ['as configured, for a password that is no token', 60, { ...hub, username: 'token:x' }, 60],
  ]
  for (const [title, sessionExpiry, login, most] of rows) {
    test(title, async () => {
      await using server = await scriptedBroker()
      await using _ = await connectClient({ url: server.url, sessionExpiry, ...login })
      const asked = server.logins.items[0]!.sessionExpiry
      // Two minutes for a slow machine since the token was made.
      assert.ok(
        asked <= most && asked >= Math.max(0, most === 3_000 ? most - 120 : most),
        `${asked}`,
      )
    })
  }

  test('anew for what each token of a function has left', async () => {
    const tokens = [issueToken(3_000), issueToken(1_000)]
    await using server = await scriptedBroker()
    await using client = await connectClient({
      url: server.url,
      sessionExpiry: 7_200,
      credentials: () => tokens.shift()!,
    })
    server.disconnect(0x87)
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    const [first, second] = server.logins.items.map(({ sessionExpiry }) => sessionExpiry)
    assert.ok(first! > 1_000 && first! <= 3_001, `${first}`)
    assert.ok(second! > 0 && second! <= 1_001, `${second}`)
  })
})

describe('a token that has expired', () => {
  for (const [reason, protocolVersion] of [
    [0x86, 5],
    [0x87, 5],
    [4, 4],
    [5, 4],
  ] as const) {
    test(`and is refused with 0x${reason.toString(16)} at a reconnect ends the broker`, async () => {
      await using server = await scriptedBroker({
        connect: (n) => ({ reason: n === 1 ? 0 : reason }),
      })
      const login = loginOf(-10)
      await using client = await connectClient({ url: server.url, protocolVersion, ...login })
      server.cut()
      const statuses = await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'closed'])
      const { error } = statuses[2] as { error?: BrokerError }
      assert.equal(error?.code, 'ERR_BROKER_LOGIN_REFUSED')
      assert.equal(error?.reasonCode, reason)
      assert.match(error!.message, /the token expired at \d{4}-\d\d-\d\dT/)
      assert.ok(!error!.message.includes(login.password))
      assert.deepEqual(client.failedReconnects.items, [])
      assert.equal(server.connections, 2)
    })
  }

  test('is told at the first login, too', async () => {
    await using server = await scriptedBroker({ connect: () => ({ reason: 0x87 }) })
    await using client = makeClient({ url: server.url, ...loginOf(-10), waitForBroker: true })
    await assert.rejects(client.connect(), {
      code: 'ERR_BROKER_LOGIN_REFUSED',
      message: /the token expired/,
    })
    assert.equal(server.connections, 1)
  })

  const others: [title: string, answers: (number | 'hang-up')[], login: object][] = [
    ['but has not, is tried again', [0, 0x87, 0x86, 0], loginOf(3_000)],
    ['by a broker that is busy, is tried again', [0, 0x89, 'hang-up', 0], loginOf(-10)],
    [
      'but a function may give another, is tried again',
      [0, 0x87, 0x86, 0],
      { credentials: () => issueToken(-10) },
    ],
    [
      'with a user name that is no token’s, is tried again',
      [0, 0x87, 0x86, 0],
      { ...loginOf(-10), username: 'hub' },
    ],
  ]
  for (const [title, answers, login] of others) {
    test(`and is refused ${title}`, async () => {
      await using server = await scriptedBroker({
        connect(n) {
          const answer = answers[n - 1]!
          return answer === 'hang-up' ? answer : { reason: answer }
        },
      })
      await using client = await connectClient({ url: server.url, ...login })
      server.cut()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      assert.equal(server.connections, 4)
    })
  }
})
