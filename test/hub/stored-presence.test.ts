/**
 * Presence in a store that processes share: what each writes, and who is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StateReport } from '../../src/device/states.ts'
import {
  type ConnectedEvent,
  createFleet,
  type DeviceStates,
  type DeviceStore,
  type DisconnectedEvent,
  defineDeviceType,
  type Fleet,
  memoryStore,
  type PresenceChange,
  type StoredPresence,
  storedPresence,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { captureLog, pump, weatherStation } from './fixture.ts'

const P1 = { type: 'pump', id: 'P-1' }
const MINUTE = 60_000
/** 2.5 heartbeats of 300 s. */
const FRESH = 12.5 * MINUTE

interface Site extends AsyncDisposable {
  readonly fleet: Fleet
  readonly presence: StoredPresence
  readonly changes: PresenceChange[]
  readonly log: ReturnType<typeof captureLog>
}

/** A process of a fleet. @param store What it shares with others. */
async function site(store: DeviceStore = memoryStore()): Promise<Site> {
  const fleet = createFleet({ types: [weatherStation, pump], store })
  if (!(await store.get('pump', 'P-1'))) await fleet.provision(pump, 'P-1')
  const log = captureLog()
  const presence = storedPresence(fleet, { logger: log })
  const changes: PresenceChange[] = []
  presence.onChange((change) => changes.push(change))
  return { fleet, presence, changes, log, [Symbol.asyncDispose]: () => presence.close() }
}

/** A store whose writes of states go through a function. */
function storeWith(write: (states: DeviceStates) => DeviceStates['write']): DeviceStore {
  const store = memoryStore()
  const states = store.states!
  return { ...store, states: { ...states, write: write(states) } }
}

describe('what is heard and told', () => {
  test('is on record after a write, and known of then', async () => {
    await using one = await site()
    const now = Date.now()
    one.presence.heard(P1, now)
    one.presence.told(P1, { status: 'online', battery: 80 })
    one.presence.told(P1, { battery: 79, fields: { mode: 'eco' } })
    await one.presence.flush()
    assert.deepEqual(await one.fleet.store.states?.read('pump', 'P-1'), {
      lastHeard: now,
      freshUntil: now + FRESH,
      status: 'online',
      battery: 79,
      fields: { mode: 'eco' },
    })
    assert.deepEqual(await one.presence.of(pump, 'P-1', now), {
      connected: 'unknown',
      since: undefined,
      fresh: true,
      lastHeard: now,
    })
    assert.equal((await one.presence.of(pump, 'P-1', now + FRESH)).fresh, false)
    assert.equal((await one.presence.of(pump, 'P-2')).lastHeard, undefined)
  })

  test('is written by itself', async () => {
    const written = new Collector<readonly StateReport[]>()
    const store = storeWith((states) => async (reports, now) => {
      const turns = await states.write(reports, now)
      written.push(reports)
      return turns
    })
    await using one = await site(store)
    one.presence.heard(P1)
    await written.reach(1, 'writes', 20_000)
    one.presence.heard(P1)
    await written.reach(2, 'writes', 20_000)
  })

  test('of many devices is written by the thousand, each once', async () => {
    const sizes: number[] = []
    const store = storeWith((states) => async (reports, now) => {
      sizes.push(reports.length)
      return states.write(reports, now)
    })
    await using one = await site(store)
    for (let turn = 0; turn < 3; turn++) {
      for (let i = 0; i < 2_500; i++) one.presence.heard({ type: 'pump', id: `P-${i}` })
    }
    await one.presence.flush()
    assert.deepEqual(sizes, [1_000, 1_000, 500])
  })

  test('a time ahead of now counts as now, and a type of nobody not at all', async () => {
    await using one = await site()
    const now = Date.now()
    one.presence.heard(P1, now + MINUTE, now)
    one.presence.heard({ type: 'valve', id: 'V-1' })
    one.presence.told({ type: 'valve', id: 'V-1' }, { status: 'x' })
    assert.equal(one.presence.connected({ ...at(now), device: { type: 'valve', id: 'V' } }), false)
    await one.presence.flush()
    assert.equal((await one.presence.of(pump, 'P-1')).lastHeard, now)
    const other = defineDeviceType('pump', { data: pump.data })
    await assert.rejects(one.presence.of(other, 'P-1'), { name: 'ConfigError', key: 'types' })
  })

  test('a store that keeps no states is refused', () => {
    const { states: _, ...store } = memoryStore()
    const fleet = createFleet({ types: [pump], store })
    assert.throws(() => storedPresence(fleet), { name: 'ConfigError', key: 'store.states' })
    assert.throws(
      () => storedPresence(createFleet({ types: [pump], store: memoryStore() }), { x: 1 } as never),
      {
        name: 'ConfigError',
        key: 'x',
      },
    )
  })
})

describe('a store that fails', () => {
  test('has what waits written once it is well, newest words last', async () => {
    let isDown = true
    const store = storeWith((states) => async (reports, now) => {
      if (isDown) throw new Error('database is away')
      return states.write(reports, now)
    })
    await using one = await site(store)
    const now = Date.now()
    one.presence.heard(P1, now - 2)
    one.presence.told(P1, { status: 'old', battery: 10 })
    await assert.rejects(one.presence.flush(), /database is away/)
    one.presence.heard(P1, now - 1)
    one.presence.told(P1, { status: 'new' })
    await assert.rejects(one.presence.flush(), /database is away/)
    assert.deepEqual(one.changes, [])
    isDown = false
    await one.presence.flush()
    const state = await store.states?.read('pump', 'P-1')
    assert.deepEqual([state?.lastHeard, state?.status, state?.battery], [now - 1, 'new', 10])
    assert.equal(one.changes.length, 1)
    assert.match(one.log.lines.join('\n'), /Writing the states of devices failed: Error: database/)
  })

  test('is asked again by itself', async () => {
    const tries = new Collector<number>()
    const store = storeWith((states) => async (reports, now) => {
      tries.push(reports.length)
      if (tries.items.length === 1) throw new Error('database is away')
      return states.write(reports, now)
    })
    await using one = await site(store)
    one.presence.heard(P1)
    await tries.reach(2, 'tries', 30_000)
  })

  test('fills no memory: of more than 100,000 devices the oldest are given up, and counted', async () => {
    let written = 0
    const store = storeWith(() => async (reports) => {
      written += reports.length
      return []
    })
    await using one = await site(store)
    for (let i = 0; i < 100_007; i++) one.presence.heard({ type: 'pump', id: `P-${i}` })
    await one.presence.flush()
    assert.equal(written, 100_000)
    assert.match(one.log.lines.join('\n'), /What 7 devices told is not kept/)
  })

  test('keeps nobody from closing', async () => {
    const store = storeWith(() => async () => {
      throw new Error('database is away')
    })
    const one = await site(store)
    one.presence.heard(P1)
    await one.presence.close()
    await one.presence.close()
    assert.match(one.log.lines.join('\n'), /database is away/)
  })
})

const at = (connectedAt?: number, more: Partial<ConnectedEvent> = {}): ConnectedEvent => ({
  broker: 'b',
  clientId: 'c',
  connectedAt,
  ...more,
})

/** An event, and the process that it is told to. */
type Step =
  | readonly [process: 0 | 1, 'on', ConnectedEvent]
  | readonly [process: 0 | 1, 'off', DisconnectedEvent]

describe('connections, told to two processes', () => {
  const t = Date.now() - 10 * MINUTE
  const device = P1
  const rows: readonly (readonly [
    what: string,
    steps: readonly Step[],
    connected: boolean | 'unknown',
    since?: number,
  ])[] = [
    ['nothing', [], 'unknown'],
    ['a beginning', [[0, 'on', at(t, { device })]], true, t],
    [
      'a beginning here and its end there',
      [
        [0, 'on', at(t, { device })],
        [1, 'off', { ...at(t), device, disconnectedAt: t + 9 }],
      ],
      false,
      t + 9,
    ],
    [
      'the end before the beginning',
      [
        [1, 'off', { ...at(t), device, disconnectedAt: t + 9 }],
        [0, 'on', at(t, { device })],
      ],
      false,
      t + 9,
    ],
    [
      'the end of an older connection, after the newer one began',
      [
        [0, 'on', at(t, { device })],
        [1, 'on', at(t + 5, { device })],
        [0, 'off', { ...at(t), disconnectedAt: t + 9 }],
      ],
      true,
      t + 5,
    ],
    [
      'a connection that took another over, told first',
      [
        [1, 'on', at(t + 5, { device })],
        [0, 'off', { ...at(t), device, disconnectedAt: t + 9, takenOver: true }],
      ],
      true,
      t + 5,
    ],
    [
      'a take-over of which the beginning is never told',
      [
        [0, 'on', at(t, { device })],
        [0, 'off', { ...at(t), disconnectedAt: t + 9, takenOver: true }],
      ],
      true,
      t,
    ],
    [
      'the end after a take-over',
      [
        [0, 'on', at(t, { device })],
        [0, 'off', { ...at(t), disconnectedAt: t + 9, takenOver: true }],
        [1, 'off', { ...at(t + 5), device, disconnectedAt: t + 20 }],
      ],
      false,
      t + 20,
    ],
    [
      'an end that tells no beginning ends what began before',
      [
        [0, 'on', at(t, { device })],
        [1, 'off', { ...at(undefined), device, disconnectedAt: t + 9 }],
      ],
      false,
      t + 9,
    ],
    [
      'and not what began after',
      [
        [0, 'on', at(t + 10, { device })],
        [1, 'off', { ...at(undefined), device, disconnectedAt: t + 9 }],
      ],
      true,
      t + 10,
    ],
    ['an end of nobody', [[0, 'off', { ...at(t), disconnectedAt: t + 9 }]], 'unknown'],
  ]
  for (const [what, steps, connected, since] of rows) {
    test(`${what}: ${connected}`, async () => {
      const store = memoryStore()
      await using one = await site(store)
      await using other = await site(store)
      const processes = [one, other]
      for (const [process, kind, event] of steps) {
        const { presence } = processes[process]!
        if (kind === 'on') presence.connected(event)
        else presence.disconnected(event)
      }
      for (const { presence } of processes.toReversed()) await presence.flush()
      const found = await one.presence.of(pump, 'P-1')
      assert.deepEqual([found.connected, found.since], [connected, since])
    })
  }
})

describe('connections whose broker tells no times', () => {
  /** The names are those of connections; all of one client id. */
  const rows: readonly (readonly [
    events: readonly (readonly ['on' | 'off', string])[],
    connected: boolean,
  ])[] = [
    [[['on', 'a']], true],
    [
      [
        ['on', 'a'],
        ['off', 'a'],
      ],
      false,
    ],
    [
      [
        ['on', 'a'],
        ['off', 'a'],
        ['on', 'b'],
      ],
      true,
    ],
    [
      [
        ['on', 'a'],
        ['on', 'b'],
        ['off', 'a'],
      ],
      true,
    ],
    [
      [
        ['on', 'a'],
        ['on', 'b'],
        ['off', 'a'],
        ['off', 'b'],
      ],
      false,
    ],
    [
      [
        ['on', ''],
        ['off', ''],
        ['off', ''],
        ['on', ''],
      ],
      true,
    ],
    [
      [
        ['on', ''],
        ['off', ''],
        ['on', ''],
        ['off', ''],
      ],
      false,
    ],
  ]
  for (const [events, connected] of rows) {
    test(`${events.map((each) => each.join(' ')).join(', ')}: ${connected}`, async () => {
      await using one = await site()
      const now = Date.now()
      for (const [kind, connection] of events) {
        const event = { ...at(undefined, { device: P1 }), connection }
        // All in one millisecond.
        if (kind === 'on') one.presence.connected(event, now)
        else one.presence.disconnected(event, now)
      }
      await one.presence.flush()
      assert.equal((await one.presence.of(pump, 'P-1')).connected, connected)
    })
  }

  test('an end counts for the device that was connected under the client id last', async () => {
    await using one = await site()
    assert.equal(one.presence.connected(at(undefined, { device: P1 })), true)
    assert.equal(one.presence.disconnected(at(undefined)), true)
    assert.equal(one.presence.disconnected(at(undefined, { clientId: 'other' })), false)
    assert.equal(one.presence.connected(at(undefined, { clientId: 'other' })), false)
    await one.presence.flush()
    assert.equal((await one.presence.of(pump, 'P-1')).connected, false)
  })
})

describe('listeners', () => {
  test('of all processes, one is told of a loss, and one of the return', async () => {
    const store = memoryStore()
    await using one = await site(store)
    await using other = await site(store)
    const both = () => [...one.changes, ...other.changes]
    const now = Date.now()
    one.presence.heard(P1, now - FRESH + MINUTE)
    other.presence.heard(P1, now - FRESH + MINUTE)
    await Promise.all([one.presence.flush(), other.presence.flush()])
    assert.deepEqual(both(), [
      {
        device: P1,
        before: { connected: 'unknown', fresh: false },
        presence: {
          connected: 'unknown',
          since: undefined,
          fresh: true,
          lastHeard: now - FRESH + MINUTE,
        },
      },
    ])
    const sweep = (time: number) =>
      Promise.all([one, other].map(({ presence }) => presence.sweep(time)))
    await sweep(now)
    assert.equal(both().length, 1)
    await sweep(now + MINUTE)
    await sweep(now + 2 * MINUTE)
    assert.deepEqual(
      both().map(({ before, presence }) => [before.fresh, presence.fresh]),
      [
        [false, true],
        [true, false],
      ],
    )
    other.presence.heard(P1)
    await other.presence.flush()
    assert.equal(both().length, 3)
  })

  test('one that fails is logged, and the others are told', async () => {
    await using one = await site()
    const stop = one.presence.onChange(() => {
      throw new Error('no')
    })
    const later: PresenceChange[] = []
    one.presence.onChange((change) => later.push(change))
    one.presence.heard(P1)
    await one.presence.flush()
    assert.equal(later.length, 1)
    assert.match(one.log.lines.join('\n'), /A listener of presence failed: Error: no/)
    stop()
    one.presence.connected(at(undefined, { device: P1 }))
    await one.presence.flush()
    assert.equal(later.length, 2)
    assert.equal(one.log.lines.length, 1)
  })
})
