/**
 * A Redis that is killed and comes back, stands still, or whose connection is cut: each call settles in
 * time, a write is not made twice, and no error holds a secret.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { type RedisError, redisKeys } from '../../adapters/redis/index.ts'
import type { ExpiringKeys } from '../../src/index.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { within } from '../support/wait.ts'
import { clients, type OpenClient, openIoRedis } from './clients.ts'

/** More than the 2 seconds that are promised, on a machine that is busy. */
const SETTLED_MS = 10_000

/** What each method rejects with. */
async function failures(keys: ExpiringKeys): Promise<readonly RedisError[]> {
  const uses = [
    keys.get('away'),
    keys.set('away', 'v', 60),
    keys.setIfAbsent('away', 'v', 60),
    keys.compareAndSet('away', 'e', 'v', 60),
  ]
  const outcomes = await within(Promise.allSettled(uses), 'end of all calls', SETTLED_MS)
  return outcomes.map((outcome) => {
    assert.ok(outcome.status === 'rejected')
    assert.equal(outcome.reason.name, 'RedisError')
    return outcome.reason
  })
}

/** Uses a key until Redis has an answer again. */
async function answered(keys: ExpiringKeys): Promise<void> {
  for (let limit = Date.now() + 30_000; ; ) {
    try {
      return await keys.set('back', 'v', 60)
    } catch (error) {
      if (Date.now() > limit) throw error
      // It may be refused at once while there is no connection.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

describe('a Redis that is out of order', { skip: redisMissing, timeout: 300_000 }, () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server?.stop())

  for (const [name, open] of Object.entries(clients)) {
    test(`killed, and started again: ${name}`, async () => {
      const { client, close } = await open(server.url)
      try {
        const keys = redisKeys(client)
        await keys.set('away', 'e', 60)
        await server.kill()
        await failures(keys)
        await server.restart()
        await answered(keys)
        assert.equal(await keys.get('away'), undefined)
        assert.equal(await keys.setIfAbsent('away', 'e', 60), true)
        assert.equal(await keys.compareAndSet('away', 'e', 'v', 60), true)
      } finally {
        close()
      }
    })

    test(`that stands still, and goes on: ${name}`, async () => {
      const { client, close } = await open(server.url)
      try {
        const keys = redisKeys(client)
        await keys.get('away')
        server.freeze()
        for (const { problem } of await failures(keys)) {
          assert.equal(
            problem,
            name === 'ioredis' ? 'Command timed out' : 'no answer within 2000 ms',
          )
        }
        server.thaw()
        await answered(keys)
        assert.equal(await keys.get('back'), 'v')
      } finally {
        server.thaw()
        close()
      }
    })
  }

  test('a client with the settings it comes with keeps no call waiting either', async () => {
    const redis = new Redis(server.url)
    redis.on('error', () => {})
    try {
      const keys = redisKeys(redis)
      await keys.get('away')
      server.freeze()
      for (const { problem } of await failures(keys)) {
        assert.equal(problem, 'no answer within 2000 ms')
      }
    } finally {
      server.thaw()
      redis.disconnect()
    }
  })

  describe('an answer that is lost with the connection', () => {
    const defaults = async (url: string): Promise<OpenClient> => {
      const client = new Redis(url)
      client.on('error', () => {})
      return { client, raw: client, close: () => client.disconnect() }
    }
    for (const [title, open, expected] of [
      ...Object.entries(clients).map(([name, one]) => [name, one, 'RedisError'] as const),
      // It sends the command again, and then there is a value: its own.
      ['ioredis with the settings it comes with', defaults, false],
    ] as const) {
      test(`${title}: ${expected === false ? 'is another one' : 'is told'}`, async () => {
        const relay = await startRelay(server.port)
        const { client, close } = await open(relay.url)
        const direct = openIoRedis(server.url)
        try {
          const prefix = `lost by ${title}:`
          const keys = redisKeys(client, { prefix })
          await keys.get('a')
          relay.loseNextAnswer()
          const outcome = await Promise.resolve(keys.setIfAbsent('a', 'v', 60)).catch((e) => e.name)
          assert.equal(outcome, expected)
          assert.equal(await direct.get(`${prefix}a`), 'v')
        } finally {
          close()
          direct.disconnect()
          await relay.close()
        }
      })
    }
  })

  test('what a login that is refused rejects with does not hold the password', async () => {
    const redis = openIoRedis(server.url.replace('//', '//somebody:s3cret-of-redis@'))
    const heard: unknown[] = []
    redis.on('error', (error) => heard.push(error))
    try {
      for (const failure of await failures(redisKeys(redis))) {
        assert.match(failure.message, /^Redis: WRONGPASS /)
        assert.doesNotMatch(inspect(failure, { depth: 9, showHidden: true }), /s3cret/)
      }
      // Which is what the error of the client does.
      assert.match(inspect(heard, { depth: 9 }), /s3cret/)
    } finally {
      redis.disconnect()
    }
  })
})

interface Relay {
  readonly url: string
  /** Passes on what comes next from the client, and cuts the connection in the place of an answer. */
  loseNextAnswer(): void
  close(): Promise<void>
}

/** Relays to a port of 127.0.0.1. */
async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let isLosing = false
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    const pair = [client, redis]
    const end = () => {
      for (const socket of pair) {
        socket.destroy()
        sockets.delete(socket)
      }
    }
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', end)
    }
    client.pipe(redis)
    redis.on('data', (chunk) => {
      if (!isLosing) {
        client.write(chunk)
        return
      }
      isLosing = false
      end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as { port: number }
  return {
    url: `redis://127.0.0.1:${own}`,
    loseNextAnswer() {
      isLosing = true
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
