/**
 * Declaring a device type: its defaults, and what is refused with the setting named.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { memoryStore } from '../../src/device/memory-store.ts'
import { validate } from '../../src/device/schema.ts'
import { command, type DeviceTypeDefinition, defineDeviceType } from '../../src/device/type.ts'
import { createFleet } from '../../src/fleet/create.ts'
import type { AccessRule } from '../../src/rule/rule.ts'

const data = v.object({ rpm: v.number() })
type Definition = DeviceTypeDefinition<typeof data>

/** Declares a type, and makes a fleet of it, which checks what it declares. */
function fleetOf(name: string, definition: Definition) {
  return createFleet({ types: [defineDeviceType(name, definition)], store: memoryStore() })
}

test('a type that declares only its data has defaults for the rest', () => {
  const pump = defineDeviceType('pump', { data })
  const { status, ...rest } = pump
  assert.deepEqual(rest, {
    name: 'pump',
    data,
    commands: {},
    broker: 'default',
    heartbeat: 300,
    template: '{prefix}/{type}/{deviceId}/{channel}',
    rules: [],
    messageId: undefined,
    stateFields: [],
    timestamp: { zone: 'UTC', unreadable: 'reject' },
  })
  assert.equal(status['~standard'].version, 1)
})

test('a type has what it declares, and is frozen', () => {
  const rules: AccessRule[] = [{ effect: 'deny', actions: ['publish'], filter: 'x/#' }]
  const commands = { stop: command(), set: command({ payload: data, reply: data }) }
  const where = { broker: 'site', heartbeat: 0.5, template: 'x/{deviceId}/{channel}' }
  const timestamp = { zone: 'Europe/Zurich', unreadable: 'ignore' } as const
  const declared = {
    data,
    status: data,
    commands,
    ...where,
    rules,
    messageId: 'n',
    stateFields: ['rpm' as const],
    timestamp,
  }
  const pump = defineDeviceType('pump', declared)
  assert.deepEqual(pump, { name: 'pump', ...declared })
  assert.ok(Object.isFrozen(pump))
  assert.deepEqual(pump.commands.stop, { payload: undefined, reply: undefined })
})

describe('the default status', () => {
  const { status } = defineDeviceType('pump', { data })
  for (const taken of [
    {},
    { status: 'online', battery_level: 80, firmware_version: '1.2' },
    { signal: -70 },
    { status: undefined },
  ]) {
    test(`takes ${JSON.stringify(taken)}`, async () => {
      assert.deepEqual(await validate(status, taken, 'status'), taken)
    })
  }
  for (const refused of [null, 'online', 7, { status: 1 }, { battery_level: '80' }]) {
    test(`refuses ${JSON.stringify(refused)}`, async () => {
      await assert.rejects(async () => validate(status, refused, 'status'), {
        name: 'PayloadError',
      })
    })
  }
})

test('__proto__ is a type name like any other', () => {
  const type = defineDeviceType('__proto__', { data })
  assert.equal(type.name, '__proto__')
  assert.equal(Object.getPrototypeOf(type), Object.prototype)
})

describe('a type is refused', () => {
  const names: [name: unknown, problem: string][] = [
    ['', 'is empty'],
    ['a/b', 'holds "/"'],
    ['+', 'holds "+"'],
    ['#', 'holds "#"'],
    ['$pump', 'must not begin with "$", which marks topics of the broker'],
    ['pump\n', 'holds a control character'],
    ['p'.repeat(129), 'is longer than 128 characters'],
    [undefined, 'must be a string, not undefined'],
    [Symbol('pump'), 'must be a string, not symbol'],
  ]
  for (const [name, problem] of names) {
    test(`for a name that ${problem}`, () => {
      assert.throws(() => defineDeviceType(name as string, { data }), {
        name: 'InvalidNameError',
        field: 'type name',
        message: `The type name ${problem}`,
      })
    })
  }

  const seconds = 'must be a number of seconds above 0'
  const zone =
    'must be UTC, an offset such as +01:00, or a name such as Europe/Zurich that this runtime knows'
  const schema = 'must be a Standard Schema validator, such as v.object({ … }) of valibot'
  const options =
    'data, status, commands, broker, heartbeat, template, rules, messageId, stateFields, timestamp'
  const settings: [change: Record<string, unknown>, key: string, problem: string][] = [
    [{ heartbeat: 0 }, 'pump.heartbeat', seconds],
    [{ heartbeat: -1 }, 'pump.heartbeat', seconds],
    [{ heartbeat: Number.NaN }, 'pump.heartbeat', seconds],
    [{ heartbeat: Number.POSITIVE_INFINITY }, 'pump.heartbeat', seconds],
    [{ heartbeat: '60' }, 'pump.heartbeat', seconds],
    [{ broker: '' }, 'pump.broker', 'must name a broker'],
    [{ data: undefined }, 'pump.data', schema],
    [{ data: {} }, 'pump.data', schema],
    [{ data: { '~standard': { version: 1 } } }, 'pump.data', schema],
    [{ data: () => true }, 'pump.data', schema],
    [{ status: 'online' }, 'pump.status', schema],
    [{ timestamp: { zone: 'Mars' } }, 'pump.timestamp.zone', zone],
    [
      { timestamp: { unreadable: 'drop' } },
      'pump.timestamp.unreadable',
      'must be reject or ignore',
    ],
    [{ commands: [] }, 'pump.commands', 'must be an object of commands'],
    [{ commands: { reboot: {} } }, 'pump.commands.reboot', 'must be made by command()'],
    [{ commands: { reboot: data } }, 'pump.commands.reboot', 'must be made by command()'],
    [{ rules: {} }, 'pump.rules', 'must be a list of rules'],
    [{ stateFields: 'rpm' }, 'pump.stateFields', 'must be a list of fields of data'],
    [{ stateFields: ['rpm', ''] }, 'pump.stateFields.1', 'must name a field of data'],
    [{ stateFields: [7] }, 'pump.stateFields.0', 'must name a field of data'],
    [{ heartBeat: 60 }, 'pump.heartBeat', `is no option here: there are ${options}`],
    [{ toString: 1 }, 'pump.toString', `is no option here: there are ${options}`],
    [
      { rules: [{ effect: 'allow', actions: [], filter: 'a' }] },
      'pump.rules.0.actions',
      'must list "publish", "subscribe" or both',
    ],
    [
      {
        rules: [
          { effect: 'allow', actions: ['publish'], filter: 'a' },
          { effect: 'deny', actions: ['publish'], filter: 'a', maxQos: 1 },
        ],
      },
      'pump.rules.1.maxQos',
      'limits an allow; a deny stops every QoS',
    ],
  ]
  for (const [change, key, problem] of settings) {
    test(`for ${key} ${JSON.stringify(change)}: it ${problem}`, () => {
      assert.throws(() => fleetOf('pump', { data, ...change } as Definition), {
        name: 'ConfigError',
        key,
        message: `${key}: ${problem}`,
      })
    })
  }

  const topics: [change: Partial<Definition>, problem: string][] = [
    [{ template: '{deviceId}' }, '{channel} must stand in it exactly once'],
    [{ template: '+/{deviceId}/{channel}' }, 'a template holds no wildcard'],
    [{ template: '$SYS/{deviceId}/{channel}' }, 'topics that begin with "$" belong to the broker'],
    [
      { rules: [{ effect: 'allow', actions: ['publish'], filter: 'a/#/b' }] },
      '"#" must be the last level',
    ],
    [
      { rules: [{ effect: 'allow', actions: ['publish'], filter: 'a/x{deviceId}' }] },
      '"x{deviceId}" is no whole-level placeholder',
    ],
  ]
  for (const [change, problem] of topics) {
    test(`for ${JSON.stringify(change)}: ${problem}`, () => {
      assert.throws(() => fleetOf('pump', { data, ...change }), {
        name: 'InvalidTopicError',
        problem,
      })
    })
  }
})

describe('a type, or a command, is refused without being declared', () => {
  const withCommand = (given: object) =>
    fleetOf('pump', { data, commands: { set: command(given) } } as Definition)
  const rows: [title: string, declare: () => unknown, key: string][] = [
    ['a type of nothing', () => defineDeviceType('pump', undefined as never), 'pump'],
    ['a schema as a type', () => defineDeviceType('pump', v.object({}) as never), 'pump.kind'],
    ['a schema as a command', () => command(v.object({}) as never), 'command.kind'],
    ['a payload that is none', () => withCommand({ payload: {} }), 'pump.commands.set.payload'],
    ['a reply that is none', () => withCommand({ reply: 'text' }), 'pump.commands.set.reply'],
    ['a misspelt reply', () => command({ replies: v.object({}) } as never), 'command.replies'],
    ['nothing as a command', () => command(null as never), 'command'],
  ]
  for (const [title, declare, key] of rows) {
    test(title, () => assert.throws(declare, { name: 'ConfigError', key }))
  }

  test('a validator that is a function is one', () => {
    const arktype = Object.assign(() => undefined, data) as unknown as typeof data
    assert.equal(defineDeviceType('pump', { data: arktype }).data, arktype)
  })
})
