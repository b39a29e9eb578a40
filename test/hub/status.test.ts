/**
 * What a hub says of itself and its brokers, at every moment of their lives.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  AccessDeniedError,
  type Broker,
  BrokerError,
  type BrokerErrorCode,
  type BrokerState,
  type BrokerStatus,
  createFleet,
  createHub,
  type HubStatus,
  memoryStore,
  StatusStream,
} from '../../src/index.ts'
import { deferred, within } from '../support/wait.ts'
import { captureLog, weatherStation } from './fixture.ts'
import { connected, ownBroker } from './own-broker.ts'

const DATA = 'things/weatherstation/STATION-001/data'

const failure = (code: BrokerErrorCode) => new BrokerError(code, `it is ${code}`)
const lost: BrokerStatus = { kind: 'disconnected', error: failure('ERR_BROKER_CONNECTION_LOST') }
const failed = (attempt: number, code: BrokerErrorCode): BrokerStatus => ({
  kind: 'reconnect-failed',
  attempt,
  error: failure(code),
  delay: 1,
})
const problem = (error: Error): BrokerStatus => ({ kind: 'error', error })
const explanation = {} as ConstructorParameters<typeof AccessDeniedError>[0]

/** A hub on brokers of one's own, not started. */
async function site(brokers: Readonly<Record<string, Broker>>) {
  const log = captureLog()
  const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
  await fleet.provision(weatherStation, 'STATION-001')
  const hub = createHub(fleet, { brokers, logger: log })
  return { hub, log, [Symbol.asyncDispose]: () => hub.close() }
}

/** What is said, without the times. */
function said({ state, ready, brokers }: HubStatus) {
  const { default: broker } = brokers
  return { hub: state, ready, broker: broker!.state, subscribed: broker!.subscribed }
}

test('from before the start to after the end', async () => {
  const steps = { connect: deferred(), subscribe: deferred(), close: deferred() }
  const own = ownBroker({
    connect: () => steps.connect.promise,
    subscribe: () => steps.subscribe.promise,
    close: () => steps.close.promise,
  })
  const { hub } = await site({ default: own })
  const now = () => said(hub.status())
  assert.deepEqual(now(), { hub: 'idle', ready: false, broker: 'idle', subscribed: false })
  const starting = hub.start()
  await setImmediate()
  assert.deepEqual(now(), {
    hub: 'starting',
    ready: false,
    broker: 'connecting',
    subscribed: false,
  })
  steps.connect.resolve()
  await setImmediate()
  assert.deepEqual(now(), { hub: 'starting', ready: false, broker: 'connected', subscribed: false })
  steps.subscribe.resolve()
  await within(starting, 'start')
  assert.deepEqual(now(), { hub: 'running', ready: true, broker: 'connected', subscribed: true })
  const closing = hub.close()
  await setImmediate()
  assert.deepEqual(now(), { hub: 'closing', ready: false, broker: 'connected', subscribed: true })
  steps.close.resolve()
  await within(closing, 'close')
  assert.deepEqual(now(), { hub: 'closed', ready: false, broker: 'closed', subscribed: false })
})

describe('what a broker tells', () => {
  const refused = problem(failure('ERR_BROKER_NOT_AUTHORIZED'))
  const last = (code: BrokerErrorCode) => ({ code, message: `it is ${code}` })
  const away = last('ERR_BROKER_CONNECTION_LOST')
  type Expected = Omit<BrokerState, 'since' | 'lastError'> & { readonly lastError?: object }
  const up: Expected = { state: 'connected', subscribed: true, attempts: 0 }
  const down: Expected = { state: 'disconnected', subscribed: false, attempts: 0 }
  const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)
  const rows: [title: string, told: readonly BrokerStatus[], ready: boolean, expected: Expected][] =
    [
      ['nothing more', [], true, up],
      ['a loss', [lost], false, { ...down, lastError: away }],
      ['a loss without a reason', [{ kind: 'disconnected' }], false, down],
      [
        'an attempt that failed',
        [lost, failed(1, 'ERR_BROKER_UNREACHABLE')],
        false,
        { ...down, attempts: 1, lastError: last('ERR_BROKER_UNREACHABLE') },
      ],
      [
        'refused logins',
        [lost, failed(1, 'ERR_BROKER_UNREACHABLE'), failed(2, 'ERR_BROKER_LOGIN_REFUSED')],
        false,
        { ...down, attempts: 2, lastError: last('ERR_BROKER_LOGIN_REFUSED') },
      ],
      [
        'the connection again',
        [lost, failed(1, 'ERR_BROKER_UNREACHABLE'), connected],
        true,
        { ...up, lastError: last('ERR_BROKER_UNREACHABLE') },
      ],
      [
        'a failed attempt alone',
        [failed(7, 'ERR_BROKER_UNREACHABLE')],
        false,
        { ...down, attempts: 7, lastError: last('ERR_BROKER_UNREACHABLE') },
      ],
      [
        'a failure of something else',
        [problem(failure('ERR_BROKER_TIMEOUT'))],
        true,
        { ...up, lastError: last('ERR_BROKER_TIMEOUT') },
      ],
      [
        'a refusal while it is connected',
        [refused],
        true,
        { ...up, lastError: last('ERR_BROKER_NOT_AUTHORIZED') },
      ],
      [
        'a subscription that is refused at the reconnect',
        [lost, refused, connected],
        false,
        { ...up, subscribed: false, lastError: last('ERR_BROKER_NOT_AUTHORIZED') },
      ],
      [
        'and granted a little later',
        [lost, refused, connected, refused, connected],
        true,
        { ...up, lastError: last('ERR_BROKER_NOT_AUTHORIZED') },
      ],
      [
        'one that its own rules refuse',
        [lost, problem(new AccessDeniedError({ ...explanation, text: 'no rule' })), connected],
        false,
        {
          ...up,
          subscribed: false,
          lastError: { code: 'ERR_BROKER_NOT_AUTHORIZED', message: 'no rule' },
        },
      ],
      [
        'and made at the next one',
        [lost, refused, connected, lost, connected],
        true,
        { ...up, lastError: away },
      ],
      [
        'another failure at the reconnect',
        [lost, problem(failure('ERR_BROKER_TIMEOUT')), connected],
        true,
        { ...up, lastError: last('ERR_BROKER_TIMEOUT') },
      ],
      [
        'a loss, and more than a stream keeps',
        [lost, ...many(500, problem(failure('ERR_BROKER_TIMEOUT')))],
        false,
        { ...down, lastError: last('ERR_BROKER_TIMEOUT') },
      ],
      [
        'more refusals than a stream keeps',
        [lost, ...many(500, refused), connected],
        false,
        { ...up, subscribed: false, lastError: last('ERR_BROKER_NOT_AUTHORIZED') },
      ],
      [
        'its end',
        [lost, { kind: 'closed', error: failure('ERR_BROKER_LOGIN_REFUSED') }, connected],
        false,
        {
          state: 'closed',
          subscribed: false,
          attempts: 0,
          lastError: last('ERR_BROKER_LOGIN_REFUSED'),
        },
      ],
    ]
  for (const [title, told, ready, expected] of rows) {
    test(`${title}: ${ready ? '' : 'not '}ready`, async () => {
      const own = ownBroker()
      const before = Date.now()
      await using s = await site({ default: own })
      await s.hub.start()
      await own.tell(...told)
      const status = s.hub.status()
      const { since, lastError, ...rest } = status.brokers.default!
      const { at, ...error } = lastError ?? { at: before }
      assert.deepEqual({ ...rest, ...(lastError && { lastError: error }) }, expected)
      assert.equal(s.hub.ready, ready)
      assert.equal(status.ready, ready)
      for (const time of [since, at, status.since]) {
        assert.ok(time >= before && time <= Date.now(), `${time} is no time of this test`)
      }
      assert.deepEqual(JSON.parse(JSON.stringify(status)), status)
    })
  }

  test('of one broker leaves the others what they are, and is not ready all the same', async () => {
    const [own, other] = [ownBroker(), ownBroker()]
    await using s = await site({ default: own, other })
    await s.hub.start()
    assert.equal(s.hub.ready, true)
    await other.tell(lost)
    const { brokers } = s.hub.status()
    assert.deepEqual([brokers.default?.state, brokers.other?.state], ['connected', 'disconnected'])
    assert.equal(s.hub.ready, false)
    await other.tell(connected)
    assert.equal(s.hub.ready, true)
  })

  test('after its state changed does not change what was said before', async () => {
    const own = ownBroker()
    await using s = await site({ default: own })
    await s.hub.start()
    const before = s.hub.status()
    const copy = structuredClone(before)
    await own.tell(lost)
    assert.deepEqual(before, copy)
  })

  test('says since when: a state that goes on keeps its time', async () => {
    const own = ownBroker()
    await using s = await site({ default: own })
    await s.hub.start()
    await own.tell(lost)
    const { since } = s.hub.status().brokers.default!
    while (Date.now() === since) await setImmediate()
    await own.tell(failed(1, 'ERR_BROKER_UNREACHABLE'))
    assert.equal(s.hub.status().brokers.default!.since, since)
    await own.tell(connected)
    assert.ok(s.hub.status().brokers.default!.since > since)
  })
})

test('a hub that cannot start is closed', async () => {
  const subscribe = () => Promise.reject(failure('ERR_BROKER_NOT_AUTHORIZED'))
  const refusing = ownBroker({ subscribe })
  await using s = await site({ default: refusing })
  await assert.rejects(s.hub.start(), { code: 'ERR_BROKER_NOT_AUTHORIZED' })
  assert.deepEqual(said(s.hub.status()), {
    hub: 'closed',
    ready: false,
    broker: 'closed',
    subscribed: false,
  })
})

describe('a broker that cannot tell of itself', () => {
  const rows: [title: string, status: () => unknown][] = [
    [
      'status() throws',
      () => {
        throw new Error('not written yet')
      },
    ],
    ['status() gives no stream', () => undefined],
    ['its stream is empty', async function* () {}],
    [
      'its stream ends early',
      async function* () {
        yield connected
      },
    ],
    [
      'its stream fails',
      async function* () {
        yield connected
        throw new Error('not written yet')
      },
    ],
    [
      'its stream holds what is no status',
      async function* () {
        yield connected
        yield null
      },
    ],
    ...[
      {},
      'connected',
      { kind: 'happy' },
      { kind: 'connected' },
      { kind: 'disconnected', error: 'gone' },
      { kind: 'error' },
      { kind: 'error', error: 'text' },
      { kind: 'reconnect-failed', attempt: 1, delay: 1 },
      { kind: 'reconnect-failed', error: new Error('away'), attempt: 1 },
      { kind: 'reconnect-failed', error: new Error('away'), attempt: 1, delay: Number.NaN },
      { kind: 'closed', error: 'gone' },
    ].map((wrong): [string, () => unknown] => [
      `its stream holds ${JSON.stringify(wrong)}`,
      async function* () {
        yield connected
        yield wrong
      },
    ]),
    [
      'its first next() throws',
      () => ({
        [Symbol.asyncIterator]: () => ({
          next() {
            throw new Error('not written yet')
          },
        }),
      }),
    ],
    [
      'its first next() gives what is no result',
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => undefined }) }),
    ],
  ]
  for (const [title, status] of rows) {
    test(`${title}: it is unknown, not ready, and everything goes on`, async () => {
      const own = ownBroker({}, status)
      const other = ownBroker()
      await using s = await site({ default: own, other })
      const heard = deferred<number>()
      s.hub.onData(weatherStation, ({ data }) => heard.resolve(data.temperature))
      const stop = new AbortController()
      const running = s.hub.run({ signal: stop.signal })
      await s.hub.start()
      await setImmediate()
      await own.receive(DATA, { temperature: 3 })
      assert.equal(await within(heard.promise, 'message'), 3)
      assert.deepEqual(said(s.hub.status()), {
        hub: 'running',
        ready: false,
        broker: 'unknown',
        subscribed: false,
      })
      assert.equal(s.hub.status().brokers.other!.state, 'connected')
      assert.equal(s.log.lines.length, 1)
      assert.match(s.log.lines[0]!, /^error: Broker "default": its statuses (ended early|failed: )/)
      stop.abort()
      await within(running, 'end')
      assert.equal(s.hub.status().brokers.default!.state, 'closed')
      assert.deepEqual([own.isClosed, other.isClosed], [true, true])
    })
  }

  test('and that does not tell of its end is closed all the same', async () => {
    const silent = ownBroker({}, () => new StatusStream().watch())
    const { hub } = await site({ default: silent })
    await hub.start()
    assert.equal(hub.ready, true)
    await hub.close()
    assert.equal(hub.status().brokers.default!.state, 'closed')
  })
})
