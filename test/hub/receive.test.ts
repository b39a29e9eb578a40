/**
 * What a hub does with a message: route, decode, validate, handle; or reject, and say so.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type Broker,
  ConfigError,
  createFleet,
  createHub,
  type DataEvent,
  type DeadLetter,
  defineDeviceType,
  memoryBroker,
  memoryServer,
  memoryStore,
  type Rejection,
  type StatusEvent,
} from '../../src/index.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { bytes, captureLog, fixture, pump, weatherStation } from './fixture.ts'

const DATA = 'things/weatherstation/STATION-001/data'

/** A broker in memory that brings its hub all that is published. */
function hearingAll(): Broker {
  const broker = memoryBroker()
  const subscribe = broker.subscribe.bind(broker)
  broker.subscribe = () => subscribe([{ filter: '#' }])
  return broker
}

describe('a valid data message reaches the handlers of its type', () => {
  const time = '2025-01-15T12:00:00+00:00'
  const rows: [string, unknown, unknown, string | undefined][] = [
    [
      'flat',
      { temperature: 25.3, humidity: 80.1 },
      { temperature: 25.3, humidity: 80.1 },
      undefined,
    ],
    ['without what is optional', { temperature: 1 }, { temperature: 1 }, undefined],
    ['with a timestamp', { temperature: 1, timestamp: time }, { temperature: 1 }, time],
    ['as a list', { readings: [{ type: 'temperature', value: 2 }] }, { temperature: 2 }, undefined],
    [
      'as a list with a timestamp',
      {
        readings: [
          { type: 'temperature', value: 2 },
          { type: 'humidity', value: 3 },
        ],
        timestamp: time,
      },
      { temperature: 2, humidity: 3 },
      time,
    ],
  ]
  for (const [title, sent, expected, timestamp] of rows) {
    test(title, async () => {
      await using f = await fixture()
      const events = new Collector<DataEvent<typeof weatherStation>>()
      f.hub.onData(weatherStation, events.push)
      await f.hub.start()
      await f.publish(DATA, sent)
      const [event] = await events.reach(1, 'data events')
      assert.deepEqual(event!.data, expected)
      assert.deepEqual(event!.device, { type: 'weatherstation', id: 'STATION-001' })
      assert.equal(event!.broker, 'default')
      assert.deepEqual(event!.timestamp, timestamp && new Date(timestamp))
      assert.ok(event!.receivedAt instanceof Date)
      assert.deepEqual(event!.message.payload, bytes(sent))
    })
  }

  test('of a type that refuses unknown keys, the timestamp is not one', async () => {
    await using f = await fixture()
    const events = new Collector<DataEvent<typeof pump>>()
    f.hub.onData(pump, events.push)
    await f.hub.start()
    await f.publish('things/pump/P-1/data', { rpm: 3, timestamp: time })
    const [event] = await events.reach(1, 'data events')
    assert.deepEqual(event!.data, { rpm: 3 })
    assert.deepEqual(event!.timestamp, new Date(time))
  })

  test('a type that declares `readings` itself gets its own form', async () => {
    const logger = defineDeviceType('logger', {
      data: v.strictObject({
        readings: v.array(v.object({ type: v.string(), value: v.number() })),
      }),
    })
    const fleet = createFleet({ types: [logger], store: memoryStore() })
    await fleet.provision(logger, 'L-1')
    const server = memoryServer()
    await using hub = createHub(fleet, { brokers: { default: memoryBroker(server) } })
    const events = new Collector<DataEvent<typeof logger>>()
    hub.onData(logger, events.push)
    await hub.start()
    const device = memoryBroker(server)
    await device.connect({ onMessage: async () => {} })
    const sent = { readings: [{ type: 'a', value: 1 }] }
    await device.publish({ topic: 'things/logger/L-1/data', payload: bytes(sent) })
    const [event] = await events.reach(1, 'data events')
    assert.deepEqual(event!.data, sent)
    await device.close()
  })
})

test('a status message reaches the status handlers, with keys nobody declared', async () => {
  await using f = await fixture()
  const events = new Collector<StatusEvent<typeof weatherStation>>()
  f.hub.onStatus(weatherStation, events.push)
  await f.hub.start()
  const sent = { status: 'online', battery_level: 85.5, firmware_version: '2.1.0', rssi: -60 }
  await f.publish('things/weatherstation/STATION-001/status', sent)
  const [event] = await events.reach(1, 'status events')
  assert.deepEqual(event!.status, sent)
})

describe('what cannot be delivered is rejected with a code', () => {
  const rows: [string, string, unknown, Rejection['code']][] = [
    ['no JSON', DATA, 'temperature=1', 'payload-malformed'],
    ['cut-off JSON', DATA, '{"temperature":', 'payload-malformed'],
    ['empty', DATA, '', 'payload-malformed'],
    ['bytes that are no UTF-8', DATA, Uint8Array.of(0x22, 0xff, 0x22), 'payload-malformed'],
    ['a wrong type of field', DATA, { temperature: 'warm' }, 'payload-invalid'],
    ['a missing field', DATA, { humidity: 1 }, 'payload-invalid'],
    ['null', DATA, 'null', 'payload-invalid'],
    ['an array', DATA, [1], 'payload-invalid'],
    [
      'a list with a broken reading',
      DATA,
      { readings: [{ type: 'temperature' }] },
      'payload-invalid',
    ],
    [
      'an unknown key of a strict type',
      'things/pump/P-1/data',
      { rpm: 1, x: 2 },
      'payload-invalid',
    ],
    ['a time that is none', DATA, { temperature: 1, timestamp: 'noon' }, 'payload-invalid'],
    ['a wrong status', 'things/pump/P-1/status', { battery_level: 'full' }, 'payload-invalid'],
    ['an unknown device', 'things/pump/P-2/data', { rpm: 1 }, 'device-unknown'],
    ['__proto__ as a device', 'things/pump/__proto__/data', { rpm: 1 }, 'device-unknown'],
  ]
  for (const [title, topic, sent, code] of rows) {
    test(`${title}: ${code}`, async () => {
      await using f = await fixture()
      const rejections = new Collector<Rejection>()
      const handled = new Collector<unknown>()
      f.hub.onRejected(rejections.push)
      f.hub.onData(weatherStation, handled.push)
      f.hub.onData(pump, handled.push)
      await f.hub.start()
      await f.publish(topic, sent)
      const [rejection] = await rejections.reach(1, 'rejections')
      assert.equal(rejection!.code, code)
      assert.deepEqual(rejection!.message.payload, bytes(sent))
      assert.equal(rejection!.broker, 'default')
      assert.equal(handled.items.length, 0)
      await f.publish(DATA, { temperature: 1 })
      await handled.reach(1, 'messages after the rejected one')
    })
  }

  test('a revoked device: device-unknown', async () => {
    await using f = await fixture()
    const rejections = new Collector<Rejection>()
    f.hub.onRejected(rejections.push)
    await f.hub.start()
    await f.fleet.revoke(pump, 'P-1')
    await f.publish('things/pump/P-1/data', { rpm: 1 })
    assert.equal((await rejections.reach(1, 'rejections'))[0]!.code, 'device-unknown')
  })

  test('without a listener each is logged, without its payload', async () => {
    await using f = await fixture()
    await f.hub.start()
    await f.publish(DATA, 'secret text')
    await f.publish(DATA, { temperature: 1 })
    await f.hub.close()
    assert.equal(f.log.lines.length, 1)
    assert.match(f.log.lines[0]!, /^warn: Rejected .*STATION-001\/data.*payload-malformed/)
    assert.doesNotMatch(f.log.lines[0]!, /secret text/)
  })

  test('a listener that throws is logged, and the next one is told', async () => {
    await using f = await fixture()
    const rejections = new Collector<Rejection>()
    f.hub.onRejected(() => {
      throw new Error('broken listener')
    })
    f.hub.onRejected(rejections.push)
    await f.hub.start()
    await f.publish(DATA, '')
    await rejections.reach(1, 'rejections')
    assert.match(f.log.lines.join(), /error: .*broken listener/)
  })
})

describe('a handler that fails', () => {
  test('twice and then succeeds gets its message', async () => {
    await using f = await fixture()
    const rejections = new Collector<Rejection>()
    f.hub.onRejected(rejections.push)
    let tries = 0
    const done = deferred<number>()
    f.hub.onData(weatherStation, async () => {
      tries++
      if (tries < 3) throw new Error('not yet')
      done.resolve(tries)
    })
    await f.hub.start()
    await f.publish(DATA, { temperature: 1 })
    assert.equal(await within(done.promise, 'third try'), 3)
    assert.equal(rejections.items.length, 0)
  })

  test('always ends in the dead-letter hook with the raw bytes, and the hub lives', async () => {
    const letters = new Collector<DeadLetter>()
    await using f = await fixture({
      retry: { attempts: 3, delay: 0.001 },
      deadLetter: letters.push,
    })
    const rejections = new Collector<Rejection>()
    f.hub.onRejected(rejections.push)
    const handled = new Collector<number>()
    const failure = new Error('always')
    let tries = 0
    f.hub.onData(weatherStation, ({ data }) => {
      if (data.temperature < 0) {
        tries++
        throw failure
      }
      handled.push(data.temperature)
    })
    await f.hub.start()
    await f.publish(DATA, { temperature: -1 })
    await f.publish(DATA, { temperature: 1 })
    const [letter] = await letters.reach(1, 'dead letters')
    assert.deepEqual(letter!.message.payload, bytes({ temperature: -1 }))
    assert.equal(letter!.error, failure)
    assert.equal(letter!.attempts, 3)
    assert.equal(tries, 3)
    assert.deepEqual(letter!.device, { type: 'weatherstation', id: 'STATION-001' })
    assert.equal((await rejections.reach(1, 'rejections'))[0]!.code, 'handler-failed')
    assert.deepEqual(await handled.reach(1, 'messages after it'), [1])
  })

  test('does not make the handlers before it run again', async () => {
    await using f = await fixture()
    const order: string[] = []
    const done = deferred()
    f.hub.onData(weatherStation, () => void order.push('first'))
    f.hub.onData(weatherStation, () => {
      order.push('second')
      if (order.length < 3) throw new Error('once')
      done.resolve()
    })
    await f.hub.start()
    await f.publish(DATA, { temperature: 1 })
    await within(done.promise, 'second try')
    assert.deepEqual(order, ['first', 'second', 'second'])
  })

  test('and a dead-letter hook that fails too is logged', async () => {
    await using f = await fixture({
      retry: { attempts: 1 },
      deadLetter: () => Promise.reject(new Error('disk full')),
    })
    const rejections = new Collector<Rejection>()
    f.hub.onRejected(rejections.push)
    f.hub.onData(weatherStation, () => Promise.reject(new Error('always')))
    await f.hub.start()
    await f.publish(DATA, { temperature: 1 })
    await rejections.reach(1, 'rejections')
    assert.match(f.log.lines.join(), /error: .*disk full/)
  })

  test('because the store does is tried again, too', async () => {
    const store = memoryStore()
    let failures = 2
    await using f = await fixture({
      store: {
        ...store,
        get: (type, id) =>
          failures-- > 0 ? Promise.reject(new Error('down')) : store.get(type, id),
      },
    })
    const events = new Collector<unknown>()
    f.hub.onData(weatherStation, events.push)
    await f.hub.start()
    await f.publish(DATA, { temperature: 1 })
    await events.reach(1, 'data events')
  })
})

describe('order and concurrency', () => {
  test('one device in order, another beside it', async () => {
    await using f = await fixture()
    await f.fleet.provision(weatherStation, 'STATION-002')
    const gate = deferred()
    const handled = new Collector<string>()
    f.hub.onData(weatherStation, async ({ device, data }) => {
      if (data.temperature === 1) await gate.promise
      handled.push(`${device.id}:${data.temperature}`)
    })
    await f.hub.start()
    await f.publish(DATA, { temperature: 1 })
    await f.publish(DATA, { temperature: 2 })
    await f.publish('things/weatherstation/STATION-002/data', { temperature: 3 })
    assert.deepEqual(await handled.reach(1, 'events'), ['STATION-002:3'])
    gate.resolve()
    assert.deepEqual(await handled.reach(3, 'events'), [
      'STATION-002:3',
      'STATION-001:1',
      'STATION-001:2',
    ])
  })

  test('no more devices at once than the bound', async () => {
    await using f = await fixture({ concurrency: 2 })
    const count = 6
    for (let i = 0; i < count; i++) await f.fleet.provision(weatherStation, `S-${i}`)
    let running = 0
    let most = 0
    const handled = new Collector<string>()
    f.hub.onData(weatherStation, async ({ device }) => {
      most = Math.max(most, ++running)
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
      running--
      handled.push(device.id)
    })
    await f.hub.start()
    for (let i = 0; i < count; i++) {
      await f.publish(`things/weatherstation/S-${i}/data`, { temperature: i })
    }
    await handled.reach(count, 'events')
    assert.equal(most, 2)
  })

  test('close() lets the running handler end', async () => {
    await using f = await fixture()
    const started = deferred()
    const gate = deferred()
    let ended = false
    f.hub.onData(weatherStation, async () => {
      started.resolve()
      await gate.promise
      ended = true
    })
    await f.hub.start()
    await f.publish(DATA, { temperature: 1 })
    await within(started.promise, 'handler')
    const closing = f.hub.close()
    gate.resolve()
    await within(closing, 'close')
    assert.ok(ended)
  })
})

describe('named brokers', () => {
  const near = defineDeviceType('near', { data: v.object({}), broker: 'near' })
  const far = defineDeviceType('far', { data: v.object({}), broker: 'far' })

  test('each type is heard on its own broker only', async () => {
    const fleet = createFleet({ types: [near, far], store: memoryStore() })
    await fleet.provision(near, 'N-1')
    await fleet.provision(far, 'F-1')
    const servers = { near: memoryServer(), far: memoryServer() }
    await using hub = createHub(fleet, {
      brokers: { near: memoryBroker(servers.near), far: memoryBroker(servers.far) },
      logger: captureLog(),
    })
    const heard = new Collector<string>()
    hub.onData(near, ({ broker }) => heard.push(`near through ${broker}`))
    hub.onData(far, ({ broker }) => heard.push(`far through ${broker}`))
    await hub.start()
    for (const server of [servers.near, servers.far]) {
      const device = memoryBroker(server)
      await device.connect({ onMessage: async () => {} })
      await device.publish({ topic: 'things/near/N-1/data', payload: bytes({}) })
      await device.publish({ topic: 'things/far/F-1/data', payload: bytes({}) })
      await device.close()
    }
    await heard.reach(2, 'messages')
    await hub.close()
    assert.deepEqual(heard.items, ['near through near', 'far through far'])
  })

  describe('what is heard on another broker than that of its type is rejected', () => {
    const types = [near, far, defineDeviceType('here', { data: v.object({}), broker: 'far' })]
    const rows: [broker: 'near' | 'far', topic: string, code: Rejection['code'] | undefined][] = [
      ['near', 'things/near/D-1/data', undefined],
      ['far', 'things/far/D-1/status', undefined],
      ['far', 'things/here/D-1/data', undefined],
      ['near', 'things/far/D-1/data', 'broker-foreign'],
      ['near', 'things/far/D-1/status', 'broker-foreign'],
      ['near', 'things/far/D-1/reply', 'broker-foreign'],
      ['near', 'things/here/D-1/data', 'broker-foreign'],
      ['far', 'things/near/D-1/data', 'broker-foreign'],
      ['far', 'things/near/D-2/data', 'broker-foreign'],
      ['near', 'things/far/D-1/cmd', 'topic-unknown'],
      ['near', 'things/near/D-1/cmd', 'topic-unknown'],
      ['near', 'things/nobody/D-1/data', 'topic-unknown'],
      ['near', 'things/near/D-2/data', 'device-unknown'],
    ]
    for (const [broker, topic, code] of rows) {
      test(`${topic} on ${broker}: ${code ?? 'taken'}`, async () => {
        const fleet = createFleet({ types, store: memoryStore() })
        for (const type of types) await fleet.provision(type, 'D-1')
        // Brokers that bring whatever is published, such as one with a session of former times.
        const brokers = { near: hearingAll(), far: hearingAll() }
        await using hub = createHub(fleet, { brokers })
        const outcomes = new Collector<DataEvent | StatusEvent | Rejection>()
        for (const type of types) {
          hub.onData(type, outcomes.push)
          hub.onStatus(type, outcomes.push)
        }
        hub.onRejected(outcomes.push)
        await hub.start()
        await brokers[broker].publish({ topic, payload: bytes({}) })
        const [outcome] = await outcomes.reach(1, 'outcomes')
        assert.equal('code' in outcome! ? outcome.code : undefined, code)
        assert.equal(outcome!.broker, broker)
        if (code !== 'broker-foreign') return
        const { text, device } = outcome as Rejection
        const [, type] = topic.split('/')
        const other = broker === 'near' ? 'far' : 'near'
        assert.equal(
          text,
          `devices of the type "${type}" belong to the broker "${other}", and this came through "${broker}"`,
        )
        assert.deepEqual(device, { type, id: topic.split('/')[2] })
      })
    }
  })

  test('a type whose broker is not given is refused, by name', () => {
    const fleet = createFleet({ types: [near, far], store: memoryStore() })
    // As a file gives them: else the compiler refuses it.
    const brokers: Readonly<Record<string, Broker>> = { near: memoryBroker() }
    assert.throws(
      () => createHub(fleet, { brokers }),
      (error) =>
        error instanceof ConfigError && error.key === 'brokers.far' && /"far"/.test(error.message),
    )
  })

  test('when one cannot connect, all are closed and start() says which error it was', async () => {
    const fleet = createFleet({ types: [near, far], store: memoryStore() })
    const used = memoryBroker()
    await used.connect({ onMessage: async () => {} })
    const other = memoryBroker()
    const hub = createHub(fleet, { brokers: { near: used, far: other }, logger: captureLog() })
    await assert.rejects(hub.start(), { code: 'ERR_BROKER_CLOSED' })
    await assert.rejects(other.publish({ topic: 'a', payload: bytes('') }), {
      code: 'ERR_BROKER_CLOSED',
    })
  })
})

test('options out of range, and types of another fleet, are refused', async () => {
  await using f = await fixture()
  const brokers = { default: memoryBroker() }
  const stranger = defineDeviceType('stranger', { data: v.object({}) })
  assert.throws(() => createHub(f.fleet, { brokers, concurrency: 0 }), { key: 'concurrency' })
  assert.throws(() => createHub(f.fleet, { brokers, retry: { attempts: 0 } }), {
    key: 'retry.attempts',
  })
  for (const [name, value] of [
    ['delay', -1],
    ['delay', 86_401],
    ['delay', '1' as unknown as number],
    ['maxDelay', Number.NaN],
    ['maxDelay', Number.POSITIVE_INFINITY],
  ] as const) {
    assert.throws(() => createHub(f.fleet, { brokers, retry: { [name]: value } }), {
      key: `retry.${name}`,
    })
  }
  const wrong: [options: unknown, key: string][] = [
    [undefined, 'options'],
    [{}, 'brokers'],
    [{ brokers: [] }, 'brokers'],
    [{ brokers: { default: undefined } }, 'brokers.default'],
    [{ brokers: { default: 'mqtt://127.0.0.1' } }, 'brokers.default'],
    [{ brokers: { default: { connect: () => {} } } }, 'brokers.default.subscribe'],
    [{ brokers, broker: brokers.default }, 'broker'],
    [{ brokers, retry: { tries: 3 } }, 'retry.tries'],
  ]
  for (const [options, key] of wrong) {
    assert.throws(() => createHub(f.fleet, options as never), { code: 'ERR_CONFIG', key })
  }
  assert.throws(() => f.hub.onData(stranger, () => {}), { code: 'ERR_CONFIG' })
  assert.throws(() => f.hub.device(stranger, 'S-1'), { code: 'ERR_CONFIG' })
})
