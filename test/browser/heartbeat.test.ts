/**
 * How a page keeps its connection alive, and what it notices of a sleep, on a clock that a test advances.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { onAwake, pauseUntilAwake } from '../../adapters/browser/awake.ts'
import { startHeartbeat } from '../../adapters/browser/heartbeat.ts'
import { type Clock, clock, replaceClock } from '../../src/base/clock.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts'

/** A keepalive of 120 s. */
const KEEPALIVE = 120_000

let time: VirtualClock
let page: FakePage
const restores: (() => void)[] = []

/** The globals of a page that are listened to. */
class FakePage extends EventTarget {
  readonly document: EventTarget & { visibilityState: string } = Object.assign(new EventTarget(), {
    visibilityState: 'visible',
  })
  readonly #before = { ...globalThis } as Record<string, unknown>
  readonly #names = ['addEventListener', 'removeEventListener', 'document'] as const

  constructor() {
    super()
    const values = {
      addEventListener: this.addEventListener.bind(this),
      removeEventListener: this.removeEventListener.bind(this),
      document: this.document,
    }
    for (const name of this.#names) {
      this.#before[name] = (globalThis as Record<string, unknown>)[name]
      Object.defineProperty(globalThis, name, {
        value: values[name],
        configurable: true,
        writable: true,
      })
    }
  }

  online(): void {
    this.dispatchEvent(new Event('online'))
  }

  look(visibilityState: string): void {
    this.document.visibilityState = visibilityState
    this.document.dispatchEvent(new Event('visibilitychange'))
  }

  restore(): void {
    for (const name of this.#names) {
      Object.defineProperty(globalThis, name, {
        value: this.#before[name],
        configurable: true,
        writable: true,
      })
    }
  }
}

/** A heart that beats over a broker which answers at once, until it is silent. */
function beating(keepalive = KEEPALIVE) {
  const begun = clock().date()
  const seen = { pings: [] as number[], lost: [] as string[], isSilent: false, heardAt: begun }
  const ping = () => {
    seen.pings.push((clock().date() - begun) / 1000)
    if (!seen.isSilent) seen.heardAt = clock().date()
  }
  const lost = (text: string) => {
    seen.lost.push(text)
    stop()
  }
  const stop = startHeartbeat(keepalive, () => seen.heardAt, ping, lost)
  return { seen, stop }
}

beforeEach(() => {
  page = new FakePage()
  time = virtualClock()
})
afterEach(() => {
  for (const restore of restores.splice(0).reverse()) restore()
  time.close()
  page.restore()
})

/** Lets no timer run for a while, as in a machine that sleeps: its clock goes on, its timers wait. */
async function sleep(seconds: number): Promise<void> {
  const inner = clock()
  let shift = 0
  const late: Clock = {
    now: () => inner.now() + shift,
    date: () => inner.date() + shift,
    after: (delay, run, isIdle) => inner.after(delay, run, isIdle),
    soon: (run) => inner.soon(run),
  }
  restores.push(replaceClock(late))
  shift = seconds * 1000
  await time.advance(10)
}

describe('pings', () => {
  test('go at half of the keepalive, for as long as they are answered', async () => {
    const { seen, stop } = beating()
    await time.advance(300)
    assert.deepEqual(seen.pings, [60, 120, 180, 240, 300])
    assert.deepEqual(seen.lost, [])
    stop()
    await time.advance(300)
    assert.equal(seen.pings.length, 5)
    assert.equal(time.waiting, 0)
  })

  test('that are not answered in another half end the connection', async () => {
    const { seen } = beating()
    seen.isSilent = true
    await time.advance(119)
    assert.deepEqual(seen.lost, [])
    await time.advance(1)
    assert.deepEqual(seen.lost, ['the broker does not answer'])
    assert.equal(time.waiting, 0)
  })

  test('go soon enough where timers run once a minute', async () => {
    // A broker ends the connection after 180 s.
    for (const keepalive of [120_000, 300_000]) {
      const { seen, stop } = beating(keepalive)
      await time.advance(900)
      const gaps = seen.pings.map((at, i) => at - (seen.pings[i - 1] ?? 0))
      assert.ok(
        gaps.every((gap) => gap + 60 <= (1.5 * keepalive) / 1000),
        `${gaps}`,
      )
      stop()
    }
  })
})

describe('a page', () => {
  test('that slept longer than the broker waits ends the connection at once', async () => {
    const { seen } = beating()
    await sleep(3_600)
    assert.deepEqual(seen.lost, ['the page slept, and the broker did not wait'])
    assert.deepEqual(seen.pings, [])
  })

  test('that slept for less asks, and goes on if it is answered', async () => {
    const { seen, stop } = beating()
    await sleep(120)
    assert.equal(seen.pings.length, 1)
    seen.heardAt = clock().date()
    await time.advance(10)
    assert.deepEqual(seen.lost, [])
    stop()
  })

  test('that slept for less asks, and ends the connection 5 s later if it is not', async () => {
    const { seen } = beating()
    seen.isSilent = true
    await sleep(120)
    assert.equal(seen.pings.length, 1)
    await time.advance(5)
    assert.deepEqual(seen.lost, ['the broker does not answer'])
  })

  for (const [what, wake] of [
    ['online', () => page.online()],
    ['visible', () => page.look('visible')],
  ] as const) {
    test(`that becomes ${what} asks at once whether the broker is there`, async () => {
      const { seen } = beating()
      seen.isSilent = true
      await time.advance(20)
      wake()
      assert.deepEqual(seen.pings, [20])
      // Not once more for each such event.
      wake()
      assert.deepEqual(seen.pings, [20])
      await time.advance(5)
      assert.deepEqual(seen.lost, ['the broker does not answer'])
    })
  }

  test('that is hidden asks nothing', async () => {
    const { seen, stop } = beating()
    page.look('hidden')
    assert.deepEqual(seen.pings, [])
    stop()
  })
})

describe('a pause', () => {
  const never = new AbortController().signal

  for (const [what, wake] of [
    ['online', () => page.online()],
    ['visible', () => page.look('visible')],
  ] as const) {
    test(`ends when the page becomes ${what}`, async () => {
      const paused = pauseUntilAwake(1_000_000, never)
      wake()
      await paused
    })
  }

  test('lasts while the page is hidden, and ends with its time', async () => {
    let isOver = false
    const paused = pauseUntilAwake(50, never).then(() => {
      isOver = true
    })
    page.look('hidden')
    await Promise.resolve()
    assert.equal(isOver, false)
    await paused
  })

  test('ends when it is aborted', async () => {
    await pauseUntilAwake(1_000_000, AbortSignal.abort())
  })
})

test('listeners are taken away', () => {
  let count = 0
  const over = new AbortController()
  onAwake(() => count++, over.signal)
  page.online()
  page.look('visible')
  page.look('hidden')
  assert.equal(count, 2)
  over.abort()
  page.online()
  page.look('visible')
  assert.equal(count, 2)
})
