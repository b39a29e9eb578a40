/**
 * Presence where a clock is wrong, or is set: what was dated in the future is got over with the next
 * event, and no device is there for longer because the wall clock was set back.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type PresenceTracker, presenceTracker } from '../../src/index.ts'
import { MAX_AHEAD_MS, TAKEOVER_HOLD_MS } from '../../src/presence/client.ts'
import { Clocks } from '../support/clocks.ts'
import { weatherStation } from './fixture.ts'

const HOUR = 3_600_000
const SECOND = 1_000
const device = { type: 'weatherstation', id: 'STATION-001' }
const SILENCE_MS = weatherStation.heartbeat * 2_500

/** A device's broker, with a clock of its own, and what happens to it and to our clock. */
class Site {
  readonly clocks: Clocks
  readonly presence: PresenceTracker = presenceTracker({ types: [weatherStation] })
  /** How far the broker's clock is ahead of the true time. */
  ahead = 0
  #began = 0

  constructor(clocks: Clocks) {
    this.clocks = clocks
  }

  get #time(): number {
    return Date.now() + this.ahead
  }

  get #ref() {
    const connection = `10.0.0.9:${this.#began}`
    return { broker: 'default', clientId: 'c-1', connection, connectedAt: this.#began, device }
  }

  connect(): void {
    this.clocks.pass(SECOND)
    this.#began = this.#time
    this.presence.connected(this.#ref)
  }

  disconnect(takenOver = false): void {
    this.clocks.pass(SECOND)
    this.presence.disconnected({ ...this.#ref, disconnectedAt: this.#time, takenOver })
  }

  /** Sets our clock, and the broker's with it where they are one machine. */
  set(ms: number, isOneMachine: boolean): void {
    this.clocks.pass(SECOND)
    this.clocks.setWall(ms)
    if (!isOneMachine) this.ahead -= ms
  }

  get connected() {
    return this.presence.of(weatherStation, device.id).connected
  }
}

type Step = (site: Site) => void
const on: Step = (site) => site.connect()
const off: Step = (site) => site.disconnect()
const taken: Step = (site) => site.disconnect(true)
const broker =
  (ms: number): Step =>
  (site) => {
    site.clocks.pass(SECOND)
    site.ahead += ms
  }
const both =
  (ms: number): Step =>
  (site) =>
    site.set(ms, true)
const ours =
  (ms: number): Step =>
  (site) =>
    site.set(ms, false)
const late =
  (ms: number): Step =>
  (site) =>
    site.clocks.pass(ms)

describe('connected', () => {
  const rows: [string, Step[], boolean][] = [
    ['the broker an hour ahead: a connection', [broker(HOUR), on], true],
    ['its end', [broker(HOUR), on, off], false],
    ['the next one', [broker(HOUR), on, off, on], true],
    ['the broker ahead, then set right: an end', [broker(HOUR), on, broker(-HOUR), off], false],
    ['and the next one', [broker(HOUR), on, broker(-HOUR), off, on], true],
    ['the next one, its end lost', [broker(HOUR), on, broker(-HOUR), on, off], false],
    ['ended before it was set right', [broker(HOUR), on, off, broker(-HOUR), on], true],
    ['both set back: the connection stands', [on, both(-HOUR)], true],
    ['both set back: its end', [on, both(-HOUR), off], false],
    ['both set back: the next one', [on, off, both(-HOUR), on], true],
    ['both set back: the next one, and its end', [on, off, both(-HOUR), on, off], false],
    ['both set back: the device stays away', [on, off, both(-HOUR)], false],
    ['both set back, before the end of the first: the next', [on, both(-HOUR), off, on], true],
    ['ours set back: a connection', [ours(-HOUR), on], true],
    ['ours set back: the end of one', [on, ours(-HOUR), off], false],
    ['ours set back: the next one', [on, off, ours(-HOUR), on], true],
    ['ours set back, and right again: the end', [ours(-HOUR), on, ours(HOUR), off], false],
    ['ours set back, and right again: the next', [ours(-HOUR), on, off, ours(HOUR), on], true],
    ['ours set on: the end of one', [on, ours(HOUR), off], false],
    ['ours set on, and right again: the next', [ours(HOUR), on, off, ours(-HOUR), on], true],
    ['both set on and back: the next', [both(HOUR), on, off, both(-HOUR), on], true],
    ['a take-over that nobody follows, at once', [on, taken], true],
    ['the same, a minute later', [on, taken, late(TAKEOVER_HOLD_MS)], false],
    ['the same, both set back', [on, taken, both(-HOUR), late(TAKEOVER_HOLD_MS)], false],
    ['a broker less than a minute ahead', [broker(MAX_AHEAD_MS - SECOND), on, off, on], true],
  ]
  for (const [title, steps, connected] of rows) {
    test(`${title}: ${connected}`, () => {
      using clocks = new Clocks()
      const site = new Site(clocks)
      for (const step of steps) step(site)
      assert.equal(site.connected, connected)
    })
  }

  test('an event that comes late counts in the order of the times, up to a minute ahead', () => {
    using clocks = new Clocks()
    const { presence } = new Site(clocks)
    const at = (ms: number) => ({
      broker: 'b',
      clientId: 'c-1',
      device,
      connectedAt: Date.now() + ms,
    })
    presence.connected(at(MAX_AHEAD_MS))
    presence.disconnected(at(0))
    presence.connected(at(1))
    assert.equal(presence.of(weatherStation, device.id).connected, true)
    assert.equal(presence.of(weatherStation, device.id).since, Date.now() + MAX_AHEAD_MS)
  })
})

describe('fresh', () => {
  for (const [jump, ms] of [
    ['set back by an hour', -HOUR],
    ['set on by an hour', HOUR],
    ['left alone', 0],
  ] as const) {
    test(`a device falls silent in time, the wall clock ${jump}`, () => {
      using clocks = new Clocks()
      const { presence } = new Site(clocks)
      const changes: boolean[] = []
      presence.onChange(({ presence: { fresh } }) => void changes.push(fresh))
      presence.heard(device)
      clocks.setWall(ms)
      clocks.pass(SILENCE_MS)
      presence.sweep()
      assert.deepEqual(changes, [true])
      clocks.pass(1)
      presence.sweep()
      assert.deepEqual(changes, [true, false])
      presence.heard(device, Date.now())
      assert.deepEqual(changes, [true, false, true])
      assert.equal(presence.of(weatherStation, device.id).lastHeard, Date.now())
    })
  }

  test('a message dated in the future counts as one that comes now', () => {
    using clocks = new Clocks()
    const { presence } = new Site(clocks)
    presence.heard(device, Date.now() + HOUR)
    assert.equal(presence.of(weatherStation, device.id).lastHeard, Date.now())
    clocks.pass(SILENCE_MS + 1)
    assert.equal(presence.of(weatherStation, device.id).fresh, false)
  })

  test('a message dated before one that was heard changes nothing', () => {
    using clocks = new Clocks()
    const { presence } = new Site(clocks)
    presence.heard(device)
    const before = presence.of(weatherStation, device.id)
    presence.heard(device, Date.now() - SECOND)
    assert.deepEqual(presence.of(weatherStation, device.id), before)
  })
})
