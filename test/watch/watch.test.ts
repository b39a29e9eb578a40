/**
 * Devices watched over a broker in memory: what is shown, when it is told, and what it costs the broker.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type Broker,
  BrokerError,
  ConfigError,
  createWatcher,
  type DeviceSnapshot,
  defineDeviceType,
  InvalidNameError,
  memoryBroker,
  memoryServer,
  type WatchedPresence,
} from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts'
import { bytesOf, counted, DATA, STATUS, station, watching } from './fixture.ts'

const ID = { id: 'S-1' }
const both = (sign: '+' | '-') => [`${sign} ${DATA}`, `${sign} ${STATUS}`]

let clock: VirtualClock
beforeEach(() => {
  clock = virtualClock()
})
afterEach(() => clock.close())

/** Takes the values of a store. */
function shown(watch: { subscribe(run: (snapshot: DeviceSnapshot) => void): () => void }) {
  const snapshots: DeviceSnapshot[] = []
  const stop = watch.subscribe((snapshot) => snapshots.push(snapshot))
  return { snapshots, stop }
}

describe('a store', () => {
  test('is called at once, and once for each message, with the value that getSnapshot gives', async () => {
    await using site = await watching()
    const watch = site.watcher.watch(station, ID)
    const { snapshots } = shown(watch)
    assert.equal(snapshots.length, 1)
    assert.equal(snapshots[0]!.data, undefined)
    await clock.advance(0)
    await site.say(DATA, { temperature: 21.5, timestamp: '2026-01-15T12:00:00Z' })
    await clock.advance(0)
    assert.equal(snapshots.length, 2)
    const [, snapshot] = snapshots
    assert.equal(watch.getSnapshot(), snapshot)
    assert.equal(watch.getSnapshot(), watch.getSnapshot())
    assert.deepEqual(snapshot!.data, { temperature: 21.5 })
    assert.equal(snapshot!.timestamp?.toISOString(), '2026-01-15T12:00:00.000Z')
    assert.deepEqual(snapshot!.presence, {
      connected: 'unknown',
      fresh: true,
      lastHeard: clock.now,
    })
    await site.say(STATUS, { status: 'online', battery_level: 80 })
    await clock.advance(0)
    assert.equal(snapshots.length, 3)
    assert.equal(snapshots[2]!.data, snapshot!.data)
    assert.deepEqual(snapshots[2]!.status, { status: 'online', battery_level: 80 })
    assert.equal(snapshots[2]!.presence.connected, true)
  })

  test('is of one device: the same object each time, and silent about others', async () => {
    await using site = await watching()
    const { watcher } = site
    assert.equal(watcher.watch(station, ID), watcher.watch(station, { id: 'S-1' }))
    assert.notEqual(watcher.watch(station, ID), watcher.watch(station, { id: 'S-2' }))
    const { snapshots } = shown(watcher.watch(station, ID))
    await clock.advance(0)
    await site.say('things/weatherstation/S-2/data', { temperature: 1 })
    await clock.advance(0)
    assert.equal(snapshots.length, 1)
  })

  test('shows what the broker had retained, which is no sign of life', async () => {
    await using site = await watching()
    await site.say(DATA, { temperature: 7 }, true)
    await site.say(STATUS, { status: 'offline' }, true)
    const { snapshots } = shown(site.watcher.watch(station, ID))
    await clock.advance(0)
    const { data, presence } = snapshots.at(-1)!
    assert.deepEqual(data, { temperature: 7 })
    assert.deepEqual(presence, { connected: false, fresh: false, lastHeard: undefined })
  })

  test('tells when time alone makes it silent, once', async () => {
    await using site = await watching()
    const { snapshots } = shown(site.watcher.watch(station, ID))
    await clock.advance(0)
    await site.say(DATA, { temperature: 1 })
    await clock.advance(24.9)
    assert.equal(snapshots.length, 2)
    await clock.advance(0.2)
    assert.equal(snapshots.length, 3)
    assert.equal(snapshots[2]!.presence.fresh, false)
    assert.equal(snapshots[2]!.data, snapshots[1]!.data)
    await clock.advance(1_000)
    assert.equal(snapshots.length, 3)
  })

  test('stays as it is where a message says nothing new', async () => {
    await using site = await watching()
    const { snapshots } = shown(site.watcher.watch(station, ID))
    await clock.advance(0)
    await site.say(STATUS, 'no JSON', true)
    await clock.advance(0)
    // It was live for whoever subscribes, so it is a sign of life, and else nothing.
    assert.deepEqual(
      snapshots.slice(1).map(({ data, status, presence }) => [data, status, presence.fresh]),
      [[undefined, undefined, true]],
    )
    await site.say(STATUS, 'no JSON')
    await clock.advance(0)
    assert.equal(snapshots.length, 2, 'no time has passed either')
  })

  test('tells the others where a subscriber throws', async () => {
    const lines: string[] = []
    const logger = { info() {}, warn() {}, error: (line: string) => void lines.push(line) }
    await using site = await watching({ logger })
    const watch = site.watcher.watch(station, ID)
    watch.subscribe(() => {
      throw new Error('a broken view')
    })
    const { snapshots } = shown(watch)
    await clock.advance(0)
    await site.say(DATA, { temperature: 1 })
    await clock.advance(0)
    assert.equal(snapshots.length, 2)
    assert.match(lines[0]!, /A subscriber of a store failed: Error: a broken view/)
  })
})

describe('subscriptions', () => {
  test('stand while somebody watches, and end a second after the last one has left', async () => {
    await using site = await watching()
    const watch = site.watcher.watch(station, ID)
    const first = shown(watch)
    const second = shown(watch)
    await clock.advance(0)
    assert.deepEqual(site.asked, both('+'))
    first.stop()
    first.stop()
    await clock.advance(5)
    assert.deepEqual(site.asked, both('+'))
    second.stop()
    await clock.advance(0.9)
    assert.deepEqual(site.asked, both('+'))
    await clock.advance(0.2)
    assert.deepEqual(site.asked, [...both('+'), ...both('-')])
    assert.equal(watch.getSnapshot().data, undefined)
  })

  test('are one, and lose nothing, where a view is mounted twice', async () => {
    await using site = await watching()
    await site.say(DATA, { temperature: 3 }, true)
    const watch = site.watcher.watch(station, ID)
    shown(watch).stop()
    const { snapshots } = shown(watch)
    await clock.advance(0)
    assert.deepEqual(snapshots.at(-1)!.data, { temperature: 3 })
    await clock.advance(60)
    assert.deepEqual(site.asked, both('+'))
  })

  test('and what is known outlive a moment without a view', async () => {
    await using site = await watching()
    const watch = site.watcher.watch(station, ID)
    const first = shown(watch)
    await clock.advance(0)
    await site.say(DATA, { temperature: 4 })
    await clock.advance(0)
    first.stop()
    await clock.advance(0.5)
    const { snapshots } = shown(watch)
    assert.deepEqual(snapshots[0]!.data, { temperature: 4 })
    await clock.advance(60)
    assert.deepEqual(site.asked, both('+'))
  })

  test('begin anew after they ended', async () => {
    await using site = await watching()
    await site.say(DATA, { temperature: 5 }, true)
    const watch = site.watcher.watch(station, ID)
    shown(watch).stop()
    await clock.advance(2)
    const { snapshots } = shown(watch)
    assert.equal(snapshots[0]!.data, undefined)
    await clock.advance(0)
    assert.deepEqual(snapshots.at(-1)!.data, { temperature: 5 })
    assert.deepEqual(site.asked, [...both('+'), ...both('-'), ...both('+')])
  })

  test('wait for the connection', async () => {
    const broker = counted(memoryBroker())
    await using watcher = createWatcher(broker)
    const { snapshots } = shown(watcher.watch(station, ID))
    await clock.advance(1)
    assert.deepEqual(broker.asked, [])
    await watcher.start()
    await clock.advance(0)
    assert.deepEqual(broker.asked, both('+'))
    assert.equal(snapshots.length, 1)
  })

  test('are made again with a connection that was lost', async () => {
    await using site = await watching()
    const states: string[] = []
    site.watcher.connection.subscribe(({ state }) => states.push(state))
    const { snapshots } = shown(site.watcher.watch(station, ID))
    await clock.advance(0)
    site.server.cut(site.connection)
    await clock.advance(0)
    await site.say(DATA, { temperature: 6 })
    await clock.advance(0)
    assert.deepEqual(snapshots.at(-1)!.data, { temperature: 6 })
    assert.deepEqual(states, ['connected', 'disconnected', 'connected'])
    assert.deepEqual(site.asked, both('+'), 'the broker made them again by itself')
  })
})

describe('what is refused', () => {
  /** A broker that refuses some filters, by its own word. */
  function refusing(broker: Broker, refused: Set<string>): Broker {
    const outer = counted(broker)
    return {
      ...outer,
      async subscribe(subscriptions) {
        const result = await outer.subscribe(subscriptions)
        if (!subscriptions.some(({ filter }) => refused.has(filter))) return result
        throw new BrokerError('ERR_BROKER_NOT_AUTHORIZED', 'not authorized')
      },
    }
  }

  test('is told by its channel, and asked for again with the next connection', async () => {
    const server = memoryServer()
    const connection = memoryBroker(server)
    const refused = new Set([STATUS])
    await using watcher = createWatcher(refusing(connection, refused))
    await watcher.start()
    const watch = watcher.watch(station, ID)
    const { snapshots } = shown(watch)
    await clock.advance(0)
    assert.deepEqual(Object.keys(snapshots.at(-1)!.refused), ['status'])
    await assert.rejects(watch.status()[Symbol.asyncIterator]().next(), {
      code: 'ERR_BROKER_NOT_AUTHORIZED',
    })
    refused.clear()
    server.cut(connection)
    await clock.advance(0)
    assert.deepEqual(Object.keys(snapshots.at(-1)!.refused), [])
  })

  test('ends presence only where both channels are', async () => {
    const refused = new Set([STATUS])
    await using watcher = createWatcher(refusing(memoryBroker(), refused))
    await watcher.start()
    const presence = watcher.watch(station, ID).presence()[Symbol.asyncIterator]()
    assert.equal((await presence.next()).done, false)
    const second = presence.next()
    await clock.advance(5)
    await presence.return!()
    assert.equal((await second).done, true)
    await clock.advance(5)
    refused.add(DATA)
    const other = watcher.watch(station, ID).presence()[Symbol.asyncIterator]()
    await other.next()
    await assert.rejects(other.next(), { code: 'ERR_BROKER_NOT_AUTHORIZED' })
  })
})

describe('messages that do not validate', () => {
  const rows: [title: string, payload: unknown, code: string, text: RegExp][] = [
    ['another type', { temperature: 'warm' }, 'payload-invalid', /temperature/],
    ['nothing', {}, 'payload-invalid', /temperature/],
    ['no JSON', 'warm', 'payload-malformed', /no JSON text/],
    ['no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 'payload-malformed', /no JSON text/],
    ['a number too large', '{"temperature":1e400}', 'payload-malformed', /too large/],
    ['a time that cannot be read', { temperature: 1, timestamp: 'soon' }, 'payload-invalid', /ISO/],
    ['a list twice', '{"readings":[{"type":"a"}]}', 'payload-invalid', /readings\.0/],
  ]
  for (const [title, payload, code, text] of rows) {
    test(`${title}: told with its code, and the value before stays`, async () => {
      await using site = await watching()
      const { snapshots } = shown(site.watcher.watch(station, ID))
      await clock.advance(0)
      await site.say(DATA, { temperature: 1 })
      await site.say(DATA, payload)
      await clock.advance(0)
      assert.deepEqual(snapshots.at(-1)!.data, { temperature: 1 })
      const [rejection] = site.rejected.items
      assert.equal(rejection!.code, code)
      assert.match(rejection!.text, text)
      assert.deepEqual(rejection!.device, { type: 'weatherstation', id: 'S-1' })
      assert.equal(rejection!.message.topic, DATA)
      assert.equal(site.rejected.items.length, 1)
    })
  }

  test('are logged where nobody asks for them', async () => {
    const lines: string[] = []
    const logger = { info() {}, error() {}, warn: (line: string) => void lines.push(line) }
    const server = memoryServer()
    await using watcher = createWatcher(memoryBroker(server), { logger })
    await watcher.start()
    const devices = memoryBroker(server)
    await devices.connect({ onMessage() {} })
    shown(watcher.watch(station, ID))
    await clock.advance(0)
    await devices.publish({ topic: DATA, payload: bytesOf({ temperature: 'warm' }) })
    await clock.advance(0)
    assert.match(lines.join('\n'), /Rejected a message on .*payload-invalid/)
    await devices.close()
  })
})

test('a list of readings is read as the hub reads it', async () => {
  await using site = await watching()
  const { snapshots } = shown(site.watcher.watch(station, ID))
  await clock.advance(0)
  await site.say(DATA, { readings: [{ type: 'temperature', value: 9 }] })
  await clock.advance(0)
  assert.deepEqual(snapshots.at(-1)!.data, { temperature: 9 })
})

test('messages of one device are shown in order, though a schema takes its time', async () => {
  const delays = [3, 1, 2]
  const slow = defineDeviceType('weatherstation', {
    data: v.pipeAsync(
      v.object({ temperature: v.number() }),
      v.checkAsync(async () => {
        const turns = delays.shift() ?? 0
        for (let i = 0; i < turns * 10; i++) await undefined
        return true
      }),
    ),
  })
  await using site = await watching()
  const seen: unknown[] = []
  site.watcher.watch(slow, ID).subscribe(({ data }) => seen.push(data?.temperature))
  await clock.advance(0)
  for (const temperature of [1, 2, 3]) await site.say(DATA, { temperature })
  await clock.advance(0)
  assert.deepEqual(seen, [undefined, 1, 2, 3])
})

describe('streams', () => {
  test('hand on each message, from the newest that is known, until they are left', async () => {
    await using site = await watching()
    const watch = site.watcher.watch(station, ID)
    shown(watch)
    await clock.advance(0)
    await site.say(DATA, { temperature: 1 })
    await clock.advance(0)
    const seen: number[] = []
    for await (const { data, device, message } of watch.data()) {
      assert.equal(device.id, 'S-1')
      assert.equal(message.retain, false)
      seen.push(data.temperature)
      if (seen.length === 3) break
      await site.say(DATA, { temperature: data.temperature + 1 })
    }
    assert.deepEqual(seen, [1, 2, 3])
  })

  test('subscribe to their own channel alone, and end it', async () => {
    await using site = await watching()
    const reader = site.watcher.watch(station, ID).data()[Symbol.asyncIterator]()
    const first = reader.next()
    await clock.advance(0)
    assert.deepEqual(site.asked, [`+ ${DATA}`])
    await reader.return!()
    assert.equal((await first).done, true)
    await clock.advance(2)
    assert.deepEqual(site.asked, [`+ ${DATA}`, `- ${DATA}`])
  })

  test('end by a signal, before they begin and while they wait', async () => {
    await using site = await watching()
    const watch = site.watcher.watch(station, ID)
    for await (const _ of watch.data({ signal: AbortSignal.abort() })) assert.fail()
    assert.deepEqual(site.asked, [])
    const controller = new AbortController()
    const reader = watch.data({ signal: controller.signal })[Symbol.asyncIterator]()
    const first = reader.next()
    controller.abort()
    assert.equal((await first).done, true)
    await clock.advance(2)
    // It was wanted and left in one turn, and lingered.
    assert.deepEqual(site.asked, [`+ ${DATA}`, `- ${DATA}`])
  })

  test('end when the watcher is closed, and those that begin after that', async () => {
    const site = await watching()
    const watch = site.watcher.watch(station, ID)
    const reader = watch.status()[Symbol.asyncIterator]()
    const first = reader.next()
    await site.watcher.close()
    assert.equal((await first).done, true)
    for await (const _ of watch.data()) assert.fail()
    assert.equal(site.watcher.connection.getSnapshot().state, 'closed')
    await site.devices.close()
  })

  test('throw where the broker gave up', async () => {
    await using site = await watching()
    const reader = site.watcher.watch(station, ID).data()[Symbol.asyncIterator]()
    const first = reader.next()
    await site.connection.close()
    await assert.rejects(first, { code: 'ERR_BROKER_CLOSED' })
    assert.equal((await reader.next()).done, true)
  })

  test('lose nothing in silence where a reader is far behind', async () => {
    await using site = await watching()
    const reader = site.watcher.watch(station, ID).data()[Symbol.asyncIterator]()
    await clock.advance(0)
    for (let i = 0; i < 1_002; i++) await site.say(DATA, { temperature: i })
    await clock.advance(0)
    assert.deepEqual(
      site.rejected.items.map(({ code, message }) => [
        code,
        JSON.parse(new TextDecoder().decode(message.payload)).temperature,
      ]),
      [
        ['reader-behind', 0],
        ['reader-behind', 1],
      ],
    )
    const { value } = await reader.next()
    assert.equal(value.data.temperature, 2)
  })

  test('of presence tell each change, and not each message', async () => {
    await using site = await watching()
    const seen: Pick<WatchedPresence, 'connected' | 'fresh'>[] = []
    void (async () => {
      for await (const { connected, fresh } of site.watcher.watch(station, ID).presence()) {
        seen.push({ connected, fresh })
      }
    })()
    await clock.advance(0)
    for (const temperature of [1, 2]) await site.say(DATA, { temperature })
    await site.say(STATUS, { status: 'online' })
    await clock.advance(30)
    await site.say(STATUS, { status: 'offline' })
    await clock.advance(0)
    assert.deepEqual(seen, [
      { connected: 'unknown', fresh: false },
      { connected: 'unknown', fresh: true },
      { connected: true, fresh: true },
      { connected: true, fresh: false },
      { connected: false, fresh: true },
    ])
  })
})

describe('what is no argument', () => {
  const watcher = createWatcher(memoryBroker())
  const rows: [title: string, run: () => unknown, error: new (...args: never[]) => Error][] = [
    ['a broker', () => createWatcher({} as Broker), ConfigError],
    ['a prefix', () => createWatcher(memoryBroker(), { prefix: 'a/b' }), InvalidNameError],
    ['commands', () => createWatcher(memoryBroker(), { commands: {} } as never), ConfigError],
    ['an option', () => createWatcher(memoryBroker(), { prefixes: 'a' } as never), ConfigError],
    ['a type', () => watcher.watch({ name: 'x' } as never, ID), ConfigError],
    ['an id with a wildcard', () => watcher.watch(station, { id: '+' }), InvalidNameError],
    ['an id with a level', () => watcher.watch(station, { id: 'a/b' }), InvalidNameError],
    ['no id', () => watcher.watch(station, {} as never), InvalidNameError],
  ]
  for (const [title, run, error] of rows) {
    test(title, () => assert.throws(run, error))
  }
})

test('a connection that cannot be made is told by start and by the store', async () => {
  const broker = memoryBroker()
  await broker.close()
  const watcher = createWatcher(broker)
  await assert.rejects(watcher.start(), { code: 'ERR_BROKER_CLOSED' })
  const { state, error } = watcher.connection.getSnapshot()
  assert.equal(state, 'closed')
  assert.equal((error as BrokerError).code, 'ERR_BROKER_CLOSED')
})
