/**
 * The virtual clock: time passes where a test lets it, and for nobody else.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { clock as currentClock, runtimeClock } from '../../src/base/clock.ts'
import {
  createFleet,
  createHub,
  defineDeviceType,
  memoryBroker,
  memoryKeys,
  memoryServer,
  memoryStore,
  presenceTracker,
  storedPresence,
} from '../../src/index.ts'
import { virtualClock } from '../../src/testing/index.ts'

const HOUR = 3_600
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe('time', () => {
  test('stands still, and passes when it is told to', async () => {
    using clock = virtualClock()
    const [date, keys] = [clock.now, memoryKeys()]
    keys.set('a', '1', HOUR)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(clock.now, date)
    await clock.advance(HOUR - 0.001)
    assert.equal(keys.get('a'), '1')
    await clock.advance(0.001)
    assert.equal(keys.get('a'), undefined)
    assert.equal(clock.now, date + HOUR * 1_000)
  })

  test('begins at the present, and is that of the runtime again at the end', () => {
    const before = Date.now()
    const clock = virtualClock()
    assert.ok(clock.now >= before && clock.now <= Date.now())
    clock.close()
    clock.close()
    assert.equal(currentClock(), runtimeClock)
  })

  test('there is one at a time', () => {
    {
      using _ = virtualClock()
      assert.throws(() => virtualClock(), { name: 'ConfigError', key: 'clock' })
    }
    virtualClock().close()
  })

  for (const seconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1']) {
    test(`does not pass by ${seconds}`, async () => {
      using clock = virtualClock()
      await assert.rejects(clock.advance(seconds as number), TypeError)
    })
  }

  test('is left to others as it is', () => {
    using clock = virtualClock()
    const { setTimeout: set, Date: date, performance: steady } = globalThis
    assert.ok(set === setTimeout && date === Date && steady === performance)
    assert.ok(Math.abs(clock.now - Date.now()) < 1_000)
  })
})

describe('what waits', () => {
  test('happens in order, each when it is due', async () => {
    using clock = virtualClock()
    const begun = clock.now
    const log: [string, number][] = []
    const note = (name: string) => () => void log.push([name, clock.now - begun])
    currentClock().after(2_000, note('second'))
    currentClock().after(1_000, () => {
      note('first')()
      currentClock().after(500, note('between'))
      currentClock().after(5_000, note('too late'))
    })
    currentClock().after(2_000, note('after it'))
    const cancel = currentClock().after(1_500, note('cancelled'))
    cancel()
    assert.equal(clock.waiting, 3)
    await clock.advance(3)
    assert.deepEqual(log, [
      ['first', 1_000],
      ['between', 1_500],
      ['second', 2_000],
      ['after it', 2_000],
    ])
    assert.equal(clock.waiting, 1)
  })

  test('is waited for, promises and later turns alike', async () => {
    using clock = virtualClock()
    const log: string[] = []
    currentClock().after(1_000, async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      currentClock().soon(() => currentClock().soon(() => void log.push('done')))
    })
    await clock.advance(1)
    assert.deepEqual(log, ['done'])
  })

  test('passes for one call after the other', async () => {
    using clock = virtualClock()
    const begun = clock.now
    const seen: number[] = []
    await Promise.all([1, 2, 3].map((s) => clock.advance(s).then(() => seen.push(clock.now))))
    assert.deepEqual(
      seen.map((now) => now - begun),
      [1_000, 3_000, 6_000],
    )
  })

  test('goes on by the runtime at the end, with the time it has left', async () => {
    const clock = virtualClock()
    const log: string[] = []
    const done = new Promise<void>((resolve) => {
      currentClock().after(60_000, resolve)
    })
    const cancel = currentClock().after(60_000, () => void log.push('cancelled'))
    await clock.advance(60 - 0.02)
    clock.close()
    cancel()
    await done
    assert.deepEqual(log, [])
  })
})

describe('a hub on a broker in memory', () => {
  const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }), heartbeat: 60 })

  async function open() {
    const fleet = createFleet({ types: [pump], store: memoryStore() })
    const server = memoryServer()
    const presence = presenceTracker({ types: fleet.types })
    const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, presence })
    const { topics } = await fleet.provision(pump, 'P-1')
    await hub.start()
    const device = memoryBroker(server)
    await device.connect({ onMessage() {} })
    const close = () => Promise.all([hub.close(), device.close()])
    return { presence, topics, device, close }
  }

  test('a device is fresh until its heartbeat is out, to the millisecond', async () => {
    using clock = virtualClock()
    const { presence, topics, device, close } = await open()
    await clock.advance(HOUR)
    await device.publish({ topic: topics.data, payload: bytes({ rpm: 1 }) })
    await clock.advance(0)
    assert.equal(presence.of(pump, 'P-1').lastHeard, clock.now)
    await clock.advance(60 * 2.5)
    assert.equal(presence.of(pump, 'P-1').fresh, true)
    await clock.advance(0.001)
    assert.equal(presence.of(pump, 'P-1').fresh, false)
    await close()
  })

  test('presence in the store is written, and is over, by the same clock', async () => {
    using clock = virtualClock()
    const fleet = createFleet({ types: [pump], store: memoryStore() })
    await fleet.provision(pump, 'P-1')
    const presence = storedPresence(fleet)
    presence.heard({ type: 'pump', id: 'P-1' })
    const freshOf = async () => (await fleet.list({ fresh: true })).records.map(({ id }) => id)
    assert.deepEqual(await freshOf(), [])
    await clock.advance(1)
    assert.deepEqual(await freshOf(), ['P-1'])
    await clock.advance(60 * 2.5)
    assert.deepEqual(await freshOf(), [])
    await presence.close()
  })

  test('a message ends at the broker when its expiry is out', async () => {
    using clock = virtualClock()
    const server = memoryServer()
    const [publisher, reader] = [memoryBroker(server), memoryBroker(server)]
    await publisher.connect({ onMessage() {} })
    for (const messageExpiry of [59, 60]) {
      const message = { payload: bytes(1), retain: true, messageExpiry }
      await publisher.publish({ topic: `x/${messageExpiry}`, ...message })
    }
    await clock.advance(59.5)
    const heard: string[] = []
    await reader.connect({ onMessage: ({ topic }) => void heard.push(topic) })
    await reader.subscribe([{ filter: 'x/+' }])
    await clock.advance(0)
    assert.deepEqual(heard, ['x/60'])
    await Promise.all([publisher.close(), reader.close()])
  })

  test('a token ends with the lifetime it was given', async () => {
    using clock = virtualClock()
    const fleet = createFleet({ types: [pump], store: memoryStore(), pepper: 'pepper-0123456789' })
    const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'x' }] as const
    const { username, password, expiresAt } = await fleet.issueToken({ rules, expiresIn: HOUR })
    const login = async () => (await fleet.authenticate({ username, password })).effect
    await clock.advance((expiresAt - clock.now - 1) / 1_000)
    assert.equal(await login(), 'allow')
    await clock.advance(0.001)
    assert.equal(await login(), 'deny')
  })
})
