/**
 * The time that a device sends beside its readings: the same one in every zone that a hub may run in, or
 * a rejection.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import {
  createFleet,
  type DataEvent,
  defineDeviceType,
  memoryStore,
  type PayloadError,
  type Rejection,
  type TimestampOptions,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { publishing } from './publishing.ts'

/** What a device sends, as JSON, and the time it is. */
const TAKEN: readonly [sent: string, time: string][] = [
  ['"2025-01-15T12:00:00Z"', '2025-01-15T12:00:00.000Z'],
  ['"2025-01-15T12:00:00+00:00"', '2025-01-15T12:00:00.000Z'],
  ['"2025-01-15T12:00:00-00:00"', '2025-01-15T12:00:00.000Z'],
  ['"2025-01-15T12:00:00+05:30"', '2025-01-15T06:30:00.000Z'],
  ['"2025-01-15T12:00:00-0800"', '2025-01-15T20:00:00.000Z'],
  ['"2025-01-15T12:00:00+01"', '2025-01-15T11:00:00.000Z'],
  ['"2025-01-01T00:30:00+01:00"', '2024-12-31T23:30:00.000Z'],
  ['"2025-01-15t12:00:00z"', '2025-01-15T12:00:00.000Z'],
  ['"2025-01-15 12:00:00Z"', '2025-01-15T12:00:00.000Z'],
  ['"2025-01-15T12:00Z"', '2025-01-15T12:00:00.000Z'],
  ['"2025-01-15T12:00:00.5Z"', '2025-01-15T12:00:00.500Z'],
  ['"2025-01-15T12:00:00,123Z"', '2025-01-15T12:00:00.123Z'],
  ['"2025-01-15T12:00:00.123456789Z"', '2025-01-15T12:00:00.123Z'],
  ['"2025-01-15T12:00:00.9999Z"', '2025-01-15T12:00:00.999Z'],
  ['"2024-02-29T00:00:00Z"', '2024-02-29T00:00:00.000Z'],
  ['"2000-02-29T00:00:00Z"', '2000-02-29T00:00:00.000Z'],
  ['"1970-01-01T00:00:00Z"', '1970-01-01T00:00:00.000Z'],
  ['"0099-12-31T23:59:59Z"', '0099-12-31T23:59:59.000Z'],
  ['"9999-12-31T23:59:59Z"', '9999-12-31T23:59:59.000Z'],
  // Without a zone: UTC.
  ['"2025-01-15T12:00:00"', '2025-01-15T12:00:00.000Z'],
  ['"2025-07-15T12:00:00"', '2025-07-15T12:00:00.000Z'],
  ['"2025-01-15 12:00:00.25"', '2025-01-15T12:00:00.250Z'],
  ['"2025-01-15T12:00"', '2025-01-15T12:00:00.000Z'],
  ['"2025-03-30T02:30:00"', '2025-03-30T02:30:00.000Z'],
  ['"2025-01-15"', '2025-01-15T00:00:00.000Z'],
  // Seconds have ten digits, milliseconds thirteen.
  ['1736942400', '2025-01-15T12:00:00.000Z'],
  ['1736942400.25', '2025-01-15T12:00:00.250Z'],
  ['1736942400.123', '2025-01-15T12:00:00.123Z'],
  ['1.7369424e9', '2025-01-15T12:00:00.000Z'],
  ['1736942400000', '2025-01-15T12:00:00.000Z'],
  ['1736942400123.9', '2025-01-15T12:00:00.123Z'],
  ['1000000000', '2001-09-09T01:46:40.000Z'],
  ['9999999999', '2286-11-20T17:46:39.000Z'],
  ['1000000000000', '2001-09-09T01:46:40.000Z'],
  ['9999999999999', '2286-11-20T17:46:39.999Z'],
]

const REFUSED: readonly string[] = [
  // Words and free text, of which some runtimes make a date.
  '"pump-7"',
  '"5"',
  '"noon"',
  '""',
  '" "',
  '"now"',
  '"01/02/2025"',
  '"1/2/25"',
  '"15.01.2025"',
  '"Jan 15 2025"',
  '"15 Jan 2025 12:00:00 GMT"',
  '"Wed, 15 Jan 2025 12:00:00 GMT"',
  '"2025"',
  '"2025-01"',
  '"1736942400"',
  '"1736942400000"',
  '"12:00:00Z"',
  // Days and times that do not exist.
  '"2025-02-30T12:00:00Z"',
  '"2025-02-29T12:00:00Z"',
  '"1900-02-29T12:00:00Z"',
  '"2025-04-31T12:00:00Z"',
  '"2025-13-01T12:00:00Z"',
  '"2025-00-01T12:00:00Z"',
  '"2025-01-00T12:00:00Z"',
  '"2025-01-32T12:00:00Z"',
  '"2025-01-15T24:00:00Z"',
  '"2025-01-15T12:60:00Z"',
  '"2025-01-15T12:00:60Z"',
  '"2025-01-15T12:00:00+24:00"',
  '"2025-01-15T12:00:00+01:60"',
  // Nearly right.
  '"2025-1-15T12:00:00Z"',
  '"25-01-15T12:00:00Z"',
  '"2025-01-15T1:00:00Z"',
  '"2025-01-15T12Z"',
  '"2025-01-15Z"',
  '"2025-01-15T12:00:00.Z"',
  '"2025-01-15T12:00:00 Z"',
  '"2025-01-15T12:00:00UTC"',
  '"2025-01-15T12:00:00 Europe/Zurich"',
  '"2025-01-15T12:00:00+1"',
  '" 2025-01-15T12:00:00Z"',
  '"2025-01-15T12:00:00Z\\n"',
  '"+002025-01-15T12:00:00Z"',
  '"-000001-01-15T12:00:00Z"',
  '"２０２５-01-15T12:00:00Z"',
  // Numbers that say no unit.
  '0',
  '-1',
  '5',
  '86400',
  '999999999',
  '10000000000',
  '999999999999',
  '10000000000000',
  '1736942400000000',
  '-1736942400',
  '1e300',
  // Anything else.
  'null',
  'true',
  'false',
  '{}',
  '[]',
  '["2025-01-15T12:00:00Z"]',
  '{"$date":"2025-01-15T12:00:00Z"}',
]

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What becomes of each message, in a process with another zone. */
async function inZone(TZ: string): Promise<{ offset: number; told: readonly string[] }> {
  const runtime = 'Deno' in globalThis ? 'deno' : 'Bun' in globalThis ? 'bun' : 'node'
  const args = {
    node: ['--import=tsx'],
    bun: [],
    deno: ['run', '-A', '--no-check', '--no-lock'],
  }[runtime]
  const child = spawn(process.execPath, [...args, 'test/hub/timestamps-child.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TZ, NODE_NO_WARNINGS: '1' },
  })
  child.stdin.end(JSON.stringify([...TAKEN.map(([sent]) => sent), ...REFUSED]))
  return JSON.parse(await text(child.stdout))
}

for (const [zone, offset] of [
  ['UTC', 0],
  ['America/New_York', 300],
  ['Asia/Kolkata', -330],
  ['Pacific/Chatham', -825],
  ['Europe/Zurich', -60],
] as const) {
  describe(`where the clocks of the hub show ${zone}`, () => {
    const outcomes = inZone(zone)

    test('they do', async () => assert.equal((await outcomes).offset, offset))

    for (const [i, [sent, time]] of TAKEN.entries()) {
      test(`${sent} is ${time}`, async () => assert.equal((await outcomes).told[i], time))
    }
    for (const [i, sent] of REFUSED.entries()) {
      test(`${sent} is rejected`, async () => {
        assert.equal((await outcomes).told[TAKEN.length + i], 'payload-invalid')
      })
    }
  })
}

describe('a type says in which zone its devices are', () => {
  const rows: readonly [zone: string, sent: string, time: string | undefined][] = [
    ['UTC', '2025-07-15T12:00:00', '2025-07-15T12:00:00.000Z'],
    ['+05:30', '2025-07-15T12:00:00', '2025-07-15T06:30:00.000Z'],
    ['-08:00', '2025-07-15T12:00:00.5', '2025-07-15T20:00:00.500Z'],
    ['-08:00', '2025-07-15T12:00:00Z', '2025-07-15T12:00:00.000Z'],
    ['Europe/Zurich', '2025-01-15T12:00:00', '2025-01-15T11:00:00.000Z'],
    ['Europe/Zurich', '2025-07-15T12:00:00.123', '2025-07-15T10:00:00.123Z'],
    ['Europe/Zurich', '2025-07-15', '2025-07-14T22:00:00.000Z'],
    ['Europe/Zurich', '2025-07-15T12:00:00+05:00', '2025-07-15T07:00:00.000Z'],
    // Clocks are set forward from 02:00 to 03:00, and back from 03:00 to 02:00.
    ['Europe/Zurich', '2025-03-30T01:59:59', '2025-03-30T00:59:59.000Z'],
    ['Europe/Zurich', '2025-03-30T02:00:00', undefined],
    ['Europe/Zurich', '2025-03-30T02:59:59', undefined],
    ['Europe/Zurich', '2025-03-30T03:00:00', '2025-03-30T01:00:00.000Z'],
    ['Europe/Zurich', '2025-10-26T01:59:59', '2025-10-25T23:59:59.000Z'],
    ['Europe/Zurich', '2025-10-26T02:30:00', '2025-10-26T00:30:00.000Z'],
    ['Europe/Zurich', '2025-10-26T03:00:00', '2025-10-26T02:00:00.000Z'],
    // By half an hour.
    ['Australia/Lord_Howe', '2025-10-05T02:15:00', undefined],
    ['Australia/Lord_Howe', '2025-10-05T02:30:00', '2025-10-04T15:30:00.000Z'],
    ['Australia/Lord_Howe', '2025-04-06T01:45:00', '2025-04-05T14:45:00.000Z'],
    ['America/New_York', '2025-11-02T01:30:00', '2025-11-02T05:30:00.000Z'],
    ['Asia/Kathmandu', '2025-01-15T12:00:00', '2025-01-15T06:15:00.000Z'],
  ]
  for (const [zone, sent, time] of rows) {
    test(`${sent} in ${zone} is ${time ?? 'rejected'}`, async () => {
      const type = defineDeviceType('t', { data: v.object({}), timestamp: { zone } })
      await using p = await publishing(type)
      const events = new Collector<DataEvent | Rejection>()
      p.hub.onData(type, events.push)
      p.hub.onRejected(events.push)
      await p.hub.start()
      await p.publish({ timestamp: sent })
      const [event] = await events.reach(1, 'events')
      if (time === undefined) return assert.ok('code' in event!)
      assert.equal((event as DataEvent).timestamp?.toISOString(), time)
    })
  }
})

describe('a type that ignores what cannot be read gets the message, without a timestamp', () => {
  const timestamp: TimestampOptions = { unreadable: 'ignore' }
  const rows: readonly [title: string, schema: v.GenericSchema, value: unknown][] = [
    ['that names no timestamp', v.object({ t: v.number() }), { t: 1 }],
    ['that refuses what it does not name', v.strictObject({ t: v.number() }), { t: 1 }],
    ['that has a timestamp', v.object({ t: v.number(), timestamp: v.any() }), undefined],
  ]
  for (const [title, data, value] of rows) {
    for (const sent of ['noon', '2025-02-30T12:00:00Z', 12.5, null]) {
      test(`${title}: ${JSON.stringify(sent)}`, async () => {
        const type = defineDeviceType('t', { data, timestamp })
        await using p = await publishing(type)
        const events = new Collector<DataEvent>()
        p.hub.onData(type, events.push)
        p.hub.onRejected(({ text: reason }) => assert.fail(reason))
        await p.hub.start()
        await p.publish({ t: 1, timestamp: sent })
        const [event] = await events.reach(1, 'events')
        assert.equal(event!.timestamp, undefined)
        assert.deepEqual(event!.data, value ?? { t: 1, timestamp: sent })
        assert.ok(event!.receivedAt instanceof Date)
      })
    }
  }

  test('and one that can be read is read all the same', async () => {
    const type = defineDeviceType('t', { data: v.object({}), timestamp })
    await using p = await publishing(type)
    const events = new Collector<DataEvent>()
    p.hub.onData(type, events.push)
    await p.hub.start()
    await p.publish({ timestamp: 1736942400 })
    const [event] = await events.reach(1, 'events')
    assert.deepEqual(event!.timestamp, new Date('2025-01-15T12:00:00Z'))
  })
})

describe('where a timestamp stands', () => {
  const type = defineDeviceType('t', { data: v.object({ t: v.optional(v.number()) }) })
  const time = '2025-01-15T12:00:00Z'
  const rows: readonly [
    title: string,
    channel: 'data' | 'status',
    sent: unknown,
    expected: string | undefined,
  ][] = [
    ['beside flat readings', 'data', { t: 1, timestamp: time }, time],
    [
      'beside a list of them',
      'data',
      { readings: [{ type: 't', value: 1 }], timestamp: time },
      time,
    ],
    ['in a status', 'status', { status: 'online', timestamp: time }, time],
    ['not as a reading', 'data', { readings: [{ type: 'timestamp', value: 'noon' }] }, undefined],
    ['not further in', 'data', { t: 1, inner: { timestamp: 'noon' } }, undefined],
    ['nowhere', 'data', { t: 1 }, undefined],
  ]
  for (const [title, channel, sent, expected] of rows) {
    test(title, async () => {
      await using p = await publishing(type)
      const events = new Collector<Date | undefined>()
      p.hub.onData(type, ({ timestamp }) => events.push(timestamp))
      p.hub.onStatus(type, ({ timestamp }) => events.push(timestamp))
      p.hub.onRejected(({ text: reason }) => assert.fail(reason))
      await p.hub.start()
      await p.publish(sent, channel)
      const [timestamp] = await events.reach(1, 'events')
      assert.deepEqual(timestamp, expected && new Date(expected))
    })
  }

  test('a rejection names it, and says what it should be', async () => {
    await using p = await publishing(type)
    const rejections = new Collector<Rejection>()
    p.hub.onRejected(rejections.push)
    await p.hub.start()
    await p.publish({ t: 1, timestamp: 'noon' }, 'status')
    const [rejection] = await rejections.reach(1, 'rejections')
    assert.match(rejection!.text, /^status of t\/D-1: timestamp: must be .*ISO 8601/)
  })

  for (const [title, data] of [
    ['without a place for it', v.strictObject({ t: v.number() })],
    ['with one', v.object({ t: v.number(), timestamp: v.string() })],
  ] as const) {
    test(`what is wrong beside it is told alone: of a schema ${title}`, async () => {
      await using p = await publishing(defineDeviceType('t', { data: data as v.GenericSchema }))
      const rejections = new Collector<Rejection>()
      p.hub.onRejected(rejections.push)
      await p.hub.start()
      await p.publish({ t: 'warm', timestamp: time })
      const [rejection] = await rejections.reach(1, 'rejections')
      const { issues } = rejection!.error as PayloadError
      assert.deepEqual(
        issues.map(({ path }) => path),
        ['t'],
      )
    })
  }
})

describe('how timestamps are read is refused', () => {
  const data = v.object({})
  const rows: readonly [timestamp: unknown, key: string][] = [
    [{ zone: 'Mars/Olympus' }, 't.timestamp.zone'],
    [{ zone: '' }, 't.timestamp.zone'],
    [{ zone: '+24:00' }, 't.timestamp.zone'],
    [{ zone: '+1' }, 't.timestamp.zone'],
    [{ zone: 60 }, 't.timestamp.zone'],
    [{ unreadable: 'drop' }, 't.timestamp.unreadable'],
    [{ unreadable: true }, 't.timestamp.unreadable'],
    [{ timezone: 'UTC' }, 't.timestamp.timezone'],
    ['UTC', 't.timestamp'],
    [null, 't.timestamp'],
  ]
  for (const [timestamp, key] of rows) {
    test(`${JSON.stringify(timestamp)}: ${key}`, () => {
      const define = () => {
        const type = defineDeviceType('t', { data, timestamp: timestamp as TimestampOptions })
        createFleet({ types: [type], store: memoryStore() })
      }
      assert.throws(define, { code: 'ERR_CONFIG', key })
    })
  }
})
