/**
 * How much of what a hub has in hand a failing device may hold while it waits to be tried again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { clock as currentClock } from '../../src/base/clock.ts'
import { deviceQueue, SHARE } from '../../src/hub/device-queue.ts'
import { retrier } from '../../src/hub/retry.ts'
import { type DeviceStore, type HubOptions, memoryKeys, memoryStore } from '../../src/index.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { bytes, fixture, parse, weatherStation } from './fixture.ts'

const ATTEMPTS = 5
const HOUR = 3_600_000
/** All pauses of one message. */
const ROW = (1 + 2 + 4 + 8) * HOUR

type Options = Partial<HubOptions> & { readonly store?: DeviceStore }

/** What a hub tries again, and how to have it call a function for each try. */
const parts: Readonly<
  Record<
    string,
    (attempt: (device: string) => void) => {
      readonly options?: Options
      readonly handle?: (device: string) => void | Promise<void>
    }
  >
> = {
  'a handler that throws': (attempt) => ({ handle: attempt }),
  'a handler that rejects': (attempt) => ({ handle: async (device) => attempt(device) }),
  'the store of devices': (attempt) => {
    const store = memoryStore()
    const get: DeviceStore['get'] = async (type, id) => {
      attempt(id)
      return store.get(type, id)
    }
    return { options: { store: { ...store, get } } }
  },
  'the keys of seen ids, when they are asked': (attempt) => {
    const get = (key: string) => {
      attempt(key.split('/')[3]!)
      return undefined
    }
    return { options: { seen: { ...memoryKeys(), get } } }
  },
  'the keys of seen ids, when they are told': (attempt) => ({
    options: { seen: { ...memoryKeys(), set: (key) => attempt(key.split('/')[3]!) } },
  }),
}

/** A hub where a part fails for the devices A and C, and what it did. */
async function failing(part: string) {
  let isDown = false
  const tries: Record<string, number> = {}
  const { options, handle } = parts[part]!((device) => {
    if (!isDown) return
    tries[device] = (tries[device] ?? 0) + 1
    if (device !== 'B') throw new Error('down')
  })
  const given: string[] = []
  const f = await fixture({
    retry: { attempts: ATTEMPTS, delay: HOUR / 1_000, maxDelay: (8 * HOUR) / 1_000 },
    deadLetter({ device, message, attempts }) {
      assert.equal(attempts, ATTEMPTS)
      given.push(`${device.id}${parse(message).temperature}`)
    },
    ...options,
  })
  f.hub.onRejected(() => {})
  f.hub.onData(weatherStation, ({ device }) => handle?.(device.id))
  for (const id of ['A', 'B', 'C']) await f.fleet.provision(weatherStation, id)
  await f.hub.start()
  isDown = true
  let count = 0
  return {
    ...f,
    tries,
    given,
    /** Publishes a message for each of these devices, all at once. */
    say: (devices: string) =>
      Promise.all(
        [...devices].map((device) =>
          f.devices.publish({
            topic: `things/weatherstation/${device}/data`,
            payload: bytes({ temperature: count }),
            userProperties: { 'message-id': `${count++}` },
          }),
        ),
      ),
  }
}

describe(`a device of which the hub has at most ${SHARE} messages keeps its pauses`, () => {
  /** What comes at once, and how often a message of each device was tried when an hour begins. */
  const rows: [title: string, devices: string, tries: Record<string, number>][] = [
    ['one', 'A', { A: 1 }],
    ['as many as may be', 'A'.repeat(SHARE), { A: 1 }],
    ['one more: the first is tried without', 'A'.repeat(SHARE + 1), { A: ATTEMPTS + 1 }],
    ['three more', 'A'.repeat(SHARE + 3), { A: 3 * ATTEMPTS + 1 }],
    ['far more than the window holds', 'A'.repeat(200), { A: (200 - SHARE) * ATTEMPTS + 1 }],
    ['and another one beside it', `${'A'.repeat(SHARE)}B`, { A: 1, B: 1 }],
    [
      'more, and another one behind them',
      `${'A'.repeat(200)}B`,
      { A: (200 - SHARE) * ATTEMPTS + 1, B: 1 },
    ],
    ['two that fail, each as many as may be', 'AC'.repeat(SHARE), { A: 1, C: 1 }],
    [
      'two that fail, and only one has more',
      `${'A'.repeat(SHARE + 1)}C`,
      { A: ATTEMPTS + 1, C: 1 },
    ],
    ['one that does not fail, beside one that does', 'AB', { A: 1, B: 1 }],
  ]
  for (const part of Object.keys(parts)) {
    for (const [title, devices, expected] of rows) {
      test(`${part}: ${title}`, async () => {
        const { tries, given, say, hub, devices: field } = await failing(part)
        using clock = virtualClock()
        await say(devices)
        await clock.advance((HOUR - 1) / 1_000)
        assert.deepEqual(tries, expected)
        await clock.advance((devices.length * ROW) / 1_000)
        for (const device of ['A', 'C']) {
          const all = [...devices].flatMap((one, i) => (one === device ? [`${one}${i}`] : []))
          assert.deepEqual(
            given.filter((one) => one.startsWith(device)),
            all,
          )
          assert.equal(tries[device] ?? 0, all.length * ATTEMPTS)
        }
        await Promise.all([hub.close(), field.close()])
      })
    }
  }

  test('and a pause that has begun ends with the message that is too many', async () => {
    const { tries, given, say, hub, devices } = await failing('a handler that throws')
    using clock = virtualClock()
    await say('A'.repeat(SHARE))
    await clock.advance((HOUR + 1) / 1_000)
    assert.deepEqual(tries, { A: 2 })
    await say('A')
    await clock.advance(0)
    assert.deepEqual(tries, { A: ATTEMPTS + 1 })
    assert.deepEqual(given, ['A0'])
    await clock.advance((SHARE * ROW) / 1_000)
    assert.equal(given.length, SHARE + 1)
    await Promise.all([hub.close(), devices.close()])
  })

  test('and whatever else is due comes between two tries without a pause', async () => {
    const { tries, say, hub, devices } = await failing('a handler that throws')
    using clock = virtualClock()
    const seen: (number | undefined)[] = []
    await say('A'.repeat(SHARE + 1))
    currentClock().after(0, () => seen.push(tries.A))
    await clock.advance(0)
    assert.ok(seen[0]! < ATTEMPTS, `${seen[0]} tries came before it`)
    await clock.advance(((SHARE + 1) * ROW) / 1_000)
    await Promise.all([hub.close(), devices.close()])
  })

  test('close() lets the pauses run, and takes no longer than they do', async () => {
    const { given, say, hub, devices } = await failing('a handler that throws')
    using clock = virtualClock()
    await say('A'.repeat(SHARE + 3))
    await clock.advance(0)
    let isClosed = false
    const closing = hub.close().then(() => {
      isClosed = true
    })
    await clock.advance((SHARE * ROW - 1) / 1_000)
    assert.equal(isClosed, false)
    await clock.advance(0.001)
    assert.equal(isClosed, true)
    assert.equal(given.length, SHARE + 3)
    await Promise.all([closing, devices.close()])
  })
})

test('a long row that fails is no deep call, and leaves no timer behind', async () => {
  using clock = virtualClock()
  const queue = deviceQueue(1)
  const retry = retrier({ attempts: 2, delay: 0, maxDelay: 0 }, queue.pause)
  let given = 0
  const fail = () => {
    throw new Error('down')
  }
  const all = Array.from({ length: 5_000 }, (_, i) =>
    queue.run(`${i % 3}`, async () => {
      await Promise.resolve(retry(`${i % 3}`, fail, undefined)).catch(() => given++)
    }),
  )
  await clock.advance(0)
  await Promise.all(all)
  assert.equal(given, 5_000)
  assert.equal(clock.waiting, 0)
})

describe('for any messages', () => {
  const attempts = 3
  const pauses = [8, 16]
  const end = 100_000
  interface Said {
    readonly at: number
    readonly key: string
    /** How often a try of it fails. */
    readonly failures: number
    /** Whether a try that ends does so when it returns. */
    readonly isQuick: boolean
  }
  const said = fc.record({
    at: fc.nat(60),
    key: fc.constantFrom('a', 'a', 'a', 'b', 'c'),
    failures: fc.nat(attempts),
    isQuick: fc.boolean(),
  })
  const messages = fc
    .array(said, { maxLength: 60 })
    .map((all) => all.toSorted((one, other) => one.at - other.at))
  /** When a message was tried, and which one of its device it is. */
  type Log = [at: number, index: number][]

  /** Has a queue handle them, and looks at it after each step. */
  async function handle(all: readonly Said[], concurrency: number) {
    using clock = virtualClock()
    const begun = clock.now
    const now = () => clock.now - begun
    const queue = deviceQueue(concurrency)
    const retry = retrier(
      { attempts, delay: pauses[0]! / 1_000, maxDelay: pauses[1]! / 1_000 },
      async (key, ms) => {
        const from = now()
        waiting.add(key)
        await queue.pause(key, ms)
        waiting.delete(key)
        const isCut = now() - from < ms
        assert.ok(!isCut || inHand[key]! > SHARE, `a pause of ${inHand[key]} was cut`)
      },
    )
    const waiting = new Set<string>()
    const inHand: Record<string, number> = {}
    const logs: Record<string, Log> = {}
    let running = 0
    let ended = 0
    const runs: (void | Promise<void>)[] = []
    const check = () => {
      assert.ok(running <= concurrency, `${running} run at once`)
      for (const key of waiting) assert.ok(inHand[key]! <= SHARE, `${inHand[key]} wait`)
    }
    for (const { at, key, failures, isQuick } of all) {
      if (at > now()) {
        await clock.advance((at - now()) / 1_000)
        check()
      }
      const index = runs.length
      let tries = 0
      const attempt = () => {
        logs[key] = [...(logs[key] ?? []), [now(), index]]
        if (tries++ < failures) throw new Error('down')
      }
      inHand[key] = (inHand[key] ?? 0) + 1
      const done = () => {
        running--
        ended++
        inHand[key]!--
      }
      runs.push(
        queue.run(key, () => {
          running++
          const tried = (() => {
            try {
              return retry(key, isQuick ? attempt : async () => attempt(), undefined)
            } catch {
              return undefined
            }
          })()
          if (tried === undefined) return done()
          return Promise.resolve(tried).then(done, done)
        }),
      )
    }
    await clock.advance(0)
    check()
    await clock.advance(end / 1_000)
    check()
    assert.equal(ended, all.length)
    assert.equal(clock.waiting, 0)
    await Promise.all(runs)
    return logs
  }

  /** The same by the words of the rule alone, one millisecond after the other, for one device. */
  function expected(all: readonly Said[], key: string): Log {
    const log: Log = []
    const row: { index: number; failures: number; tries: number; due: number }[] = []
    const advance = (now: number) => {
      while (row[0] && (row.length > SHARE || row[0].due <= now)) {
        const [first] = row
        log.push([now, first.index])
        first.tries++
        if (first.tries > first.failures || first.tries === attempts) row.shift()
        else first.due = now + pauses[first.tries - 1]!
      }
    }
    for (let now = 0; now < 10_000; now++) {
      advance(now)
      for (const [index, { at, key: of, failures }] of all.entries()) {
        if (at === now && of === key) row.push({ index, failures, tries: 0, due: 0 })
      }
      advance(now)
    }
    return log
  }

  test('each is tried when the rule says, where all devices have room', async () => {
    const property = fc.asyncProperty(messages, async (all) => {
      const logs = await handle(all, 3)
      for (const key of ['a', 'b', 'c']) assert.deepEqual(logs[key] ?? [], expected(all, key))
    })
    await fc.assert(property, { numRuns: 200 })
  })

  test('order, bound and share hold, and all are handled, where they have not', async () => {
    const property = fc.asyncProperty(messages, fc.constantFrom(1, 2), async (all, concurrency) => {
      for (const [key, log] of Object.entries(await handle(all, concurrency))) {
        const tried = all.flatMap(({ key: of, failures }, index) =>
          of === key ? Array(Math.min(failures + 1, attempts)).fill(index) : [],
        )
        assert.deepEqual(
          log.map(([, index]) => index),
          tried,
        )
      }
    })
    await fc.assert(property, { numRuns: 200 })
  })
})
