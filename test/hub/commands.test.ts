/**
 * Commands: what goes out, and every way one can end.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Broker,
  BrokerError,
  type BrokerErrorCode,
  CommandError,
  type CommandErrorCode,
  createHub,
  DeviceUnknownError,
  type Message,
  memoryBroker,
  PayloadError,
  type Rejection,
} from '../../src/index.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { bytes, captureLog, type Fixture, fixture, parse, weatherStation } from './fixture.ts'

const REPLY = 'things/weatherstation/STATION-001/reply'

/** Lets the device answer each command. `undefined` leaves the correlation data out. */
function answer(f: Fixture, reply: (command: Record<string, unknown>) => unknown, topic = REPLY) {
  f.onCommand(async (message) => {
    const { correlationData } = message
    await f.devices.publish({
      topic,
      payload: bytes(reply(parse(message))),
      ...(correlationData && { correlationData }),
    })
  })
}

test('a command goes out with its payload, an id and where to answer', async () => {
  await using f = await fixture()
  const received = new Collector<Message>()
  f.onCommand(received.push)
  await f.hub.start()
  const station = f.hub.device(weatherStation, 'STATION-001')
  const sending = station.send('setInterval', { interval: 60 }, { timeout: 1.5 })
  const [message] = await received.reach(1, 'commands')
  const { command, payload, id } = parse(message!)
  assert.equal(message!.topic, 'things/weatherstation/STATION-001/cmd')
  assert.deepEqual({ command, payload }, { command: 'setInterval', payload: { interval: 60 } })
  assert.equal(new TextDecoder().decode(message!.correlationData), id)
  assert.equal(message!.responseTopic, REPLY)
  assert.equal(message!.contentType, 'application/json')
  assert.equal(message!.messageExpiry, 2)
  assert.equal(message!.retain, false)
  await f.publish(REPLY, { id, payload: { interval: 61 } })
  assert.deepEqual(await within(sending, 'reply'), { interval: 61 })
})

test('a command without payload and reply is done when the broker has it', async () => {
  await using f = await fixture()
  const received = new Collector<Message>()
  f.onCommand(received.push)
  await f.hub.start()
  assert.equal(await f.hub.device(weatherStation, 'STATION-001').send('reboot'), undefined)
  const [message] = await received.reach(1, 'commands')
  const { id, ...rest } = parse(message!)
  assert.deepEqual(rest, { command: 'reboot' })
  assert.equal(message!.responseTopic, undefined)
})

test('a handler of a device may send that device a command and wait for the reply', async () => {
  await using f = await fixture({ concurrency: 1 })
  const done = deferred<number>()
  f.hub.onData(weatherStation, async () => {
    const station = f.hub.device(weatherStation, 'STATION-001')
    done.resolve((await station.send('setInterval', { interval: 5 })).interval)
  })
  answer(f, ({ payload }) => ({ payload }))
  await f.hub.start()
  await f.publish('things/weatherstation/STATION-001/data', { temperature: 1 })
  assert.equal(await within(done.promise, 'reply'), 5)
})

describe('a reply reaches the hub that asked', () => {
  test('when two hubs share a group, and the other one ignores it', async () => {
    await using f = await fixture()
    const log = captureLog()
    await using other = createHub(f.fleet, {
      brokers: { default: memoryBroker(f.server) },
      logger: log,
    })
    answer(f, ({ payload }) => ({ payload }))
    await Promise.all([f.hub.start(), other.start()])
    for (const [hub, interval] of [
      [f.hub, 1],
      [other, 2],
      [f.hub, 3],
    ] as const) {
      const reply = await hub
        .device(weatherStation, 'STATION-001')
        .send('setInterval', { interval })
      assert.deepEqual(reply, { interval })
    }
    assert.deepEqual([...f.log.lines, ...log.lines], [])
  })
})

describe('how a command ends without a reply', () => {
  const rows: [string, (command: Record<string, unknown>) => unknown, CommandErrorCode, RegExp][] =
    [
      [
        'the device says so',
        () => ({ error: { code: 'E7', message: 'stuck' } }),
        'ERR_COMMAND_FAILED',
        /stuck/,
      ],
      ['the device says so in a word', () => ({ error: 'stuck' }), 'ERR_COMMAND_FAILED', /stuck/],
      ['the device says so in no words', () => ({ error: 7 }), 'ERR_COMMAND_FAILED', /no reason/],
      [
        'the reply is of another form',
        () => ({ payload: { interval: 'x' } }),
        'ERR_COMMAND_REPLY_INVALID',
        /interval/,
      ],
      ['the reply has no payload', () => ({ ok: true }), 'ERR_COMMAND_REPLY_INVALID', /payload/],
      ['the reply is no JSON', () => 'ok', 'ERR_COMMAND_REPLY_INVALID', /JSON/],
      ['the reply is null', () => 'null', 'ERR_COMMAND_REPLY_INVALID', /payload/],
    ]
  for (const [title, reply, outcome, message] of rows) {
    test(`${title}: ${outcome}`, async () => {
      await using f = await fixture()
      answer(f, reply)
      await f.hub.start()
      const sending = f.hub
        .device(weatherStation, 'STATION-001')
        .send('setInterval', { interval: 1 })
      await assert.rejects(within(sending, 'end of the command'), (error) => {
        assert.ok(error instanceof CommandError)
        assert.equal(error.code, outcome)
        assert.match(error.message, message)
        assert.equal(error.device, 'weatherstation/STATION-001')
        return true
      })
    })
  }

  test("the device's own error code is kept", async () => {
    await using f = await fixture()
    answer(f, () => ({ error: { code: 'E7', message: 'stuck' } }))
    await f.hub.start()
    const sending = f.hub.device(weatherStation, 'STATION-001').send('setInterval', { interval: 1 })
    await assert.rejects(sending, { deviceCode: 'E7' })
  })

  test('nobody answers: timed-out, and the late reply is rejected', async () => {
    await using f = await fixture()
    const received = new Collector<Message>()
    const rejections = new Collector<Rejection>()
    f.onCommand(received.push)
    f.hub.onRejected(rejections.push)
    await f.hub.start()
    const station = f.hub.device(weatherStation, 'STATION-001')
    await assert.rejects(station.send('setInterval', { interval: 1 }, { timeout: 0.02 }), {
      code: 'ERR_COMMAND_TIMED_OUT',
    })
    const { id } = parse(received.items[0]!)
    await f.publish(REPLY, { id, payload: { interval: 1 } })
    assert.equal((await rejections.reach(1, 'rejections'))[0]!.code, 'reply-unexpected')
  })

  test('another device answers: that is rejected, and the right answer still counts', async () => {
    await using f = await fixture()
    await f.fleet.provision(weatherStation, 'STATION-002')
    const received = new Collector<Message>()
    const rejections = new Collector<Rejection>()
    f.onCommand(received.push)
    f.hub.onRejected(rejections.push)
    await f.hub.start()
    const sending = f.hub.device(weatherStation, 'STATION-001').send('setInterval', { interval: 1 })
    const { id } = parse((await received.reach(1, 'commands'))[0]!)
    await f.publish(REPLY.replace('001', '002'), { id, payload: { interval: 666 } })
    await rejections.reach(1, 'rejections')
    await f.publish(REPLY, { id, payload: { interval: 1 } })
    assert.deepEqual(await within(sending, 'reply'), { interval: 1 })
  })

  test('the hub is closed while it waits: timed-out', async () => {
    await using f = await fixture()
    const received = new Collector<Message>()
    f.onCommand(received.push)
    await f.hub.start()
    const sending = f.hub.device(weatherStation, 'STATION-001').send('setInterval', { interval: 1 })
    const ended = assert.rejects(sending, { code: 'ERR_COMMAND_TIMED_OUT' })
    await received.reach(1, 'commands')
    await f.hub.close()
    await within(ended, 'end of the command')
  })

  test('the hub was not started: not-sent', async () => {
    await using f = await fixture()
    const station = f.hub.device(weatherStation, 'STATION-001')
    await assert.rejects(station.send('setInterval', { interval: 1 }), {
      code: 'ERR_COMMAND_NOT_SENT',
    })
    await assert.rejects(station.send('reboot'), { code: 'ERR_COMMAND_NOT_SENT' })
  })

  const refusals: [BrokerErrorCode, CommandErrorCode][] = [
    ['ERR_BROKER_NOT_AUTHORIZED', 'ERR_COMMAND_NOT_AUTHORIZED'],
    ['ERR_BROKER_REFUSED', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_NOT_CONNECTED', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_QUEUE_FULL', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_MESSAGE_EXPIRED', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_TIMEOUT', 'ERR_COMMAND_TIMED_OUT'],
    ['ERR_BROKER_CONNECTION_LOST', 'ERR_COMMAND_TIMED_OUT'],
  ]
  for (const [code, outcome] of refusals) {
    test(`publish fails with ${code}: ${outcome}`, async () => {
      await using f = await fixture()
      const inner = memoryBroker(f.server)
      const refusing: Broker = {
        connect: (options) => inner.connect(options),
        subscribe: (subscriptions) => inner.subscribe(subscriptions),
        unsubscribe: (filters) => inner.unsubscribe(filters),
        publish: () => Promise.reject(new BrokerError(code, 'refused')),
        close: () => inner.close(),
        [Symbol.asyncDispose]: () => inner.close(),
        status: () => inner.status(),
      }
      await using hub = createHub(f.fleet, { brokers: { default: refusing } })
      await hub.start()
      const sending = hub.device(weatherStation, 'STATION-001').send('setInterval', { interval: 1 })
      await assert.rejects(sending, (error) => {
        assert.ok(error instanceof CommandError && error.cause instanceof BrokerError)
        assert.equal(error.code, outcome)
        return true
      })
    })
  }
})

test('a broker that does not answer the publish in time: timed-out, and its answer is ignored', async () => {
  await using f = await fixture()
  const inner = memoryBroker(f.server)
  const answer = deferred()
  const silent: Broker = {
    connect: (options) => inner.connect(options),
    subscribe: (subscriptions) => inner.subscribe(subscriptions),
    unsubscribe: (filters) => inner.unsubscribe(filters),
    publish: () => answer.promise,
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
    status: () => inner.status(),
  }
  await using hub = createHub(f.fleet, { brokers: { default: silent } })
  await hub.start()
  const station = hub.device(weatherStation, 'STATION-001')
  const sending = station.send('setInterval', { interval: 1 }, { timeout: 0.02 })
  await within(assert.rejects(sending, { code: 'ERR_COMMAND_TIMED_OUT' }), 'end of the command')
  answer.reject(new BrokerError('ERR_BROKER_TIMEOUT', 'no answer'))
})

describe('what is refused before anything is sent', () => {
  test('a device that is not provisioned', async () => {
    await using f = await fixture()
    await f.hub.start()
    await assert.rejects(f.hub.device(weatherStation, 'NOPE').send('reboot'), DeviceUnknownError)
  })

  test('a payload the command does not take', async () => {
    await using f = await fixture()
    const received = new Collector<Message>()
    f.onCommand(received.push)
    await f.hub.start()
    const station = f.hub.device(weatherStation, 'STATION-001')
    await assert.rejects(
      station.send('setInterval', { interval: 'x' as unknown as number }),
      (error) => {
        assert.ok(error instanceof PayloadError)
        assert.equal(error.issues[0]!.path, 'interval')
        return true
      },
    )
    assert.equal(received.items.length, 0)
  })

  test('a command the type does not declare, and arguments that are none', async () => {
    await using f = await fixture()
    const received = new Collector<Message>()
    f.onCommand(received.push)
    await f.hub.start()
    const station = f.hub.device(weatherStation, 'STATION-001')
    const expectTypeError = (sending: Promise<unknown>, message: RegExp) =>
      assert.rejects(sending, { name: 'TypeError', message })
    for (const name of ['explode', 'toString', '__proto__']) {
      await expectTypeError(station.send(name as 'reboot'), /declares no command/)
    }
    for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 86_401, '1' as never]) {
      await expectTypeError(station.send('reboot', { timeout }), /timeout must be seconds/)
    }
    await expectTypeError(station.send('reboot', { timeOut: 1 } as never), /"timeOut" is no option/)
    await expectTypeError(station.send('reboot', 7 as never), /must be an object/)
    await expectTypeError(
      station.send('reboot', ...([undefined, { timeout: 1 }] as unknown as [])),
      /takes options alone/,
    )
    await expectTypeError(
      station.send(
        'setInterval',
        ...([{ interval: 1 }, {}, {}] as unknown as [{ interval: number }]),
      ),
      /takes a payload and options/,
    )
    assert.equal(received.items.length, 0)
  })
})

describe('a signal', () => {
  const reason = new Error('changed my mind')

  test('that is aborted before keeps the command here', async () => {
    await using f = await fixture()
    const received = new Collector<Message>()
    f.onCommand(received.push)
    await f.hub.start()
    const station = f.hub.device(weatherStation, 'STATION-001')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(station.send('reboot', { signal }), reason)
    await assert.rejects(station.send('setInterval', { interval: 1 }, { signal }), reason)
    assert.equal(received.items.length, 0)
  })

  test('ends the wait for a reply, and that reply is unexpected', async () => {
    await using f = await fixture()
    const received = new Collector<Message>()
    const rejections = new Collector<Rejection>()
    f.onCommand(received.push)
    f.hub.onRejected(rejections.push)
    await f.hub.start()
    const abort = new AbortController()
    const station = f.hub.device(weatherStation, 'STATION-001')
    const sending = station.send('setInterval', { interval: 1 }, { signal: abort.signal })
    const ended = assert.rejects(sending, reason)
    const { id } = parse((await received.reach(1, 'commands'))[0]!)
    abort.abort(reason)
    await within(ended, 'end of the command')
    await f.publish(REPLY, { id, payload: { interval: 1 } })
    assert.equal((await rejections.reach(1, 'rejections'))[0]!.code, 'reply-unexpected')
  })

  test('that is never aborted changes nothing', async () => {
    await using f = await fixture()
    answer(f, ({ payload }) => ({ payload }))
    await f.hub.start()
    const { signal } = new AbortController()
    const station = f.hub.device(weatherStation, 'STATION-001')
    assert.deepEqual(await station.send('setInterval', { interval: 2 }, { signal }), {
      interval: 2,
    })
    await station.send('reboot', { signal })
  })
})
