/**
 * Devices that come from django-devicehub: what it stored of their messages is what handlers get, and
 * what it failed on is rejected.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DataEvent,
  type DjangoReadings,
  defineDeviceType,
  djangoReadings,
  djangoStatus,
  type PayloadError,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { outcomeOf, publishing } from './publishing.ts'

const station = defineDeviceType('station', {
  data: djangoReadings({
    temperature: { type: 'float', range: [-40, 85] },
    humidity: { type: 'float', range: [0, null] },
    count: 'integer',
    raining: 'boolean',
    label: 'string',
    raw: 'json',
  }),
  status: djangoStatus,
  timestamp: { zone: 'Europe/Zurich', unreadable: 'ignore' },
})

async function taken(sent: unknown, channel: 'data' | 'status' = 'data') {
  const { outcome, lines } = await outcomeOf(station, sent, channel)
  if ('code' in outcome) assert.fail(outcome.text)
  return { made: 'data' in outcome ? outcome.data : outcome.status, outcome, lines }
}

async function refused(sent: unknown, channel: 'data' | 'status' = 'data') {
  const { outcome } = await outcomeOf(station, sent, channel)
  assert.ok('code' in outcome, JSON.stringify(outcome))
  assert.equal(outcome.code, 'payload-invalid')
  return (outcome.error as PayloadError).issues.map(({ path }) => path)
}

const reading = (type: string, value: unknown) => ({ type, value })

describe('data is taken', () => {
  const rows: readonly [sent: unknown, made: unknown][] = [
    [{}, {}],
    [{ temperature: 21.5 }, { temperature: 21.5 }],
    [{ temperature: '21.5' }, { temperature: 21.5 }],
    [{ temperature: ' -2e1 ' }, { temperature: -20 }],
    [{ temperature: '.5' }, { temperature: 0.5 }],
    [{ temperature: true }, { temperature: 1 }],
    [{ temperature: null }, {}],
    [{ temperature: null, humidity: 80 }, { humidity: 80 }],
    [{ temperature: 21, pressure: 1013 }, { temperature: 21 }],
    [{ count: 5 }, { count: 5 }],
    [{ count: '5' }, { count: 5 }],
    [{ count: 5.9 }, { count: 5 }],
    [{ count: -5.9 }, { count: -5 }],
    [{ raining: true }, { raining: true }],
    [{ raining: 0 }, { raining: false }],
    [{ raining: 'True' }, { raining: true }],
    [{ raining: 'f' }, { raining: false }],
    [{ label: 'north' }, { label: 'north' }],
    [{ label: 7 }, { label: '7' }],
    [{ label: false }, { label: 'False' }],
    [{ raw: { a: [1] } }, { raw: { a: [1] } }],
    [{ readings: [] }, {}],
    [{ readings: [reading('temperature', '21.5')] }, { temperature: 21.5 }],
    [{ readings: [reading('temperature', null), reading('humidity', 5)] }, { humidity: 5 }],
    [{ readings: [{ type: 'temperature' }, reading('humidity', 5)] }, { humidity: 5 }],
    [{ readings: [reading('pressure', 1), { value: 1 }] }, {}],
    [{ readings: [reading('count', 1), reading('count', 2)] }, { count: 2 }],
    [{ readings: [reading('count', 1)], humidity: 5 }, { count: 1 }],
  ]
  for (const [sent, made] of rows) {
    test(JSON.stringify(sent), async () => {
      const { made: data, lines } = await taken(sent)
      assert.deepEqual(data, made)
      assert.deepEqual(lines, [])
    })
  }
})

describe('data is rejected', () => {
  const rows: readonly [sent: unknown, ...paths: string[]][] = [
    [{ temperature: 'warm' }, 'temperature'],
    [{ temperature: '' }, 'temperature'],
    [{ temperature: 'nan' }, 'temperature'],
    [{ temperature: '1e999' }, 'temperature'],
    [{ temperature: '0x10' }, 'temperature'],
    [{ temperature: '1,5' }, 'temperature'],
    [{ temperature: [1] }, 'temperature'],
    [{ temperature: {} }, 'temperature'],
    [{ count: '5.9' }, 'count'],
    [{ raining: 'yes' }, 'raining'],
    [{ raining: 2 }, 'raining'],
    [{ label: {} }, 'label'],
    [{ temperature: 'warm', count: 'many', humidity: 1 }, 'temperature', 'count'],
    [{ readings: [reading('humidity', 1), reading('temperature', 'warm')] }, 'readings.1.value'],
    [{ readings: [reading('humidity', 1), null] }, 'readings.1'],
    [{ readings: ['temperature'] }, 'readings.0'],
    [{ readings: reading('temperature', 1) }, 'readings'],
    [{ readings: null }, 'readings'],
    ['[1]', ''],
    ['5', ''],
    ['null', ''],
    ['"21.5"', ''],
  ]
  for (const [sent, ...paths] of rows) {
    test(JSON.stringify(sent), async () => assert.deepEqual(await refused(sent), paths))
  }
})

describe('what is beyond its range is taken, with a line in the log', () => {
  const rows: readonly [sent: unknown, made: unknown, ...warnings: string[]][] = [
    [{ temperature: -40 }, { temperature: -40 }],
    [{ temperature: 85 }, { temperature: 85 }],
    [{ temperature: 120 }, { temperature: 120 }, 'temperature: 120 is beyond its range, -40 to 85'],
    [
      { temperature: '-41' },
      { temperature: -41 },
      'temperature: -41 is beyond its range, -40 to 85',
    ],
    [{ humidity: 1e9 }, { humidity: 1e9 }],
    [{ humidity: -1 }, { humidity: -1 }, 'humidity: -1 is beyond its range, 0 to any'],
    [
      { readings: [reading('temperature', 99)] },
      { temperature: 99 },
      'readings.0.value: 99 is beyond its range, -40 to 85',
    ],
  ]
  for (const [sent, made, ...warnings] of rows) {
    test(JSON.stringify(sent), async () => {
      const { made: data, lines } = await taken(sent)
      assert.deepEqual(data, made)
      assert.deepEqual(
        lines,
        warnings.map((text) => `warn: Took data of station/D-1 all the same: ${text}`),
      )
    })
  }

  test('but not beside what is rejected', async () => {
    const { outcome, lines } = await outcomeOf(station, { temperature: 120, count: 'many' })
    assert.ok('code' in outcome)
    assert.deepEqual(lines, [])
  })
})

describe('a status is taken', () => {
  const rows: readonly [sent: unknown, made: unknown, ...warnings: string[]][] = [
    [{}, {}],
    [
      { status: 'online', battery_level: 85.5, firmware_version: '2.1.0' },
      { status: 'online', battery_level: 85.5, firmware_version: '2.1.0' },
    ],
    [{ battery: 80 }, { battery_level: 80 }],
    [{ battery: '80.5' }, { battery_level: 80.5 }],
    [{ battery: 80, battery_level: 70 }, { battery_level: 80 }],
    [{ battery: 0, battery_level: 70 }, { battery_level: 70 }],
    [{ battery: null, battery_level: 70 }, { battery_level: 70 }],
    [{ battery: '', battery_level: 70 }, { battery_level: 70 }],
    [{ battery: 0 }, { battery_level: 0 }],
    [{ battery: null }, {}],
    [{ battery_level: '70' }, { battery_level: 70 }],
    [{ battery_level: null }, {}],
    [{ status: null }, {}],
    [{ firmware_version: 2.1 }, { firmware_version: '2.1' }],
    [{ firmware_version: null }, {}],
    [{ rssi: -60 }, { rssi: -60 }],
    [
      { status: 'asleep', battery: 50 },
      { battery_level: 50 },
      'status: is none of online, offline, error, maintenance, low_battery, provisioning: "asleep"',
    ],
  ]
  for (const [sent, made, ...warnings] of rows) {
    test(JSON.stringify(sent), async () => {
      const { made: status, lines } = await taken(sent, 'status')
      assert.deepEqual(status, made)
      assert.deepEqual(
        lines,
        warnings.map((text) => `warn: Took status of station/D-1 all the same: ${text}`),
      )
    })
  }
})

describe('a status is rejected', () => {
  const rows: readonly [sent: unknown, path: string][] = [
    [{ battery: 'full' }, 'battery'],
    [{ battery: [80] }, 'battery'],
    [{ battery_level: 'full' }, 'battery_level'],
    [{ battery_level: '' }, 'battery_level'],
    [{ firmware_version: {} }, 'firmware_version'],
    ['[1]', ''],
    ['"online"', ''],
  ]
  for (const [sent, path] of rows) {
    test(JSON.stringify(sent), async () => assert.deepEqual(await refused(sent, 'status'), [path]))
  }
})

describe('a time that Django read is the time, and one it did not is none', () => {
  for (const [sent, time] of [
    ['2025-01-15T12:00:00+00:00', '2025-01-15T12:00:00.000Z'],
    ['2025-01-15 12:00:00', '2025-01-15T11:00:00.000Z'],
    ['noon', undefined],
    ['', undefined],
    [null, undefined],
    [5, undefined],
  ] as const) {
    test(JSON.stringify(sent), async () => {
      const { outcome, made } = await taken({ temperature: 1, timestamp: sent })
      assert.deepEqual(made, { temperature: 1 })
      assert.equal(outcome.timestamp?.toISOString(), time)
    })
  }
})

describe('a declaration is refused', () => {
  const rows: readonly [readings: unknown, key: string][] = [
    [undefined, 'readings'],
    [['temperature'], 'readings'],
    [{ t: 'double' }, 'readings.t'],
    [{ t: 'toString' }, 'readings.t'],
    [{ t: null }, 'readings.t'],
    [{ t: {} }, 'readings.t'],
    [{ t: { type: 'binary' } }, 'readings.t'],
    [{ t: { type: 'float', unit: '°C' } }, 'readings.t.unit'],
    [{ t: { type: 'float', range: [1] } }, 'readings.t.range'],
    [{ t: { type: 'float', range: [0, '9'] } }, 'readings.t.range'],
    [{ t: { type: 'float', range: { min: 0 } } }, 'readings.t.range'],
  ]
  for (const [readings, key] of rows) {
    test(JSON.stringify(readings) ?? 'undefined', () => {
      assert.throws(() => djangoReadings(readings as DjangoReadings), { code: 'ERR_CONFIG', key })
    })
  }
})

test('a reading may be called like what every object has', async () => {
  const type = defineDeviceType('t', {
    data: djangoReadings({ toString: 'float', readings: 'float' }),
  })
  await using p = await publishing(type)
  const events = new Collector<unknown>()
  p.hub.onData(type, ({ data }) => events.push(data))
  await p.hub.start()
  await p.publish({ toString: 1, readings: 2 })
  await p.publish({ other: 1 })
  const [first, second] = await events.reach(2, 'events')
  assert.deepEqual(Object.entries(first as object), [
    ['toString', 1],
    ['readings', 2],
  ])
  assert.deepEqual(Object.entries(second as object), [])
})

test('the types of data are those of the readings', () => {
  const type = defineDeviceType('t', {
    data: djangoReadings({ a: 'float', b: { type: 'boolean' }, c: 'string', d: 'json' }),
  })
  const data: DataEvent<typeof type>['data'] = { a: 1, b: true, c: 'x', d: [] }
  const a: number | undefined = data.a
  // @ts-expect-error TS2322: a text is no number
  const c: number | undefined = data.c
  assert.deepEqual([a, c], [1, 'x'])
})
