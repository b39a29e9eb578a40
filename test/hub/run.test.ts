/**
 * The whole life of a hub as one call.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Broker,
  BrokerError,
  createFleet,
  createHub,
  memoryBroker,
  memoryStore,
} from '../../src/index.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { captureLog, fixture, weatherStation } from './fixture.ts'
import { ownBroker } from './own-broker.ts'

const DATA = 'things/weatherstation/STATION-001/data'

describe('hub.start with a signal', () => {
  const reason = new Error('changed my mind')
  function slowHub() {
    const begun = deferred()
    const broker = ownBroker({
      connect() {
        begun.resolve()
        return new Promise(() => {})
      },
    })
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const hub = createHub(fleet, { brokers: { default: broker }, logger: captureLog() })
    return { hub, broker, begun: begun.promise }
  }

  test('is given up when that aborts: the hub is closed, and the error is the reason', async () => {
    const { hub, broker, begun } = slowHub()
    const abort = new AbortController()
    const starting = assert.rejects(hub.start({ signal: abort.signal }), reason)
    await begun
    abort.abort(reason)
    await within(starting, 'end of the start')
    assert.equal(broker.isClosed, true)
    assert.equal(hub.status().state, 'closed')
  })

  test('that was aborted before connects nothing', async () => {
    const { hub, broker, begun } = slowHub()
    let isBegun = false
    void begun.then(() => {
      isBegun = true
    })
    await assert.rejects(hub.start({ signal: AbortSignal.abort(reason) }), reason)
    assert.deepEqual([isBegun, broker.isClosed], [false, true])
  })

  test('has no effect after the start', async () => {
    await using f = await fixture()
    const received = new Collector<number>()
    f.hub.onData(weatherStation, ({ data }) => received.push(data.temperature))
    const abort = new AbortController()
    await f.hub.start({ signal: abort.signal })
    abort.abort(reason)
    await f.publish(DATA, { temperature: 1 })
    assert.deepEqual(await received.reach(1, 'messages'), [1])
  })
})

describe('hub.run', () => {
  test('handles messages until the signal aborts, and then lets handlers end', async () => {
    await using f = await fixture()
    const begun = new Collector<number>()
    const gate = deferred()
    let done = false
    f.hub.onData(weatherStation, async ({ data }) => {
      begun.push(data.temperature)
      await gate.promise
      done = true
    })
    const stop = new AbortController()
    const running = f.hub.run({ signal: stop.signal })
    await f.hub.start() // Settles when it has started.
    await f.publish(DATA, { temperature: 1 })
    await begun.reach(1, 'handlers')
    stop.abort()
    gate.resolve()
    await within(running, 'end')
    assert.equal(done, true)
  })

  test('with a signal that was aborted before starts nothing', async () => {
    await using f = await fixture()
    await within(f.hub.run({ signal: AbortSignal.abort() }), 'end')
    await assert.rejects(f.hub.start(), { code: 'ERR_BROKER_CLOSED' })
  })

  test('rejects if it cannot start, as start does', async () => {
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const broker = memoryBroker()
    await broker.close()
    const logger = { info() {}, warn() {}, error() {} }
    const hub = createHub(fleet, { brokers: { default: broker }, logger })
    const { signal } = new AbortController()
    await assert.rejects(within(hub.run({ signal }), 'end'), { code: 'ERR_BROKER_CLOSED' })
  })
})

describe('a hub whose broker ends by itself', () => {
  const expired = new BrokerError('ERR_BROKER_LOGIN_REFUSED', 'the token is over')
  const ended = { kind: 'closed', error: expired } as const

  async function site(brokers: Readonly<Record<string, Broker>>) {
    const log = captureLog()
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    await fleet.provision(weatherStation, 'STATION-001')
    return { hub: createHub(fleet, { brokers, logger: log }), log }
  }

  test('closes the others, and run rejects with that error', async () => {
    const [own, other] = [ownBroker(), ownBroker()]
    const { hub, log } = await site({ default: own, other })
    const running = hub.run({ signal: new AbortController().signal })
    await hub.start()
    void own.tell(ended)
    await assert.rejects(within(running, 'end'), expired)
    assert.equal(other.isClosed, true)
    assert.equal(hub.status().state, 'closed')
    assert.deepEqual(log.lines, ['error: Broker "default": closed: the token is over'])
  })

  test('without an error: the rejection says which it was', async () => {
    const own = ownBroker()
    const { hub, log } = await site({ default: own })
    const running = hub.run({ signal: new AbortController().signal })
    await hub.start()
    void own.close()
    await assert.rejects(within(running, 'end'), {
      code: 'ERR_BROKER_CLOSED',
      message: 'Broker "default" was closed',
    })
    assert.deepEqual(log.lines, ['error: Broker "default": closed, and not by this hub'])
  })

  test('while another one connects: that one is not waited for', async () => {
    const own = ownBroker()
    const hang = deferred()
    const other = ownBroker({ connect: () => hang.promise, close: async () => hang.resolve() })
    const { hub } = await site({ default: own, other })
    const running = hub.run({ signal: new AbortController().signal })
    void own.tell(ended)
    await assert.rejects(within(running, 'end'), expired)
    assert.equal(other.isClosed, true)
  })

  test('before run is called: it rejects all the same', async () => {
    const own = ownBroker()
    const { hub } = await site({ default: own })
    await hub.start()
    await own.tell(ended)
    assert.equal(hub.status().state, 'running') // Others may still be of use to whoever started it.
    await assert.rejects(within(hub.run({ signal: new AbortController().signal }), 'end'), expired)
    assert.equal(hub.status().state, 'closed')
  })

  test('lets the running handlers of the others end first', async () => {
    const own = ownBroker()
    await using f = await fixture()
    const log = captureLog()
    const other = memoryBroker(f.server)
    const hub = createHub(f.fleet, { brokers: { default: other, own }, logger: log })
    const begun = deferred()
    const gate = deferred()
    let isDone = false
    hub.onData(weatherStation, async () => {
      begun.resolve()
      await gate.promise
      isDone = true
    })
    const running = hub.run({ signal: new AbortController().signal })
    await hub.start()
    await f.publish(DATA, { temperature: 1 })
    await within(begun.promise, 'handler')
    void own.tell(ended)
    gate.resolve()
    await assert.rejects(within(running, 'end'), expired)
    assert.equal(isDone, true)
  })

  test('and another one cannot be closed: both are told, and the third is closed', async () => {
    const [own, third] = [ownBroker(), ownBroker()]
    const stuck = ownBroker({ close: () => Promise.reject(new Error('no way back')) })
    const { hub, log } = await site({ default: own, stuck, third })
    const running = hub.run({ signal: new AbortController().signal })
    await hub.start()
    void own.tell(ended)
    await assert.rejects(within(running, 'end'), expired)
    assert.equal(third.isClosed, true)
    assert.match(log.lines.join(), /Closing the hub failed: Error: no way back/)
  })

  test('when it is closing anyway: nothing has failed', async () => {
    const own = ownBroker({ close: () => own.tell(ended) })
    const { hub } = await site({ default: own })
    const stop = new AbortController()
    const running = hub.run({ signal: stop.signal })
    await hub.start()
    stop.abort()
    await within(running, 'end')
  })
})

describe('hub.run settles without an error', () => {
  test('when the hub is closed', async () => {
    await using f = await fixture()
    const running = f.hub.run({ signal: new AbortController().signal })
    await f.hub.start()
    await f.hub.close()
    await within(running, 'end')
  })

  test('when the hub is closed while it starts', async () => {
    const hang = deferred<void>()
    const gone = new BrokerError('ERR_BROKER_CLOSED', 'This broker was closed')
    const own = ownBroker({ connect: () => hang.promise, close: async () => hang.reject(gone) })
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const hub = createHub(fleet, { brokers: { default: own }, logger: captureLog() })
    const running = hub.run({ signal: new AbortController().signal })
    await hub.close()
    await within(running, 'end')
  })

  test('when it was closed before, and connects nothing then', async () => {
    let isConnected = false
    const own = ownBroker({
      async connect() {
        isConnected = true
      },
    })
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const hub = createHub(fleet, { brokers: { default: own }, logger: captureLog() })
    await hub.close()
    await within(hub.run({ signal: new AbortController().signal }), 'end')
    assert.equal(isConnected, false)
  })
})

test('hub.run leaves nothing at the signal, however it ends', async () => {
  const { signal } = new AbortController()
  const listeners = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  signal.addEventListener = (type: string, listener: () => void) => {
    listeners.add(listener)
    add(type, listener)
  }
  const remove = signal.removeEventListener.bind(signal)
  signal.removeEventListener = (type: string, listener: () => void) => {
    listeners.delete(listener)
    remove(type, listener)
  }
  await using f = await fixture()
  const running = f.hub.run({ signal })
  await f.hub.start()
  assert.equal(listeners.size, 1)
  await f.hub.close()
  await within(running, 'end')
  assert.equal(listeners.size, 0)
})
