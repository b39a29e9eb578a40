/**
 * What the operators' routes say of device types and of whoever asks.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toJsonSchema } from '@valibot/to-json-schema'
import { Hono } from 'hono'
import * as v from 'valibot'
import { deviceAdmin, type MeView, type TypesView } from '../../adapters/admin/index.ts'
import { payloadSchema, readSchema } from '../../adapters/admin/payload-schema.ts'
import {
  command,
  createFleet,
  defineDeviceType,
  memoryStore,
  type Schema,
} from '../../src/index.ts'
import { openSite } from './fixture.ts'

describe('JSON Schema of what valibot declares', () => {
  const cases: readonly [title: string, schema: Schema, expected: object | undefined][] = [
    [
      'an object',
      v.object({ a: v.number(), b: v.optional(v.string(), 'x'), c: v.nullish(v.boolean()) }),
      {
        type: 'object',
        properties: {
          a: { type: 'number' },
          b: { type: 'string', default: 'x' },
          c: { type: 'boolean' },
        },
        required: ['a'],
      },
    ],
    [
      'a strict one',
      v.strictObject({ mode: v.picklist(['on', 'off']) }),
      {
        type: 'object',
        properties: { mode: { type: 'string', enum: ['on', 'off'] } },
        required: ['mode'],
        additionalProperties: false,
      },
    ],
    [
      'limits, a title and a unit',
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(9),
        v.title('Speed'),
        v.description('Of the shaft'),
        v.metadata({ unit: 'rpm' }),
      ),
      {
        type: 'integer',
        minimum: 1,
        maximum: 9,
        title: 'Speed',
        description: 'Of the shaft',
        unit: 'rpm',
      },
    ],
    ['a list', v.array(v.string()), { type: 'array', items: { type: 'string' } }],
    ['a constant', v.literal(3), { const: 3 }],
    [
      'a choice',
      v.union([v.string(), v.number()]),
      { anyOf: [{ type: 'string' }, { type: 'number' }] },
    ],
    [
      'a record',
      v.record(v.string(), v.number()),
      { type: 'object', additionalProperties: { type: 'number' } },
    ],
    [
      'what is given, and not what is made of it',
      v.pipe(v.string(), v.minLength(2), v.transform(Number), v.number(), v.minValue(5)),
      { type: 'string', minLength: 2 },
    ],
    [
      'limits of a date, which are no numbers',
      v.object({ at: v.pipe(v.string(), v.minValue('2026-01-01')) }),
      { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
    ],
    ['what it has no word for', v.instance(Date), undefined],
  ]
  for (const [title, schema, expected] of cases) {
    test(title, () => assert.deepEqual(readSchema(schema), expected))
  }

  test('one that holds itself has an end', () => {
    const own: v.GenericSchema = v.object({ inner: v.lazy(() => own) })
    assert.equal(typeof readSchema(own), 'object')
  })

  test('what is read agrees with the library for it', () => {
    const schema = v.object({
      seconds: v.pipe(v.number(), v.minValue(0.5), v.maxValue(3600), v.title('Interval')),
      mode: v.optional(v.picklist(['slow', 'fast']), 'slow'),
      tags: v.array(v.pipe(v.string(), v.maxLength(8))),
    })
    assert.deepEqual(readSchema(schema), payloadSchema(schema, toJsonSchema))
  })

  test('a library that speaks Standard JSON Schema is asked', () => {
    const told = { type: 'object', properties: { rpm: { type: 'number', unit: 'rpm' } } }
    const standard = {
      version: 1,
      vendor: 'other',
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => ({ $schema: 'x', ...told }) },
    }
    const schema = { '~standard': standard } as unknown as Schema
    assert.deepEqual(payloadSchema(schema, undefined), told)
    const failing = { ...standard, jsonSchema: { input: () => assert.fail('a date') } }
    assert.equal(payloadSchema({ '~standard': failing } as unknown as Schema, undefined), undefined)
    const silent = { ...standard, jsonSchema: undefined }
    assert.equal(payloadSchema({ '~standard': silent } as unknown as Schema, undefined), undefined)
  })
})

const station = defineDeviceType('station', {
  data: v.object({
    temperature: v.pipe(v.number(), v.title('Temperature'), v.metadata({ unit: '°C' })),
    wind: v.object({ speed: v.optional(v.pipe(v.number(), v.minValue(0))), from: v.string() }),
  }),
  commands: { restart: command(), setInterval: command({ payload: v.object({ s: v.number() }) }) },
  broker: 'north',
  heartbeat: 60,
})

test('GET /types has commands with their payloads, and numbers with their units', async () => {
  const fleet = createFleet({ types: [station], store: memoryStore() })
  const app = new Hono().route('/', deviceAdmin(fleet, { authorize: () => ({ name: 'a' }) }))
  const answer = (await (await app.request('/types')).json()) as TypesView
  assert.deepEqual(answer, {
    types: [
      {
        name: 'station',
        broker: 'north',
        heartbeat: 60,
        commands: [
          { name: 'restart', hasPayload: false, hasReply: false },
          {
            name: 'setInterval',
            hasPayload: true,
            payload: { type: 'object', properties: { s: { type: 'number' } }, required: ['s'] },
            hasReply: false,
          },
        ],
        fields: [
          { path: 'temperature', title: 'Temperature', unit: '°C' },
          { path: 'wind.speed', minimum: 0 },
        ],
      },
    ],
  })
})

test('an operator is told of the types that it may see', async () => {
  await using site = await openSite()
  const names = async (operator: string) => {
    const { body } = await site.ask(operator, 'GET', '/types')
    return (body as unknown as TypesView).types.map(({ name }) => name)
  }
  assert.deepEqual(await names('admin'), ['pump', 'valve'])
  assert.deepEqual(await names('north'), ['pump', 'valve'])
  assert.deepEqual(await names('valves'), ['valve'])
})

describe('GET /me', () => {
  for (const [name, seesAll, mayChange] of [
    ['admin', true, true],
    ['reader', true, false],
    ['north', false, true],
    ['valves', false, true],
  ] as const) {
    test(`says what ${name} may do`, async () => {
      await using site = await openSite({ hub: true })
      const me = (await site.ask(name, 'GET', '/me')).body as unknown as MeView
      assert.equal(me.operator.name, name)
      assert.deepEqual([me.seesAll, me.mayChange], [seesAll, mayChange])
      assert.deepEqual(me.routes, { commands: true, kick: false, audit: true })
      assert.ok(me.filters.includes('idPrefix'))
    })
  }

  test('and nothing to nobody', async () => {
    await using site = await openSite()
    for (const path of ['/me', '/types']) {
      const { status, body } = await site.ask(undefined, 'GET', path)
      assert.deepEqual([status, body.code], [401, 'operator-unknown'])
    }
  })
})
