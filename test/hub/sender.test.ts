/**
 * Commands without a hub: what goes out, what is refused, and how each ends.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  BrokerError,
  type BrokerErrorCode,
  type CommandErrorCode,
  commandSender,
  createHub,
  type ObservedEvent,
  type OutgoingMessage,
  type Publisher,
} from '../../src/index.ts'
import { makeFleet, pump } from '../fleet/fixture.ts'
import { weatherStation } from './fixture.ts'

/** A publisher that keeps what it is given, or fails. */
class Kept implements Publisher {
  readonly messages: OutgoingMessage[] = []
  error: unknown
  async publish(message: OutgoingMessage): Promise<void> {
    this.messages.push(message)
    if (this.error) throw this.error
  }
}

async function setUp() {
  const events: ObservedEvent[] = []
  const fleet = makeFleet({ types: [weatherStation], observer: (event) => events.push(event) })
  await fleet.provision(weatherStation, 'S-1')
  const kept = new Kept()
  const sender = commandSender(fleet, { publishers: { default: kept } })
  return { fleet, kept, sender, events, station: sender.device(weatherStation, 'S-1') }
}

/** A message without what is never the same twice. */
function known({ payload, correlationData, ...rest }: OutgoingMessage) {
  const { id, ...body } = JSON.parse(new TextDecoder().decode(payload))
  assert.equal(new TextDecoder().decode(correlationData), id)
  return { ...rest, body }
}

test('a command is the message that a hub sends', async () => {
  const { fleet, kept, station } = await setUp()
  await station.send('setInterval', { interval: 60 }, { timeout: 1.5 })
  await station.send('reboot')
  const hubs = new Kept()
  const idle = {
    connect: async () => assert.fail(),
    subscribe: async () => [],
    close: async () => {},
    status: async function* () {},
    publish: (message: OutgoingMessage) => hubs.publish(message),
  }
  const hub = createHub(fleet, { brokers: { default: idle as never } })
  const asked = hub.device(weatherStation, 'S-1')
  const waiting = asked.send('setInterval', { interval: 60 }, { timeout: 1.5 })
  await asked.send('reboot')
  await hub.close()
  await assert.rejects(waiting, { code: 'ERR_COMMAND_TIMED_OUT' })
  const byBody = (messages: readonly OutgoingMessage[]) => {
    return messages.map(known).sort((a, b) => (a.body.command < b.body.command ? -1 : 1))
  }
  assert.deepEqual(byBody(kept.messages), byBody(hubs.messages))
  assert.equal(kept.messages[0]!.responseTopic, 'things/weatherstation/S-1/reply')
})

test('no two commands have one id', async () => {
  const { kept, station } = await setUp()
  for (let i = 0; i < 100; i++) await station.send('reboot')
  const ids = kept.messages.map(({ correlationData }) => new TextDecoder().decode(correlationData))
  assert.equal(new Set(ids).size, 100)
})

test('it settles with nothing, whatever the command declares, and is observed', async () => {
  const { station, events } = await setUp()
  assert.equal(await station.send('setInterval', { interval: 60 }), undefined)
  assert.equal(await station.sendByName('reboot', undefined), undefined)
  const ended = events.flatMap((event) => (event.kind === 'command' ? [event] : []))
  assert.deepEqual(
    ended.map(({ command, code }) => [command, code]),
    [
      ['setInterval', 'done'],
      ['reboot', 'done'],
    ],
  )
})

describe('nothing is sent', () => {
  type Station = Awaited<ReturnType<typeof setUp>>['station']
  const stop = AbortSignal.abort(new Error('stopped'))
  const rows: readonly [string, (station: Station) => Promise<void>, object][] = [
    [
      'with a payload that is none',
      (station) => station.send('setInterval', { interval: 'x' as never }),
      { code: 'ERR_PAYLOAD_INVALID' },
    ],
    [
      'of a command that is not declared',
      (station) => station.send('explode' as 'reboot'),
      { name: 'TypeError' },
    ],
    [
      'of one that comes from outside and is not declared',
      (station) => station.sendByName('toString', undefined),
      { code: 'ERR_COMMAND_UNKNOWN' },
    ],
    [
      'with a payload from outside, where none is declared',
      (station) => station.sendByName('reboot', { timeout: 1 }),
      { code: 'ERR_PAYLOAD_INVALID' },
    ],
    [
      'with a time of 0',
      (station) => station.send('reboot', { timeout: 0 }),
      { name: 'TypeError' },
    ],
    [
      'under a signal that was aborted',
      (station) => station.send('reboot', { signal: stop }),
      { message: 'stopped' },
    ],
  ]
  for (const [title, send, expected] of rows) {
    test(title, async () => {
      const { kept, station } = await setUp()
      await assert.rejects(send(station), expected)
      assert.deepEqual(kept.messages, [])
    })
  }

  test('to a device that is unknown, or revoked', async () => {
    const { fleet, kept, sender, station } = await setUp()
    const unknown = { code: 'ERR_DEVICE_UNKNOWN' }
    await assert.rejects(sender.device(weatherStation, 'S-2').send('reboot'), unknown)
    await fleet.revoke(weatherStation, 'S-1')
    await assert.rejects(station.send('reboot'), unknown)
    assert.deepEqual(kept.messages, [])
  })
})

describe('how it ends where it is not published', () => {
  const rows: readonly [BrokerErrorCode, CommandErrorCode][] = [
    ['ERR_BROKER_LOGIN_REFUSED', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_REFUSED', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_NOT_CONNECTED', 'ERR_COMMAND_NOT_SENT'],
    ['ERR_BROKER_NOT_AUTHORIZED', 'ERR_COMMAND_NOT_AUTHORIZED'],
    ['ERR_BROKER_TIMEOUT', 'ERR_COMMAND_TIMED_OUT'],
    ['ERR_BROKER_CONNECTION_LOST', 'ERR_COMMAND_TIMED_OUT'],
  ]
  for (const [code, expected] of rows) {
    test(code, async () => {
      const { kept, station } = await setUp()
      kept.error = new BrokerError(code, 'because')
      const device = 'weatherstation/S-1'
      await assert.rejects(station.send('reboot'), { code: expected, device, command: 'reboot' })
    })
  }
})

describe('it is not made', () => {
  const publisher = new Kept()
  const rows: readonly [string, unknown, string][] = [
    ['without publishers', {}, 'publishers'],
    ['without one that a type names', { publishers: {} }, 'publishers.default'],
    ['with one that publishes nothing', { publishers: { default: {} } }, 'publishers.default'],
    ['with an option that is none', { publishers: { default: publisher }, retry: 1 }, 'retry'],
  ]
  for (const [title, options, key] of rows) {
    test(title, () => {
      const fleet = makeFleet({ types: [pump] })
      assert.throws(
        () => commandSender(fleet, options as never),
        (error: { code?: string; key?: string }) =>
          error.code === 'ERR_CONFIG' && error.key!.startsWith(key),
      )
    })
  }
})
