/**
 * The same over sockets to a real server: bodies in pieces, cut off, with another length than told,
 * slow, and long, and what they leave behind in memory.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { brokenRequests } from '../hono/fuzz/broken.ts'
import {
  app,
  type Bytes,
  check,
  checkNothingPolluted,
  denial,
  isSame,
  questions,
  routes,
  type Send,
} from '../hono/fuzz/check.ts'
import { type Envelope, plainEnvelope } from '../hono/fuzz/envelope.ts'
import { head, RawConnection, serveHttp } from '../hono/fuzz/http.ts'
import type { Answer } from '../hono/fuzz/language.ts'
import { headersOf, pathOf } from '../hono/fuzz/mount.ts'
import { garbage, mutateBody } from '../hono/fuzz/mutate.ts'
import { type Draw, draw, FUZZ_RUNS, SEEDED } from '../support/fuzz-seed.ts'

/** Requests to each route. */
const REQUESTS = Math.ceil(100 * FUZZ_RUNS)
/** Bodies of 10 MB. */
const LONG_BODIES = 200
/** Requests under as many user names. */
const STRANGERS = 10_000
const LONG = new Uint8Array(10_000_000).fill(0x78)
/** How much more may be in use, in bytes, after all of them: less than one. */
const GROWTH = 5_000_000
/** Milliseconds in which a body has surely come in time: it is given 4 seconds. */
const BODY_TIME = 3_500

const server = await serveHttp(app)
const { port } = server
after(() => server.close())

const utf8 = new TextEncoder()

/** Sends the bytes as they are, on a connection of their own. */
function sendRaw(
  write: (connection: RawConnection, envelope: Envelope, body: Bytes) => unknown,
): Send {
  return async (envelope, body) => {
    const connection = new RawConnection(port)
    try {
      await write(connection, envelope, body)
      return await connection.answer()
    } finally {
      connection.close()
    }
  }
}

function start(
  { method, path, headers }: Envelope,
  more: Readonly<Record<string, string>>,
): string {
  return head(method, path, { ...headers, ...more })
}

/** Cuts a body into pieces. */
function pieces(body: Uint8Array, random: Draw): readonly Uint8Array[] {
  const ends = Array.from({ length: 1 + random.below(6) }, () => random.below(body.length + 1))
  const bounds = [0, ...ends.sort((a, b) => a - b), body.length]
  return bounds.slice(1).map((end, i) => body.slice(bounds[i]!, end))
}

/** How a body gets there. */
const WAYS: Readonly<Record<string, (random: Draw) => Send>> = {
  'with its length': () =>
    sendRaw(async (connection, envelope, body) => {
      await connection.send(start(envelope, { 'content-length': String(body.length) }))
      await connection.send(body)
    }),
  'in pieces': (random) =>
    sendRaw(async (connection, envelope, body) => {
      await connection.send(start(envelope, { 'content-length': String(body.length) }))
      for (const piece of pieces(body, random)) {
        await connection.send(piece)
        await new Promise(setImmediate)
      }
    }),
  'in chunks': (random) =>
    sendRaw(async (connection, envelope, body) => {
      await connection.send(start(envelope, { 'transfer-encoding': 'chunked' }))
      for (const piece of pieces(body, random).filter(({ length }) => length > 0)) {
        await connection.send(`${piece.length.toString(16)}\r\n`)
        await connection.send(piece)
        await connection.send('\r\n')
      }
      await connection.send('0\r\n\r\n')
    }),
}

/** What Node's server answers by itself to what is no HTTP. */
const NO_HTTP = [400, 408, 413, 431]

/** Whether a good question is answered. */
async function isServed(): Promise<boolean> {
  const [, product, route] = routes[0]!
  const [call] = questions(product, route)
  const envelope = {
    method: 'POST',
    path: pathOf(product, route.path),
    headers: headersOf(product, call!),
  }
  const way = WAYS['with its length']!(draw('served'))
  return check(product, route, envelope, utf8.encode(call!.body) as Bytes, way)
}

describe('over HTTP', () => {
  for (const [title, product, route] of routes) {
    test(`${title}: ${REQUESTS} requests ${SEEDED}`, async () => {
      const random = draw(`http ${title}`)
      const asked = questions(product, route)
      for (let i = 0; i < REQUESTS; i++) {
        const call = random.one(asked)
        const kind = random.below(8)
        const body = (
          kind < 2 ? garbage(random) : kind < 6 ? mutateBody(call, random) : utf8.encode(call.body)
        ) as Bytes
        const { 'content-length': _, ...headers } = plainEnvelope(
          product,
          call,
          body,
          random,
        ).headers
        const path = pathOf(product, route.path)
        const way = random.one(Object.values(WAYS))(random)
        await check(product, route, { method: 'POST', path, headers }, body, way)
      }
      checkNothingPolluted()
    })

    test(`${title}: what is no HTTP is granted nothing ${SEEDED}`, async () => {
      const random = draw(`no http ${title}`)
      const asked = questions(product, route)
      for (let i = 0; i < REQUESTS / 20; i++) {
        const call = random.one(asked)
        const body = utf8.encode(call.body)
        const { 'content-length': _, ...plain } = headersOf(product, call) as Record<string, string>
        const path = pathOf(product, route.path)
        for (const [name, bytes] of brokenRequests(path, plain, body, random)) {
          const connection = new RawConnection(port)
          await connection.send(bytes)
          connection.finish()
          const answer = await connection.answer()
          connection.close()
          const isRefused = answer === undefined || NO_HTTP.includes(answer.status)
          assert.ok(
            isRefused || isSame(answer, denial(route)),
            `${name}: ${JSON.stringify(answer)}`,
          )
        }
      }
      assert.ok(await isServed())
    })
  }
})

describe('a body that is slow', () => {
  /** Sends a part of a body now and then, until there is an answer. */
  async function drip(send: (i: number) => Promise<void>, connection: RawConnection) {
    const started = performance.now()
    let i = 0
    const timer = setInterval(() => void send(i++), 200)
    const answer = await connection.answer()
    clearInterval(timer)
    connection.close()
    return { answer, took: performance.now() - started }
  }

  test('is denied on every route within 5 s', async () => {
    const slow = routes.flatMap(([title, product, route]) => {
      const call = questions(product, route)[0]!
      const headers = headersOf(product, call)
      const path = pathOf(product, route.path)
      const ways: Record<string, () => Promise<{ answer: Answer | undefined; took: number }>> = {
        'byte by byte': async () => {
          const connection = new RawConnection(port)
          await connection.send(head('POST', path, { ...headers, 'content-length': '500' }))
          return drip((i) => connection.send(call.body.slice(i, i + 1)), connection)
        },
        'chunk by chunk': async () => {
          const connection = new RawConnection(port)
          await connection.send(head('POST', path, { ...headers, 'transfer-encoding': 'chunked' }))
          return drip((i) => connection.send(`1\r\n${call.body.charAt(i)}\r\n`), connection)
        },
        'too long, and without end': async () => {
          const connection = new RawConnection(port)
          await connection.send(head('POST', path, { ...headers, 'content-length': '10000000' }))
          return drip(() => connection.send(LONG.subarray(0, 20_000)), connection)
        },
        never: async () => {
          const connection = new RawConnection(port)
          await connection.send(head('POST', path, { ...headers, 'content-length': '500' }))
          return drip(async () => {}, connection)
        },
      }
      return Object.entries(ways).map(async ([name, way]) => {
        const { answer, took } = await way()
        const late = denial(route, 'POST', true)
        assert.deepEqual(answer, late, `${title} ${name}`)
        assert.ok(took > 3_500 && took < 5_000, `${title} ${name}: ${Math.round(took)} ms`)
      })
    })
    await Promise.all(slow)
    assert.ok(await isServed())
  })
})

describe('memory', () => {
  /** The bytes in use once nothing is kept that can be let go. */
  async function bytesInUse(): Promise<number> {
    const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
      import('node:v8'),
      import('node:vm'),
    ])
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    for (let i = 0; i < 3; i++) {
      await new Promise(setImmediate)
      collect()
    }
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }

  /**
   * Denies bodies of 10 MB on a few connections, each of which is used to the end; or until a body came
   * too late, as it may on a busy machine: then the rest of it is not read, which ends the connection.
   */
  async function sendLong(count: number): Promise<void> {
    const each = async (offset: number) => {
      let connection = new RawConnection(port)
      for (let i = 0; i < count / 4; i++) {
        const [title, product, route] = routes[(i * 4 + offset) % routes.length]!
        const headers = headersOf(product, questions(product, route)[0]!)
        const isTold = i % 2 === 0
        const began = performance.now()
        const length = isTold
          ? { 'content-length': String(LONG.length) }
          : { 'transfer-encoding': 'chunked' }
        await connection.send(head('POST', pathOf(product, route.path), { ...headers, ...length }))
        if (!isTold) await connection.send(`${LONG.length.toString(16)}\r\n`)
        await connection.send(LONG)
        if (!isTold) await connection.send('\r\n0\r\n\r\n')
        const answer = await connection.answer()
        const isLate = performance.now() - began > BODY_TIME
        if (!isLate || !answer || !isSame(answer, denial(route, 'POST', true))) {
          assert.deepEqual(answer, denial(route), title)
        }
        if (!isLate) continue
        connection.close()
        connection = new RawConnection(port)
      }
      connection.close()
    }
    await Promise.all([0, 1, 2, 3].map(each))
  }

  test(`does not grow with ${LONG_BODIES} bodies of 10 MB`, async () => {
    await sendLong(40)
    const before = await bytesInUse()
    await sendLong(LONG_BODIES)
    const grown = (await bytesInUse()) - before
    assert.ok(grown < GROWTH, `${grown} bytes`)
  })

  test(`does not grow with ${STRANGERS} requests of as many strangers`, async () => {
    const random = draw('strangers')
    const all = routes.map((one) => [...one, questions(one[1], one[2])] as const)
    const ask = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const [title, product, route, asked] = random.one(all)
        const call = random.one(asked)
        const name = `${i}-${random.below(2 ** 31)}-${'x'.repeat(100)}`
        const body = utf8.encode(call.body.replace(/pump(\/|%2F)P-1/g, name)) as Bytes
        const envelope = plainEnvelope(product, call, body, random)
        const isGranted = await check(product, route, envelope, body)
        // What RabbitMQ asks of its own things is granted to everybody, and nothing by itself.
        assert.ok(!isGranted || /^rabbitmq\/(vhost|resource)$/.test(title), title)
      }
    }
    // What is kept of failed logins and of who was asked about is bounded: first it is filled.
    await ask(STRANGERS)
    const before = await bytesInUse()
    await ask(STRANGERS)
    const grown = (await bytesInUse()) - before
    assert.ok(grown < GROWTH, `${grown} bytes`)
  })
})
