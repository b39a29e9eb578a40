/**
 * Topic templates: which there are, what they make of a device, and what they read from a name.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { InvalidTopicError } from '../../src/base/errors.ts'
import { parseTopicName } from '../../src/topic/filter.ts'
import { findNameProblem } from '../../src/topic/name.ts'
import { matches } from '../../src/topic/relation.ts'
import { type Channel, compileTemplate, DEFAULT_TEMPLATE } from '../../src/topic/template.ts'
import { ORACLE_SEED, SEEDED } from './seed.ts'

const VALUES = { prefix: 'things', type: 'pump' }
const CHANNELS: readonly Channel[] = ['data', 'status', 'cmd', 'reply']
const compile = (template: string) => compileTemplate(template, VALUES)

test('the default puts prefix, type, device id and channel in this order', () => {
  assert.equal(DEFAULT_TEMPLATE, '{prefix}/{type}/{deviceId}/{channel}')
})

describe('a template says', () => {
  const rows: [template: string, cmd: string, allCmd: string, all: string, rule: string][] = [
    [
      DEFAULT_TEMPLATE,
      'things/pump/P-1/cmd',
      'things/pump/+/cmd',
      'things/pump/+/+',
      'things/pump/{deviceId}/cmd',
    ],
    ['{deviceId}/{channel}', 'P-1/cmd', '+/cmd', '+/+', '{deviceId}/cmd'],
    ['{channel}/{deviceId}', 'cmd/P-1', 'cmd/+', '+/+', 'cmd/{deviceId}'],
    [
      'plant/{type}/{channel}/of/{deviceId}/v1',
      'plant/pump/cmd/of/P-1/v1',
      'plant/pump/cmd/of/+/v1',
      'plant/pump/+/of/+/v1',
      'plant/pump/cmd/of/{deviceId}/v1',
    ],
    ['/{deviceId}//{channel}/', '/P-1//cmd/', '/+//cmd/', '/+//+/', '/{deviceId}//cmd/'],
    ['a/$b/{deviceId}/{channel}', 'a/$b/P-1/cmd', 'a/$b/+/cmd', 'a/$b/+/+', 'a/$b/{deviceId}/cmd'],
    [
      '{type}/{prefix}/{type}/{deviceId}/{channel}',
      'pump/things/pump/P-1/cmd',
      'pump/things/pump/+/cmd',
      'pump/things/pump/+/+',
      'pump/things/pump/{deviceId}/cmd',
    ],
  ]
  for (const [template, cmd, allCmd, all, rule] of rows) {
    test(`${template}: ${cmd} for one device, ${all} for all`, () => {
      const topics = compile(template)
      assert.equal(topics.name('P-1', 'cmd'), cmd)
      assert.equal(topics.filter('cmd'), allCmd)
      assert.equal(topics.filter(), all)
      assert.equal(topics.rule('cmd'), rule)
    })
  }
})

describe('a template reads back', () => {
  const own = compile('plant/{channel}/of/{deviceId}')
  const rows: [name: string, read: { deviceId: string; channel: Channel }][] = [
    ['plant/data/of/P-1', { deviceId: 'P-1', channel: 'data' }],
    ['plant/status/of/data', { deviceId: 'data', channel: 'status' }],
    ['plant/cmd/of/plant', { deviceId: 'plant', channel: 'cmd' }],
    ['plant/reply/of/{deviceId}', { deviceId: '{deviceId}', channel: 'reply' }],
    ['plant/data/of/__proto__', { deviceId: '__proto__', channel: 'data' }],
  ]
  for (const [name, read] of rows) {
    test(`${name} as ${read.channel} of ${read.deviceId}`, () => {
      assert.deepEqual(own.parse(parseTopicName(name)), read)
    })
  }

  for (const name of [
    'plant/data/of',
    'plant/data/of/P-1/more',
    'plant/data/of/P-1/',
    '/plant/data/of/P-1',
    'Plant/data/of/P-1',
    'plant/data/for/P-1',
    'plant/Data/of/P-1',
    'plant//of/P-1',
    'plant/constructor/of/P-1',
    'plant/toString/of/P-1',
    'plant/{channel}/of/P-1',
    'plant/events/of/P-1',
    'data',
    '$SYS/data/of/P-1',
  ]) {
    test(`${name} as nothing of its own`, () => {
      assert.equal(own.parse(parseTopicName(name)), undefined)
    })
  }

  test(`whatever it wrote, for every id and channel ${SEEDED}`, () => {
    const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(
        id.filter((text) => !findNameProblem(text)),
        fc.constantFrom(...CHANNELS),
        fc.constantFrom(DEFAULT_TEMPLATE, '{channel}/{deviceId}', 'x//{deviceId}/y/{channel}/'),
        (deviceId, channel, template) => {
          const topics = compile(template)
          const name = topics.name(deviceId, channel)
          assert.deepEqual(topics.parse(parseTopicName(name)), { deviceId, channel })
          assert.ok(matches(topics.filter(channel), name))
          assert.ok(matches(topics.filter(), name))
        },
      ),
      { numRuns: 500, seed: ORACLE_SEED },
    )
  })
})

describe('a template is refused', () => {
  const id = '{deviceId} must stand in it exactly once'
  const channel = '{channel} must stand in it exactly once'
  const wildcard = 'a template holds no wildcard'
  const broker = 'topics that begin with "$" belong to the broker'
  const word = (level: string) =>
    `"${level}" is not {prefix}, {type}, {deviceId} or {channel} as a whole level`
  const rows: [template: string, problem: string][] = [
    ['', id],
    ['{prefix}/{type}', id],
    ['{prefix}/{channel}', id],
    ['{deviceId}/{deviceId}/{channel}', id],
    ['{prefix}/{deviceId}', channel],
    ['{deviceId}/{channel}/{channel}', channel],
    ['{prefix}/d-{deviceId}/{channel}', word('d-{deviceId}')],
    ['{prefix}/{deviceId}{channel}', word('{deviceId}{channel}')],
    ['{prefix}/{deviceId}/{channel}.json', word('{channel}.json')],
    ['{site}/{deviceId}/{channel}', word('{site}')],
    ['{DeviceId}/{channel}', word('{DeviceId}')],
    ['{ deviceId }/{channel}', word('{ deviceId }')],
    ['{}/{deviceId}/{channel}', word('{}')],
    ['a{/{deviceId}/{channel}', word('a{')],
    ['a}/{deviceId}/{channel}', word('a}')],
    ['+/{deviceId}/{channel}', wildcard],
    ['a+b/{deviceId}/{channel}', wildcard],
    ['{deviceId}/{channel}/#', wildcard],
    ['#', wildcard],
    ['$SYS/{deviceId}/{channel}', broker],
    ['$share/group/{deviceId}/{channel}', broker],
    ['$/{deviceId}/{channel}', broker],
  ]
  for (const [template, problem] of rows) {
    test(`${JSON.stringify(template)}: ${problem}`, () => {
      assert.throws(
        () => compile(template),
        new InvalidTopicError('topic template', template, problem),
      )
    })
  }

  const unfit: [title: string, template: string, problem: string][] = [
    [
      'with NUL',
      '{deviceId}/{channel}/a\0',
      'it must not hold the character NUL or a lone surrogate',
    ],
    [
      'with a lone surrogate',
      '\ud83d/{deviceId}/{channel}',
      'it must not hold the character NUL or a lone surrogate',
    ],
    ['of 129 levels', `{deviceId}/{channel}${'/x'.repeat(127)}`, 'it has more than 128 levels'],
    [
      'of 65,536 bytes',
      `{deviceId}/{channel}/${'x'.repeat(65_532)}`,
      'it must not be longer than 65535 bytes',
    ],
  ]
  for (const [title, template, problem] of unfit) {
    test(`${title}: ${problem}`, () => {
      assert.throws(() => compile(template), { name: 'InvalidTopicError', problem })
    })
  }

  test('when a value looks like a placeholder, so that it could stand for another level', () => {
    for (const value of ['{deviceId}', '{channel}', '{type}', '{site}', '{', 'a}']) {
      for (const values of [
        { prefix: value, type: 'pump' },
        { prefix: 'things', type: value },
      ]) {
        assert.throws(() => compileTemplate(DEFAULT_TEMPLATE, values), InvalidTopicError, value)
      }
    }
  })
})
