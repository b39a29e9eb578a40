/**
 * What a hub writes about an outage: enough to act on, and no line for each second of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_FULL_LINES, quietLog } from '../../src/base/quiet-log.ts'
import {
  BrokerError,
  type BrokerErrorCode,
  type BrokerStatus,
  ConfigError,
  createFleet,
  createHub,
  memoryStore,
  type Rejection,
  type RejectionCode,
} from '../../src/index.ts'
import { rejections } from '../../src/message/rejections.ts'
import { captureLog, weatherStation } from './fixture.ts'
import { connected, ownBroker } from './own-broker.ts'

const lost: BrokerStatus = { kind: 'disconnected', error: new Error('the network is gone') }

function failed(attempt: number, code: BrokerErrorCode, delay: number): BrokerStatus {
  return { kind: 'reconnect-failed', attempt, error: new BrokerError(code, `${code} it is`), delay }
}

const unreachable = (attempt: number) => failed(attempt, 'ERR_BROKER_UNREACHABLE', 0.5)
const refused = (attempt: number) => failed(attempt, 'ERR_BROKER_LOGIN_REFUSED', attempt * 15)

const rows: [title: string, told: readonly BrokerStatus[], lines: readonly string[]][] = [
  [
    'each refused login, with its reason and when it is tried next',
    [lost, refused(1), refused(2), refused(3), refused(4), connected],
    [
      'warn: Broker "plant": connection lost: the network is gone',
      ...[15, 30, 45, 60].map(
        (seconds) =>
          `error: Broker "plant": reconnect-failed: ERR_BROKER_LOGIN_REFUSED it is; tried again in ${seconds} s`,
      ),
      'info: Broker "plant": connected again',
    ],
  ],
  [
    'of other failures the first of each kind',
    [lost, ...Array.from({ length: 1_000 }, (_, i) => unreachable(i + 1)), connected],
    [
      'warn: Broker "plant": connection lost: the network is gone',
      'error: Broker "plant": reconnect-failed: ERR_BROKER_UNREACHABLE it is; tried again in 1 s',
      'info: Broker "plant": connected again',
    ],
  ],
  [
    'and of the next outage again, with refused logins in between',
    [lost, unreachable(1), refused(2), unreachable(3), connected, lost, unreachable(1)],
    [
      'warn: Broker "plant": connection lost: the network is gone',
      'error: Broker "plant": reconnect-failed: ERR_BROKER_UNREACHABLE it is; tried again in 1 s',
      'error: Broker "plant": reconnect-failed: ERR_BROKER_LOGIN_REFUSED it is; tried again in 30 s',
      'info: Broker "plant": connected again',
      'warn: Broker "plant": connection lost: the network is gone',
      'error: Broker "plant": reconnect-failed: ERR_BROKER_UNREACHABLE it is; tried again in 1 s',
    ],
  ],
]

for (const [title, told, lines] of rows) {
  test(`a hub logs ${title}`, async () => {
    const log = captureLog()
    const own = ownBroker()
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const brokers = { default: ownBroker(), plant: own }
    await using hub = createHub(fleet, { brokers, logger: log })
    await hub.start()
    for (const status of told) await own.tell(status)
    assert.deepEqual(log.lines, lines)
  })
}

test('of 1,000 messages that are rejected a hub logs a few of each code, and tells of each who asks', () => {
  const log = captureLog()
  const quiet = quietLog(log)
  const { reject, onRejected } = rejections(quiet)
  const message = (id: string) => ({ topic: `things/pump/${id}/data`, payload: new Uint8Array() })
  const rejection = (code: RejectionCode, id: string) => {
    return { code, text: 'is refused', broker: 'default', message: message(id) } as Rejection
  }
  for (let i = 0; i < 1_000; i++) reject(rejection('device-unknown', 'X'))
  reject(rejection('payload-invalid', 'P-1'))
  assert.equal(log.lines.length, MAX_FULL_LINES + 1)
  assert.match(log.lines.at(-1)!, /payload-invalid/)
  quiet.close()
  const rest = `(${1_000 - MAX_FULL_LINES} more since the last such line)`
  assert.ok(log.lines.at(-1)!.endsWith(rest))
  let told = 0
  onRejected(() => told++)
  for (let i = 0; i < 1_000; i++) reject(rejection('device-unknown', 'X'))
  assert.equal(told, 1_000)
  assert.equal(log.lines.length, MAX_FULL_LINES + 2)
})

test('a handler that only shows what is rejected keeps nothing out of the log', () => {
  const log = captureLog()
  const { reject, onRejected } = rejections(quietLog(log))
  const message = { topic: 'things/pump/X/data', payload: new Uint8Array() }
  const one = { code: 'device-unknown', text: 'x', broker: 'default', message } as Rejection
  const counts = { shown: 0, taken: 0 }
  const stopShowing = onRejected(() => counts.shown++, { keepsLog: true })
  reject(one)
  assert.deepEqual([counts.shown, log.lines.length], [1, 1])
  const stopTaking = onRejected(() => counts.taken++)
  reject(one)
  assert.deepEqual([counts, log.lines.length], [{ shown: 2, taken: 1 }, 1])
  stopTaking()
  stopShowing()
  reject(one)
  assert.deepEqual([counts, log.lines.length], [{ shown: 2, taken: 1 }, 2])
  assert.throws(() => onRejected(() => {}, { keepLog: true } as never), ConfigError)
})
