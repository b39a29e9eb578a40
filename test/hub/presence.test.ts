/**
 * Presence, event by event: what is known of a device after what was told and heard.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type Broker,
  ConfigError,
  type ConnectionRef,
  defineDeviceType,
  memoryBroker,
  memoryServer,
  type Presence,
  type PresenceChange,
  type PresenceTracker,
  presenceTracker,
} from '../../src/index.ts'
import { TAKEOVER_HOLD_MS } from '../../src/presence/client.ts'
import { Collector } from '../support/wait.ts'
import { bytes, captureLog, fixture, pump, weatherStation } from './fixture.ts'

/** A time, so that others can be told from it. */
const T = 1_700_000_000_000
const STATION = { type: 'weatherstation', id: 'STATION-001' }
const OTHER = { type: 'weatherstation', id: 'STATION-002' }

type Step = (presence: PresenceTracker) => void

function at(connectedAt: number | undefined, more: Partial<ConnectionRef> = {}): ConnectionRef {
  return { broker: 'default', clientId: 'c-1', connectedAt, ...more }
}

const on =
  (connectedAt?: number, more: Partial<ConnectionRef> = {}, device = STATION): Step =>
  (presence) =>
    void presence.connected({ ...at(connectedAt, more), device }, T)
const off =
  (connectedAt?: number, more: Partial<ConnectionRef> & { disconnectedAt?: number } = {}): Step =>
  (presence) =>
    void presence.disconnected({ ...at(connectedAt, more), device: STATION }, T)
const taken =
  (connectedAt?: number, more: Partial<ConnectionRef> & { disconnectedAt?: number } = {}): Step =>
  (presence) =>
    void presence.disconnected({ ...at(connectedAt, more), device: STATION, takenOver: true }, T)

function tracker(steps: readonly Step[] = []): PresenceTracker {
  const presence = presenceTracker({ types: [weatherStation, pump] })
  for (const step of steps) step(presence)
  return presence
}

function connectedAfter(steps: readonly Step[], now = T): Presence['connected'] {
  return tracker(steps).of(weatherStation, STATION.id, now).connected
}

describe('connected, where the broker tells when a connection began', () => {
  const A = { connection: '10.0.0.9:1001' }
  const B = { connection: '10.0.0.9:1002' }
  const other = { clientId: 'c-2' }
  const rows: [string, Step[], Presence['connected']][] = [
    ['nothing', [], 'unknown'],
    ['a connection', [on(1)], true],
    ['its end', [on(1), off(1)], false],
    ['the end alone', [off(1)], false],
    ['the end before the connection', [off(1), on(1)], false],
    ['the connection twice', [on(1), on(1)], true],
    ['both twice', [on(1), off(1), on(1), off(1)], false],
    ['the connection again after its end', [on(1), off(1), on(1)], false],
    ['the next connection', [on(1), off(1), on(2)], true],
    ['the next one, and the end of the first again', [on(1), off(1), on(2), off(1)], true],
    ['a late end of the first', [on(1), on(2), off(1)], true],
    ['the end of the second, a late one of the first', [on(1), on(2), off(2), off(1)], false],
    ['the second alone, a late end of the first', [on(2), off(1)], true],
    ['the second first', [on(2), on(1)], true],
    ['the second first, and its end', [on(2), off(2), on(1)], false],
    ['the end of the second, that of the first lost', [on(1), on(2), off(2)], false],
    ['another client id, and the end of one', [on(1), on(1, other), off(1)], true],
    ['another client id, and both ends', [on(1), on(2, other), off(2, other), off(1)], false],
    ['another broker, and the end on one', [on(1), on(1, { broker: 'b' }), off(1)], true],
    ['the end on another broker', [on(1), off(1, { broker: 'b' })], true],
    ['two within one millisecond, the end of one', [on(1, A), on(1, B), off(1, A)], true],
    ['the same, the end first', [off(1, A), on(1, A), on(1, B)], true],
    ['the same, both ends', [on(1, B), off(1, B), off(1, A), on(1, A)], false],
    ['two within one millisecond that cannot be told apart', [on(1), on(1), off(1)], false],
    ['an end that does not say of which', [on(1, A), off(1)], false],
    ['a take-over in order', [on(1, A), taken(1, A), on(2, B)], true],
    ['a take-over, its event late', [on(1, A), on(2, B), taken(1, A)], true],
    ['a take-over, and the end of the taker', [on(1, A), taken(1, A), on(2, B), off(2, B)], false],
    ['the same, the take-over told last', [on(1, A), on(2, B), off(2, B), taken(1, A)], false],
    ['a take-over, the taker not told of yet', [on(1, A), taken(1, A)], true],
    ['a take-over, told of before anything else', [taken(1, A)], true],
    ['a take-over within one millisecond', [on(1), on(1), taken(1)], true],
    ['the same, told apart', [on(1, A), on(1, B), taken(1, A), off(1, B)], false],
  ]
  for (const [title, steps, connected] of rows) {
    test(`${title}: ${connected}`, () => assert.equal(connectedAfter(steps), connected))
  }
})

describe('connected, where the end does not tell when its connection began', () => {
  const rows: [string, Step[], Presence['connected']][] = [
    ['an end', [on(10), off(undefined, { disconnectedAt: 20 })], false],
    ['an end of before', [on(10), off(undefined, { disconnectedAt: 5 })], true],
    ['an end of the same millisecond', [on(10), off(undefined, { disconnectedAt: 10 })], true],
    ['an end, and the next one', [off(undefined, { disconnectedAt: 20 }), on(30)], true],
    ['a late beginning', [off(undefined, { disconnectedAt: 20 }), on(10)], false],
    ['a take-over dated after its taker', [on(10), taken(undefined, { disconnectedAt: 20 })], true],
    ['a take-over that began it all', [taken(undefined, { disconnectedAt: 20 })], true],
    [
      'a late take-over after the end',
      [on(10), off(undefined, { disconnectedAt: 20 }), taken(undefined, { disconnectedAt: 30 })],
      false,
    ],
  ]
  for (const [title, steps, connected] of rows) {
    test(`${title}: ${connected}`, () => assert.equal(connectedAfter(steps), connected))
  }
})

describe('connected, where the broker tells no times', () => {
  const A = { connection: 'node-a' }
  const B = { connection: 'node-b' }
  const rows: [string, Step[], Presence['connected']][] = [
    ['a connection', [on()], true],
    ['its end', [on(), off()], false],
    ['an end alone', [off()], false],
    ['an end before a connection', [off(), on()], true],
    ['twice, and an end', [on(), on(), off()], false],
    ['once more after its end', [on(), off(), on()], true],
    [
      'moved to another node, the end there late',
      [on(undefined, A), on(undefined, B), off(undefined, A)],
      true,
    ],
    [
      'moved, and ended',
      [on(undefined, A), on(undefined, B), off(undefined, A), off(undefined, B)],
      false,
    ],
    ['an end from no node in particular', [on(undefined, A), off()], false],
  ]
  for (const [title, steps, connected] of rows) {
    test(`${title}: ${connected}`, () => assert.equal(connectedAfter(steps), connected))
  }

  test('a connection may be told of without its device, once that is known', () => {
    const presence = tracker()
    const ref = { broker: 'default', clientId: 'c-1' }
    assert.equal(presence.connected(ref), false)
    assert.equal(presence.disconnected(ref), false)
    assert.equal(presence.of(weatherStation, STATION.id).connected, 'unknown')
    assert.equal(presence.connected({ ...ref, device: STATION }), true)
    assert.equal(presence.disconnected(ref), true)
    assert.equal(presence.of(weatherStation, STATION.id).connected, false)
    assert.equal(presence.connected(ref), true)
    assert.equal(presence.of(weatherStation, STATION.id).connected, true)
  })
})

describe('a taken-over session whose taker is never told of', () => {
  const A = { connection: '10.0.0.9:1001' }

  test('counts for a minute, and not longer', () => {
    const presence = tracker([on(1, A), taken(1, A)])
    assert.equal(presence.of(weatherStation, STATION.id, T + TAKEOVER_HOLD_MS - 1).connected, true)
    assert.equal(presence.of(weatherStation, STATION.id, T + TAKEOVER_HOLD_MS).connected, false)
  })

  test('counts no longer because the event is repeated', () => {
    const presence = tracker([on(1, A), taken(1, A)])
    const again = { ...at(1, A), device: STATION, takenOver: true }
    presence.disconnected(again, T + TAKEOVER_HOLD_MS - 1)
    assert.equal(presence.of(weatherStation, STATION.id, T + TAKEOVER_HOLD_MS).connected, false)
  })

  test('ends at once when the end of the taker is told', () => {
    assert.equal(connectedAfter([on(1, A), taken(1, A), off(2)]), false)
  })
})

test('what cannot be told apart from its taker counts on', () => {
  for (const steps of [
    [on(1), on(1), taken(1)],
    [taken(1), on(1)],
    [on(10), taken(undefined, { disconnectedAt: 20 })],
    [on(10), off(undefined, { disconnectedAt: 10 })],
  ]) {
    assert.equal(connectedAfter(steps, T + TAKEOVER_HOLD_MS), true)
  }
})

describe('a client id that another device connects under', () => {
  test('is no connection of the first one any more', () => {
    const presence = tracker([on(1), on(2, {}, OTHER)])
    assert.equal(presence.of(weatherStation, STATION.id).connected, false)
    assert.equal(presence.of(weatherStation, OTHER.id).connected, true)
  })

  test('is told of as a change of both', () => {
    for (const steps of [
      [on(1), on(2, {}, OTHER)],
      [on(2, {}, OTHER), on(1)],
    ]) {
      const presence = tracker()
      const last = new Map<string, unknown>()
      presence.onChange(({ device, presence: after }) => last.set(device.id, after.connected))
      for (const step of steps) step(presence)
      assert.deepEqual(Object.fromEntries(last), { 'STATION-001': false, 'STATION-002': true })
    }
  })

  test('leaves the end that it had before', () => {
    const presence = tracker([on(1), off(1, { disconnectedAt: 5 }), on(9, {}, OTHER)])
    assert.equal(presence.of(weatherStation, STATION.id, T).since, 5)
  })

  test('is so in any order of the events', () => {
    const presence = tracker([on(2, {}, OTHER), on(1), off(1)])
    assert.equal(presence.of(weatherStation, STATION.id).connected, false)
    assert.equal(presence.of(weatherStation, OTHER.id).connected, true)
  })
})

describe('since', () => {
  const other = { clientId: 'c-2' }
  const rows: [string, Step[], number | undefined][] = [
    ['nothing', [], undefined],
    ['a connection', [on(10)], 10],
    ['two connections', [on(10), on(5, other)], 5],
    ['one of two ended', [on(10), on(5, other), off(5, { ...other, disconnectedAt: 20 })], 10],
    ['an end', [on(10), off(10, { disconnectedAt: 20 })], 20],
    ['an end without a date', [on(10), off(10)], T],
    ['two ends', [off(10, { disconnectedAt: 30 }), off(5, { ...other, disconnectedAt: 20 })], 30],
    ['no times at all', [on()], T],
    ['an end without any time', [off()], T],
  ]
  for (const [title, steps, since] of rows) {
    test(title, () => assert.equal(tracker(steps).of(weatherStation, STATION.id, T).since, since))
  }
})

describe('fresh', () => {
  const silence = weatherStation.heartbeat * 2_500
  const rows: [string, number, boolean][] = [
    ['at once', T, true],
    ['after two and a half heartbeats', T + silence, true],
    ['a millisecond later', T + silence + 1, false],
    ['by a clock that was set back', T - 1, true],
  ]
  for (const [title, now, fresh] of rows) {
    test(`${title}: ${fresh}`, () => {
      const presence = tracker([(p) => p.heard(STATION, T, T)])
      const { lastHeard, ...rest } = presence.of(weatherStation, STATION.id, now)
      assert.deepEqual(rest, { connected: 'unknown', since: undefined, fresh })
      assert.equal(lastHeard, T)
    })
  }

  test('is not what a connection makes a device', () => {
    assert.equal(tracker([on(T)]).of(weatherStation, STATION.id, T).fresh, false)
  })

  test('an older message changes nothing', () => {
    const presence = tracker([(p) => p.heard(STATION, T, T), (p) => p.heard(STATION, T - 1, T)])
    assert.equal(presence.of(weatherStation, STATION.id, T).lastHeard, T)
  })

  test('a message of a type the tracker does not have is ignored', () => {
    const presence = presenceTracker({ types: [weatherStation], maxDevices: 1 })
    const changes: PresenceChange[] = []
    presence.onChange((change) => void changes.push(change))
    presence.heard(STATION, T, T)
    for (const type of ['__proto__', pump.name]) presence.heard({ type, id: 'x' }, T + 1, T + 1)
    assert.deepEqual(
      changes.map(({ device }) => device),
      [STATION],
    )
    // Nor does it take the place of one that it has.
    assert.equal(presence.of(weatherStation, STATION.id, T + 1).lastHeard, T)
  })
})

describe('changes', () => {
  function watch(presence: PresenceTracker): PresenceChange[] {
    const changes: PresenceChange[] = []
    presence.onChange((change) => void changes.push(change))
    return changes
  }

  test('are told once each, and not for what changes nothing', () => {
    const presence = tracker()
    const changes = watch(presence)
    for (const step of [on(1), on(1), on(2), off(1), off(2), off(2)]) step(presence)
    presence.heard(STATION, T, T)
    presence.heard(STATION, T + 1, T + 1)
    presence.sweep(T + 1)
    assert.deepEqual(
      changes.map(({ before, presence: after }) => [
        `${before.connected} ${before.fresh}`,
        `${after.connected} ${after.fresh}`,
      ]),
      [
        ['unknown false', 'true false'],
        ['true false', 'false false'],
        ['false false', 'false true'],
      ],
    )
    assert.deepEqual(changes[0]!.device, STATION)
  })

  test('a take-over is none', () => {
    const presence = tracker([on(1, { connection: 'a' })])
    const changes = watch(presence)
    taken(1, { connection: 'a' })(presence)
    on(2, { connection: 'b' })(presence)
    presence.sweep(T + TAKEOVER_HOLD_MS)
    assert.deepEqual(changes, [])
  })

  test('what time alone changes is told by the next sweep', () => {
    const presence = tracker([on(1, { connection: 'a' })])
    presence.heard(STATION, T, T)
    const changes = watch(presence)
    taken(1, { connection: 'a' })(presence)
    presence.sweep(T + TAKEOVER_HOLD_MS - 1)
    assert.equal(changes.length, 0)
    presence.sweep(T + TAKEOVER_HOLD_MS)
    assert.equal(changes.at(-1)!.presence.connected, false)
    presence.sweep(T + weatherStation.heartbeat * 2_500)
    assert.equal(changes.length, 1)
    presence.sweep(T + weatherStation.heartbeat * 2_500 + 1)
    assert.deepEqual(changes.at(-1)!.before, { connected: false, fresh: true })
    assert.equal(changes.at(-1)!.presence.fresh, false)
  })

  test('a listener that throws keeps none from being told, and is logged', () => {
    const logger = captureLog()
    const presence = presenceTracker({ types: [weatherStation], logger })
    presence.onChange(() => {
      throw new Error('broken')
    })
    const changes = watch(presence)
    on(1)(presence)
    assert.equal(changes.length, 1)
    assert.deepEqual(logger.lines, ['error: A listener of presence failed: Error: broken'])
  })

  test('a listener that has left is not told', () => {
    const presence = tracker()
    const changes: PresenceChange[] = []
    const stop = presence.onChange((change) => void changes.push(change))
    stop()
    on(1)(presence)
    assert.equal(changes.length, 0)
  })
})

describe('what is remembered is bounded', () => {
  test('of too many devices, the one nothing is known of for longest is forgotten', () => {
    const presence = presenceTracker({ types: [weatherStation], maxDevices: 2 })
    const device = (id: string) => ({ type: 'weatherstation', id })
    presence.connected({ ...at(1, { clientId: 'a' }), device: device('A') }, T)
    presence.heard(device('B'), T, T)
    presence.heard(device('A'), T, T)
    presence.heard(device('C'), T, T)
    assert.equal(presence.of(weatherStation, 'B', T).lastHeard, undefined)
    assert.equal(presence.of(weatherStation, 'A', T).connected, true)
    presence.heard(device('B'), T, T)
    assert.equal(presence.of(weatherStation, 'A', T).connected, 'unknown')
    assert.equal(presence.disconnected(at(1, { clientId: 'a' })), false)
  })

  test('an event of a connection keeps its device from being forgotten', () => {
    const presence = presenceTracker({ types: [weatherStation], maxDevices: 2 })
    on(1)(presence)
    presence.heard(OTHER, T, T)
    presence.disconnected(at(1), T)
    presence.heard({ type: 'weatherstation', id: 'STATION-003' }, T, T)
    assert.equal(presence.of(weatherStation, STATION.id, T).connected, false)
    assert.equal(presence.of(weatherStation, OTHER.id, T).lastHeard, undefined)
  })

  test('of too many within one millisecond under one client id, the first goes', () => {
    const ids = Array.from({ length: 9 }, (_, i) => ({ connection: `10.0.0.9:${i}` }))
    const begins = [...ids, ...ids.slice(1)].map((id) => on(1, id))
    const ends = ids.slice(1).map((id) => off(1, id))
    assert.equal(connectedAfter([...begins, ...ends]), false)
    assert.equal(connectedAfter([...begins, ...ends.slice(1)]), true)
  })

  test('of too many client ids, those that are not connected go first', () => {
    const presence = tracker()
    for (let i = 0; i < 100; i++) {
      const ref = at(T + i, { clientId: `c-${i}` })
      presence.connected({ ...ref, device: STATION }, T)
      if (i > 0) presence.disconnected(ref, T)
    }
    assert.equal(presence.of(weatherStation, STATION.id, T).connected, true)
    presence.disconnected(at(T, { clientId: 'c-0' }), T)
    assert.equal(presence.of(weatherStation, STATION.id, T).connected, false)
  })

  test('of too many that are connected, the oldest goes', () => {
    const presence = tracker()
    for (let i = 0; i < 9; i++) on(T + i, { clientId: `c-${i}` })(presence)
    assert.equal(presence.disconnected(at(T, { clientId: 'c-0' }), T), false)
    assert.equal(presence.of(weatherStation, STATION.id, T).since, T + 1)
  })

  test('that holds for client ids taken from other devices, too', () => {
    const presence = tracker([on(T, { clientId: 'c-8' }, OTHER)])
    for (let i = 0; i < 9; i++) on(T + 1 + i, { clientId: `c-${i}` })(presence)
    assert.equal(presence.disconnected(at(T + 1, { clientId: 'c-0' }), T), false)
  })
})

describe('settings', () => {
  for (const maxDevices of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`maxDevices: ${maxDevices}`, () => {
      assert.throws(() => presenceTracker({ types: [], maxDevices }), {
        name: 'ConfigError',
        key: 'maxDevices',
      })
    })
  }

  test('two types of one name', () => {
    assert.throws(() => presenceTracker({ types: [pump, pump] }), ConfigError)
  })

  test('a type of another fleet', () => {
    const other = defineDeviceType('pump', { data: v.object({}) })
    assert.throws(() => tracker().of(other, 'P-1'), ConfigError)
  })
})

describe('a hub tells of the devices it hears', () => {
  const topic = 'things/weatherstation/STATION-001/data'

  test('whatever they say, if they are on record', async () => {
    const presence = tracker()
    await using f = await fixture({ presence })
    const handled = new Collector<unknown>()
    f.hub.onRejected(handled.push)
    f.hub.onData(weatherStation, handled.push)
    await f.hub.start()
    await f.publish('things/pump/P-1/data', 'no JSON')
    await f.publish('things/weatherstation/STATION-002/data', { temperature: 1 })
    await f.publish(topic, { temperature: 1 })
    await handled.reach(3, 'messages')
    assert.equal(presence.of(weatherStation, STATION.id).fresh, true)
    assert.equal(presence.of(weatherStation, OTHER.id).fresh, false)
    assert.equal(presence.of(pump, 'P-1').fresh, true)
  })

  test('but not when the broker had the message retained', async () => {
    const presence = tracker()
    const server = memoryServer()
    const broker = memoryBroker(server)
    // A shared subscription gets no retained messages.
    const unshared: Broker = {
      connect: (options) => broker.connect(options),
      subscribe: (list) => broker.subscribe(list.map(({ filter }) => ({ filter }))),
      unsubscribe: (filters) => broker.unsubscribe(filters),
      publish: (message) => broker.publish(message),
      close: () => broker.close(),
      [Symbol.asyncDispose]: () => broker.close(),
      status: () => broker.status(),
    }
    const device = memoryBroker(server)
    await device.connect({ onMessage: async () => {} })
    const message = { topic, payload: bytes({ temperature: 1 }) }
    await device.publish({ ...message, retain: true })
    await using f = await fixture({ presence, brokers: { default: unshared } })
    const handled = new Collector<unknown>()
    f.hub.onData(weatherStation, handled.push)
    await f.hub.start()
    await handled.reach(1, 'retained messages')
    assert.equal(presence.of(weatherStation, STATION.id).fresh, false)
    await device.publish(message)
    await handled.reach(2, 'messages')
    assert.equal(presence.of(weatherStation, STATION.id).fresh, true)
    await device.close()
  })
})
