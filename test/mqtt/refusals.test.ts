/**
 * A login that is refused at a reconnect, though it was right before: brokers answer so while they
 * start, or cannot ask who it is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BrokerError } from '../../src/base/errors.ts'
import { Pauses } from '../../src/client/pauses.ts'
import { connectClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 60_000
const hub = { username: 'hub', password: 's3cret' }

describe('a reconnect', () => {
  const rows: [reason: number, protocolVersion: 4 | 5, code: string][] = [
    [0x80, 5, 'ERR_BROKER_UNREACHABLE'],
    [0x84, 5, 'ERR_BROKER_UNREACHABLE'],
    [0x85, 5, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x86, 5, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x87, 5, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x88, 5, 'ERR_BROKER_UNREACHABLE'],
    [0x89, 5, 'ERR_BROKER_UNREACHABLE'],
    [0x8a, 5, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x8c, 5, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x97, 5, 'ERR_BROKER_UNREACHABLE'],
    [0x9f, 5, 'ERR_BROKER_UNREACHABLE'],
    [2, 4, 'ERR_BROKER_LOGIN_REFUSED'],
    [3, 4, 'ERR_BROKER_UNREACHABLE'],
    [4, 4, 'ERR_BROKER_LOGIN_REFUSED'],
    [5, 4, 'ERR_BROKER_LOGIN_REFUSED'],
  ]
  for (const [reason, protocolVersion, code] of rows) {
    const name = `0x${reason.toString(16)} of MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`
    test(`refused with ${name} is told as ${code}, and made after all`, async () => {
      const connect = (n: number) => ({ reason: n === 2 ? reason : 0 })
      await using server = await scriptedBroker({ connect })
      await using client = await connectClient({ url: server.url, protocolVersion, ...hub })
      await client.broker.subscribe([{ filter: 'a' }])
      server.cut()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      assert.deepEqual(
        client.failedReconnects.items.map(({ attempt, error }) => {
          assert.ok(error instanceof BrokerError)
          assert.doesNotMatch(error.message, /s3cret/)
          return [attempt, error.code, error.reasonCode]
        }),
        [[1, code, reason]],
      )
      assert.equal(server.connections, 3)
      assert.deepEqual(server.filters, ['a', 'a'])
    })
  }
})

describe('the pauses', () => {
  const { random } = Math
  const drawn = (part: number, draw: () => number) => {
    Math.random = () => part
    try {
      return draw()
    } finally {
      Math.random = random
    }
  }
  const lowest = (draw: () => number) => drawn(0, draw)
  const highest = (draw: () => number) => drawn(1, draw)

  test('after refusals lie between half of 1 second and it, doubled up to 60 seconds', () => {
    const [low, high] = [new Pauses(), new Pauses()]
    const rows = Array.from({ length: 8 }, () => [
      lowest(() => low.afterRefusal()),
      highest(() => high.afterRefusal()),
    ])
    assert.deepEqual(rows, [
      [500, 1_000],
      [1_000, 2_000],
      [2_000, 4_000],
      [4_000, 8_000],
      [8_000, 16_000],
      [16_000, 32_000],
      [30_000, 60_000],
      [30_000, 60_000],
    ])
  })

  test('after losses lie between 0 and 1 second, doubled up to 30 seconds', () => {
    const [low, high] = [new Pauses(), new Pauses()]
    const rows = Array.from({ length: 7 }, () => [
      lowest(() => low.afterLoss()),
      highest(() => high.afterLoss()),
    ])
    const longest = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
    assert.deepEqual(
      rows,
      longest.map((one) => [0, one]),
    )
  })

  test('of the one kind do not grow with the other', () => {
    const pauses = new Pauses()
    for (let i = 0; i < 2_000; i++) pauses.afterLoss()
    assert.ok(pauses.afterRefusal() <= 1_000)
    for (let i = 0; i < 2_000; i++) assert.ok(pauses.afterRefusal() <= 60_000)
  })

  for (const [stood, isNew] of [
    [0, false],
    [30_000, false],
    [30_001, true],
    [86_400_000, true],
  ] as const) {
    test(`${isNew ? 'begin anew' : 'go on'} after a connection of ${stood} ms`, () => {
      const pauses = new Pauses()
      for (let i = 0; i < 10; i++) {
        pauses.afterLoss()
        pauses.afterRefusal()
      }
      pauses.onEnd(stood)
      const next = [highest(() => pauses.afterLoss()), highest(() => pauses.afterRefusal())]
      assert.deepEqual(next, isNew ? [1_000, 1_000] : [30_000, 60_000])
    })
  }
})
