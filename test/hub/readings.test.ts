/**
 * Readings in every form that a hub takes: what does not fit is a rejection that says where and why, and
 * takes the whole message with it. Nothing is left out in silence.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type DataEvent,
  type DeviceType,
  defineDeviceType,
  PayloadError,
  type PayloadIssue,
  type Rejection,
  type Schema,
  type StatusEvent,
} from '../../src/index.ts'
import { bytes } from './fixture.ts'
import { outcomeOf } from './publishing.ts'

const number = v.number()
const optional = v.object({ temperature: v.optional(number), humidity: v.optional(number) })
const required = v.object({ temperature: number, humidity: v.optional(number) })
const strict = v.strictObject({ temperature: v.optional(number), humidity: v.optional(number) })
const loose = v.looseObject({ temperature: v.optional(number), humidity: v.optional(number) })
const list = v.array(v.object({ type: v.string(), value: number }))

/** A schema whose answer comes later. */
function later(schema: Schema): Schema {
  const { validate } = schema['~standard']
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => {
        await Promise.resolve()
        return validate(value)
      },
    },
  }
}

const SCHEMAS: readonly [name: string, schema: v.GenericSchema][] = [
  ['an object of optional fields', optional],
  ['an object with a required field', required],
  ['an object that refuses other keys', strict],
  ['an object that keeps other keys', loose],
]

/** What becomes of a message. */
async function fateOf(
  type: DeviceType,
  sent: unknown,
  channel: 'data' | 'status' = 'data',
): Promise<DataEvent | StatusEvent | Rejection> {
  const { outcome } = await outcomeOf(type, sent, channel)
  assert.deepEqual(outcome.message.payload, bytes(sent), 'the whole message is at hand')
  return outcome
}

async function takenBy(data: Schema, sent: unknown): Promise<unknown> {
  const outcome = await fateOf(defineDeviceType('t', { data }), sent)
  assert.ok('data' in outcome, 'text' in outcome ? outcome.text : '')
  return outcome.data
}

async function refusedBy(data: Schema, sent: unknown): Promise<readonly PayloadIssue[]> {
  const outcome = await fateOf(defineDeviceType('t', { data }), sent)
  assert.ok('code' in outcome, `it was taken as ${JSON.stringify(outcome)}`)
  assert.equal(outcome.code, 'payload-invalid')
  assert.ok(outcome.error instanceof PayloadError)
  for (const { path, message } of outcome.error.issues) {
    assert.ok(outcome.text.includes(path ? `${path}: ${message}` : message), outcome.text)
  }
  return outcome.error.issues
}

const pathsOf = (issues: readonly PayloadIssue[]) => issues.map(({ path }) => path)
const t = (value: unknown) => ({ type: 'temperature', value })
const h = (value: unknown) => ({ type: 'humidity', value })

for (const [name, schema] of SCHEMAS) {
  for (const [when, by] of [
    ['', schema],
    [', later', later(schema)],
  ] as const) {
    describe(`a list of readings, for ${name}${when}, is taken`, () => {
      const rows: readonly [sent: unknown, expected: unknown][] = [
        [{ readings: [t(21.5)] }, { temperature: 21.5 }],
        [{ readings: [t(21.5), h(80)] }, { temperature: 21.5, humidity: 80 }],
        [
          { readings: [h(80)], temperature: 1 },
          { humidity: 80, temperature: 1 },
        ],
        [{ readings: [{ ...t(1), unit: '°C' }] }, { temperature: 1 }],
      ]
      for (const [sent, expected] of rows) {
        test(JSON.stringify(sent), async () => {
          assert.deepEqual(await takenBy(by, sent), expected)
        })
      }
    })

    describe(`a list of readings, for ${name}${when}, is rejected`, () => {
      const rows: readonly [sent: unknown, path: string][] = [
        [{ readings: [t('warm')] }, 'readings.0.value'],
        [{ readings: [t(null)] }, 'readings.0.value'],
        [{ readings: [t([1])] }, 'readings.0.value'],
        [{ readings: [t(1), h('wet')] }, 'readings.1.value'],
        [{ readings: [t(1), null] }, 'readings.1'],
        [{ readings: [null, t(1)] }, 'readings.0'],
        [{ readings: [null] }, 'readings.0'],
        [{ readings: [t(1), 5] }, 'readings.1'],
        [{ readings: [t(1), [h(1)]] }, 'readings.1'],
        [{ readings: [t(1), {}] }, 'readings.1.type'],
        [{ readings: [t(1), { value: 1 }] }, 'readings.1.type'],
        [{ readings: [t(1), { type: 5, value: 1 }] }, 'readings.1.type'],
        [{ readings: [t(1), { type: null, value: 1 }] }, 'readings.1.type'],
        [{ readings: [t(1), { type: 'humidity' }] }, 'readings.1.value'],
        [{ readings: [t(1), t(2)] }, 'readings.1.type'],
        [{ readings: [t(2)], temperature: 1 }, 'readings.0.type'],
        [{ readings: t(1) }, 'readings'],
        [{ readings: { temperature: 1 } }, 'readings'],
        [{ readings: 'temperature=1' }, 'readings'],
        [{ readings: null }, 'readings'],
        [{ readings: null, temperature: 1 }, 'readings'],
      ]
      for (const [sent, path] of rows) {
        test(`${JSON.stringify(sent)}: ${path}`, async () => {
          assert.deepEqual(pathsOf(await refusedBy(by, sent)), [path])
        })
      }
    })

    describe(`what is no object, for ${name}${when}, is rejected`, () => {
      for (const sent of ['[]', '[1]', '[{"temperature":1}]', 'null', '5', 'true', '"warm"']) {
        test(sent, async () => assert.equal((await refusedBy(by, sent)).length, 1))
      }
    })

    describe(`a flat message, for ${name}${when}, is rejected`, () => {
      const rows: readonly [sent: unknown, path: string][] = [
        [{ temperature: 'warm' }, 'temperature'],
        [{ temperature: null }, 'temperature'],
        [{ temperature: [1] }, 'temperature'],
        [{ temperature: 1, humidity: '80' }, 'humidity'],
      ]
      for (const [sent, path] of rows) {
        test(`${JSON.stringify(sent)}: ${path}`, async () => {
          assert.deepEqual(pathsOf(await refusedBy(by, sent)), [path])
        })
      }
    })
  }
}

test('each bad reading is named, with the reading it is', async () => {
  const sent = { readings: [t('warm'), h(1), null, { type: 'humidity' }] }
  assert.deepEqual(await refusedBy(optional, sent), [
    { path: 'readings.2', message: 'must be an object with "type" and "value"' },
    { path: 'readings.3.value', message: 'is missing' },
  ])
  assert.deepEqual(await refusedBy(optional, { readings: [h(1), t('warm')] }), [
    {
      path: 'readings.1.value',
      message: 'temperature: Invalid type: Expected number but received "warm"',
    },
  ])
})

test('what is missing has no place in the list', async () => {
  assert.deepEqual(pathsOf(await refusedBy(required, { readings: [h(1)] })), ['temperature'])
  assert.deepEqual(pathsOf(await refusedBy(required, { readings: [] })), ['temperature'])
})

describe('a name that no schema declares is the schema’s to judge, in a list as in a flat message', () => {
  for (const sent of [
    { readings: [t(1), { type: 'pm10', value: 3 }] },
    { temperature: 1, pm10: 3 },
  ]) {
    test(JSON.stringify(sent), async () => {
      assert.deepEqual(await takenBy(optional, sent), { temperature: 1 })
      assert.deepEqual(await takenBy(loose, sent), { temperature: 1, pm10: 3 })
      await refusedBy(strict, sent)
    })
  }
})

describe('names that mean something elsewhere are readings like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'timestamp', 'readings', 'a.b', '']) {
    test(JSON.stringify(name), async () => {
      const sent = { readings: [{ type: name, value: 1 }] }
      const taken = await takenBy(v.any(), sent)
      assert.deepEqual(Object.entries(taken as object), [[name, 1]])
      assert.equal(Object.getPrototypeOf(taken), Object.prototype)
    })
  }
})

describe('a type that declares `readings` itself gets its own form', () => {
  const mixed = v.object({ readings: v.optional(list), temperature: v.optional(number) })
  const own: readonly [name: string, schema: v.GenericSchema][] = [
    ['alone', v.strictObject({ readings: list })],
    ['beside others', v.object({ readings: list, temperature: v.optional(number) })],
    ['if it likes', mixed],
    ['of another shape', v.object({ readings: v.record(v.string(), number) })],
    ['as a number', v.object({ readings: v.optional(number) })],
    [
      'and turns it into something else',
      v.pipe(
        mixed,
        v.transform((value) => ({ made: value })),
      ),
    ],
  ]
  const sent: Readonly<Record<string, unknown>> = {
    'of another shape': { readings: { temperature: 1 } },
    'as a number': { readings: 5 },
  }
  for (const [name, schema] of own) {
    for (const by of [schema, later(schema)]) {
      test(`${name}${by === schema ? '' : ', later'}`, async () => {
        const message = sent[name] ?? { readings: [{ type: 'temperature', value: 1 }] }
        const made = name === 'and turns it into something else' ? { made: message } : message
        assert.deepEqual(await takenBy(by, message), made)
      })
    }
  }

  test('and its own findings', async () => {
    for (const [name, schema] of own.slice(0, 3)) {
      const issues = await refusedBy(schema, { readings: [t(1), t('warm')] })
      assert.deepEqual(pathsOf(issues), ['readings.1.value'], name)
      assert.doesNotMatch(issues[0]!.message, /temperature/)
    }
  })

  test('with a timestamp beside it', async () => {
    const message = { readings: [t(1)], timestamp: '2025-01-15T12:00:00Z' }
    assert.deepEqual(await takenBy(v.strictObject({ readings: list }), message), {
      readings: [t(1)],
    })
  })
})

describe('a list is no object, wherever it stands', () => {
  const inner = v.object({ lat: v.optional(number) })
  const rows: readonly [schema: v.GenericSchema, sent: unknown, path: string][] = [
    [v.object({ at: inner }), { at: [] }, 'at'],
    [v.object({ at: inner }), { at: [1, 2] }, 'at'],
    [v.object({ at: v.looseObject({}) }), { at: [1, 2] }, 'at'],
    [v.object({ at: v.object({ to: inner }) }), { at: { to: [1] } }, 'at.to'],
    [v.object({ all: v.array(inner) }), { all: [{ lat: 1 }, [2]] }, 'all.1'],
    [v.record(v.string(), inner), { a: {}, b: [1] }, 'b'],
    [v.array(inner), [[1]], '0'],
  ]
  for (const [schema, sent, path] of rows) {
    for (const by of [schema, later(schema)]) {
      test(`${JSON.stringify(sent)}: ${path}${by === schema ? '' : ', later'}`, async () => {
        assert.deepEqual(await refusedBy(by, sent), [
          { path, message: 'must be an object, not a list' },
        ])
      })
    }
  }

  const pair = v.pipe(
    v.tuple([number, number]),
    v.transform(([lat, lon]) => ({ lat, lon })),
  )
  const taken: readonly [schema: v.GenericSchema, sent: unknown, expected: unknown][] = [
    [v.array(number), [1, 2], [1, 2]],
    [v.any(), [1], [1]],
    [pair, [1, 2], { lat: 1, lon: 2 }],
    [v.object({ at: pair }), { at: [1, 2] }, { at: { lat: 1, lon: 2 } }],
    [v.object({ at: v.array(number) }), { at: [] }, { at: [] }],
    [v.object({ at: inner, pair }), { at: {}, pair: [1, 2] }, { at: {}, pair: { lat: 1, lon: 2 } }],
    [v.union([v.array(number), inner]), [1], [1]],
  ]
  for (const [schema, sent, expected] of taken) {
    test(`but a schema may make one of it: ${JSON.stringify(sent)}`, async () => {
      assert.deepEqual(await takenBy(schema, sent), expected)
      assert.deepEqual(await takenBy(later(schema), sent), expected)
    })
  }
})

describe('a status', () => {
  const type = defineDeviceType('t', { data: v.any() })
  for (const sent of ['[]', '[1]', '5', 'null', '"online"', '[{"status":"online"}]']) {
    test(`${sent} is rejected`, async () => {
      const outcome = await fateOf(type, sent, 'status')
      assert.ok('code' in outcome)
      assert.equal(outcome.code, 'payload-invalid')
    })
  }

  test('has no list of readings: the key is one like any other', async () => {
    const sent = { readings: [{ type: 'status', value: 'online' }, null] }
    const outcome = await fateOf(type, sent, 'status')
    assert.ok('status' in outcome)
    assert.deepEqual(outcome.status, sent)
  })
})
