import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { type BrokerAuthOptions, brokerAuth } from '../../adapters/hono/index.ts'
import { ConfigError, type DeviceStore, memoryStore } from '../../src/index.ts'
import { fastClock } from '../support/fast-clock.ts'
import { ASKING } from '../support/products.ts'
import {
  ACCESS,
  METHODS,
  malformed,
  PASSWORD,
  padded,
  STATION,
  secrets,
  twice,
} from './closed/recorded.ts'
import { ALLOW, captureLog, DENY, fixture, request, SECRET } from './fixture.ts'

// Made here, since a suite cannot wait for anything on every runtime.
const parts = await fixture()

describe('the secret', () => {
  const { ask, log } = parts
  for (const [title, authorization, allowed] of secrets) {
    test(`${title} is ${allowed ? 'let in' : 'refused'}`, async () => {
      log.lines.length = 0
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      assert.deepEqual(await ask('/acl', ACCESS, { headers }), allowed ? ALLOW : DENY)
      assert.equal(log.lines.length, allowed ? 0 : 1)
      assert.ok(!log.lines.join().toLowerCase().includes(SECRET.slice(0, 8)))
      assert.ok(!log.lines.join().includes('another-secret'))
    })
  }

  test('is asked for on both paths, before the body is read', async () => {
    for (const path of ['/auth', '/auth/', '/acl', '/acl/']) {
      log.lines.length = 0
      assert.deepEqual(await ask(path, 'no JSON', { headers: {} }), DENY)
      assert.match(log.lines.join('\n'), /: denied: the broker sent no Authorization header$/)
    }
  })

  test('is not asked for when opened by word', async () => {
    const { fleet } = await fixture()
    const routes = brokerAuth(fleet, { withoutSecret: true, logger: log, products: ASKING })
    const app = new Hono().route('/iot/broker', routes)
    assert.deepEqual(await request(app, '/acl', ACCESS, { headers: {} }), ALLOW)
  })
})

describe('settings', () => {
  const { fleet } = parts
  const rows: [string, unknown, string, RegExp][] = [
    ['nothing', {}, 'secret', /is missing: set/],
    ['an unset variable', { secret: undefined }, 'secret', /is missing: set/],
    ['an empty secret', { secret: '' }, 'secret', /is missing: set/],
    ['a null secret', { secret: null }, 'secret', /is missing: set/],
    ['the placeholder', { secret: 'YOUR-BROKER-SECRET' }, 'secret', /everybody knows it/],
    ['a secret of 15 characters', { secret: 'x'.repeat(15) }, 'secret', /at least 16 characters/],
    ['a secret with a line end', { secret: `${SECRET}\n` }, 'secret', /printable ASCII/],
    ['a secret with a space behind', { secret: `${SECRET} ` }, 'secret', /printable ASCII/],
    ['a secret no header can hold', { secret: 'ж'.repeat(20) }, 'secret', /printable ASCII/],
    ['both', { secret: SECRET, withoutSecret: true }, 'secret', /beside withoutSecret/],
    ['an unset one and the word', { secret: undefined, withoutSecret: true }, 'secret', /beside/],
    ['withoutSecret: false', { withoutSecret: false }, 'secret', /is missing: set/],
    ['withoutSecret: "yes"', { withoutSecret: 'yes' }, 'secret', /is missing: set/],
    ['no bytes', { secret: SECRET, maxBodyBytes: 0 }, 'maxBodyBytes', /1 or more/],
    ['NaN bytes', { secret: SECRET, maxBodyBytes: Number.NaN }, 'maxBodyBytes', /1 or more/],
    ['endless bytes', { secret: SECRET, maxBodyBytes: Infinity }, 'maxBodyBytes', /1 or more/],
  ]
  for (const [title, options, key, problem] of rows) {
    test(`refuses ${title}`, () => {
      assert.throws(
        () => brokerAuth(fleet, options as BrokerAuthOptions),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.equal(error.key, key)
          assert.match(error.message, problem)
          assert.ok(!error.message.includes(SECRET))
          return true
        },
      )
    })
  }
  test('takes a secret of 16 characters', async () => {
    const secret = 'x'.repeat(16)
    const routes = brokerAuth(fleet, { secret, products: ASKING, logger: parts.log })
    const app = new Hono().route('/iot/broker', routes)
    for (const [length, answer] of [
      [16, ALLOW],
      [15, DENY],
      [17, DENY],
    ] as const) {
      const headers = { authorization: `Bearer ${'x'.repeat(length)}` }
      assert.deepEqual(await request(app, '/acl', ACCESS, { headers }), answer)
    }
  })
})

describe('malformed requests', () => {
  const { ask, log, password } = parts
  for (const [title, body, reason] of malformed) {
    test(`${title}: denied`, async () => {
      log.lines.length = 0
      assert.deepEqual(await ask('/auth', body), DENY)
      assert.deepEqual(log.lines, [`warn: broker emqx/auth: denied: ${reason}`])
      assert.deepEqual(await ask('/acl/', body), DENY)
      assert.equal(log.lines.length, 2)
      assert.ok(!log.lines.join().includes(PASSWORD))
    })
  }

  for (const [title, body] of twice(password)) {
    test(`${title} given twice: denied`, async () => {
      log.lines.length = 0
      assert.deepEqual(await ask('/auth', body), DENY)
      assert.match(log.lines.join(), /denied: the body gives a field twice$/)
    })
  }

  test('colons, quotes and backslashes in a value are no second field', async () => {
    const odd = { 'a:b': '":{"', b: '\\":', c: [':', { d: '"' }] }
    const body = { username: STATION, password, clientid: STATION, ...odd }
    assert.match((await ask('/auth', body)).text, /^\{"result":"allow"/)
  })

  for (const method of METHODS) {
    test(`${method}: denied`, async () => {
      for (const path of ['/auth', '/auth/', '/acl', '/acl/']) {
        log.lines.length = 0
        const answer = await ask(path, null, { method })
        // An answer to HEAD has no body.
        assert.deepEqual(answer, method === 'HEAD' ? { ...DENY, text: '' } : DENY)
        assert.equal(log.lines.length, 1)
        assert.match(log.lines[0]!, new RegExp(`denied: the method is ${method}, not POST$`))
      }
    })
  }

  test('texts in the log are cut and hold no control characters', async () => {
    for (const username of ['a\nb\r\u001b[31m\u0085\u2028\u202e\u0000', 'x'.repeat(10_000)]) {
      log.lines.length = 0
      await ask('/auth', { username, password: PASSWORD })
      await ask('/acl', { ...ACCESS, username })
      await ask('/acl', { ...ACCESS, topic: username })
      assert.equal(log.lines.length, 3)
      for (const line of log.lines) {
        assert.match(line, /principal-unknown|topic-malformed|no-rule-grants/)
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        assert.ok(line.length < 1_000)
      }
    }
  })
})

describe('long bodies', async () => {
  const tooLong = ['warn: broker emqx/acl: denied: the body is longer than 16384 bytes']
  const stream = (chunks: Iterable<string>) => {
    const iterator = chunks[Symbol.iterator]()
    return new ReadableStream({
      pull(controller) {
        const { done, value } = iterator.next()
        if (done) controller.close()
        else controller.enqueue(new TextEncoder().encode(value))
      },
    })
  }
  const chunked = (chunks: Iterable<string>): RequestInit =>
    ({ body: stream(chunks), duplex: 'half' }) as RequestInit

  test('16,384 bytes are read, one more is denied', async () => {
    const { ask, log } = await fixture()
    assert.deepEqual(await ask('/acl', padded(16_384)), ALLOW)
    assert.deepEqual(await ask('/acl', padded(16_385)), DENY)
    assert.deepEqual(log.lines, tooLong)
  })

  test('10 MB are denied', async () => {
    const { ask, log } = await fixture()
    assert.deepEqual(await ask('/acl', padded(10_000_000)), DENY)
    assert.deepEqual(log.lines, tooLong)
  })

  test('a limit of one’s own holds', async () => {
    const { ask } = await fixture({ maxBodyBytes: 200 })
    assert.deepEqual(await ask('/acl', padded(200)), ALLOW)
    assert.deepEqual(await ask('/acl', padded(201)), DENY)
  })

  test('a limit of one byte lets nothing through', async () => {
    const { ask, log } = await fixture({ maxBodyBytes: 1 })
    assert.deepEqual(await ask('/acl', '{}'), DENY)
    assert.deepEqual(log.lines, ['warn: broker emqx/acl: denied: the body is longer than 1 bytes'])
  })

  test('a chunked body is read whatever its chunks are', async () => {
    const { ask } = await fixture()
    assert.deepEqual(await ask('/acl', '', chunked(JSON.stringify(ACCESS))), ALLOW)
  })

  test('a chunked body that is too long is denied', async () => {
    const { ask, log } = await fixture()
    const chunks = Array(2_000).fill('x'.repeat(1_000))
    assert.deepEqual(await ask('/acl', '', chunked([JSON.stringify(ACCESS), ...chunks])), DENY)
    assert.deepEqual(log.lines, tooLong)
  })

  test('a length in the header that is too small lets nothing through', async () => {
    const { ask, log } = await fixture()
    const headers = { authorization: `Bearer ${SECRET}`, 'content-length': '10' }
    assert.deepEqual(await ask('/acl', padded(20_000), { headers }), DENY)
    assert.deepEqual(log.lines, tooLong)
  })

  test('a body that breaks off is denied', async () => {
    const { ask, log } = await fixture()
    const body = new ReadableStream({
      start: (controller) => controller.error(new Error('connection lost')),
    })
    assert.deepEqual(await ask('/acl', '', { body, duplex: 'half' } as RequestInit), DENY)
    assert.equal(log.lines.length, 1)
    assert.match(log.lines[0]!, /^error: broker emqx\/acl: denied: deciding failed: /)
  })
})

describe('when something fails', () => {
  function failing(error: unknown): DeviceStore {
    const store = memoryStore()
    return {
      ...store,
      findByUsername: async () => {
        throw error
      },
    }
  }
  const login = { username: STATION, password: PASSWORD }

  test('a store that throws: denied, in one line without a stack', async () => {
    const { ask, log } = await fixture({ store: failing(new Error('no\nconnection')) })
    assert.deepEqual(await ask('/auth', login), DENY)
    assert.deepEqual(await ask('/acl', ACCESS), DENY)
    assert.deepEqual(log.lines, [
      'error: broker emqx/auth: denied: deciding failed: Error: no\\u{a}connection',
      'error: broker emqx/acl: denied: deciding failed: Error: no\\u{a}connection',
    ])
  })

  test('a store that throws something odd: denied', async () => {
    for (const thrown of [undefined, null, PASSWORD, Object.create(null)]) {
      const { ask, log } = await fixture({ store: failing(thrown) })
      assert.deepEqual(await ask('/auth', login), DENY)
      assert.equal(log.lines.length, 1)
      assert.match(log.lines[0]!, /deciding failed: a thrown (undefined|object|string)$/)
    }
  })

  test('a store that never answers: denied before the broker gives up', async () => {
    using clock = fastClock()
    const store = { ...memoryStore(), findByUsername: () => new Promise<never>(() => {}) }
    const { ask, log } = await fixture({ store })
    assert.deepEqual(await ask('/acl', ACCESS), DENY)
    assert.ok(clock.passed() > 3_500 && clock.passed() <= 4_000, `${clock.passed()} ms`)
    assert.deepEqual(log.lines, [
      'error: broker emqx/acl: denied: deciding failed: Error: no decision within 4000 ms',
    ])
  })

  test('a logger that throws: the answer stands', async () => {
    const fail = () => {
      throw new Error('disk full')
    }
    const { ask } = await fixture({ logger: { info: fail, warn: fail, error: fail } })
    assert.deepEqual(await ask('/acl', ACCESS), ALLOW)
    assert.deepEqual(await ask('/acl', { ...ACCESS, action: 'subscribe' }), DENY)
    assert.deepEqual(await ask('/acl', 'no JSON'), DENY)
    assert.deepEqual(await ask('/acl', ACCESS, { headers: {} }), DENY)
  })

  test('without a logger the console has the line', async (t) => {
    const { fleet } = await fixture()
    const log = captureLog()
    const real = console.warn
    t.after(() => {
      console.warn = real
    })
    console.warn = log.warn
    const app = new Hono().route(
      '/iot/broker',
      brokerAuth(fleet, { secret: SECRET, products: ASKING }),
    )
    assert.deepEqual(await request(app, '/auth', login), DENY)
    assert.deepEqual(log.lines, [
      `warn: broker emqx/auth: denied: password-wrong, user name "${STATION}"`,
    ])
  })
})
