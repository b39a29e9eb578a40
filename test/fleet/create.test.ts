/**
 * Making a fleet: what is refused with the setting named, and whose topic a name is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  ConfigError,
  createFleet,
  type DeviceType,
  defineDeviceType,
  InvalidTopicError,
  memoryStore,
  type ServiceAccount,
} from '../../src/index.ts'
import { makeFleet, pump, weatherStation } from './fixture.ts'

const data = v.unknown()
const type = (name: string, template?: string): DeviceType =>
  defineDeviceType(name, { data, ...(template !== undefined && { template }) })

test('a fleet has the prefix "things" unless it is given another', () => {
  assert.equal(makeFleet().prefix, 'things')
  assert.equal(makeFleet({ prefix: 'site 7' }).prefix, 'site 7')
  assert.deepEqual(makeFleet().types, [weatherStation, pump])
})

describe('a prefix is refused', () => {
  for (const [prefix, problem] of [
    ['', 'is empty'],
    ['a/b', 'holds "/"'],
    ['+', 'holds "+"'],
    ['$SYS', 'must not begin with "$", which marks topics of the broker'],
    ['a\n', 'holds a control character'],
    [7, 'must be a string, not number'],
  ] as const) {
    test(`that ${problem}`, () => {
      assert.throws(() => makeFleet({ prefix: prefix as unknown as string }), {
        name: 'InvalidNameError',
        field: 'prefix',
        message: `The prefix ${problem}`,
      })
    })
  }
  test('that would be a placeholder in a template', () => {
    assert.throws(() => makeFleet({ prefix: '{deviceId}' }), InvalidTopicError)
  })
})

test('two types of one name are refused', () => {
  assert.throws(
    () =>
      createFleet({ types: [pump, type('pump', 'x/{deviceId}/{channel}')], store: memoryStore() }),
    {
      name: 'ConfigError',
      key: 'types',
      message: 'types: two device types have the name "pump"',
    },
  )
})

describe('types with topics in common are refused', () => {
  const rows: [a: string, b: string][] = [
    ['x/{deviceId}/{channel}', 'x/{deviceId}/{channel}'],
    ['x/{deviceId}/{channel}', 'x/{channel}/{deviceId}'],
    ['{deviceId}/{channel}', '{channel}/{deviceId}'],
    ['{deviceId}/x/{channel}', 'y/{deviceId}/{channel}'],
    ['{deviceId}/x/{channel}', 'y/{channel}/{deviceId}'],
    ['{prefix}/{type}/{deviceId}/{channel}', '{prefix}/{deviceId}/x/{channel}'],
  ]
  for (const [a, b] of rows) {
    test(`${a} and ${b}`, () => {
      const types = [type('one', a), type('two', b)]
      assert.throws(
        () => createFleet({ types, store: memoryStore() }),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.equal(error.key, 'types')
          assert.match(error.message, /^types: topics of "two" \(.+\) and "one" \(.+\) overlap: /)
          return true
        },
      )
    })
  }

  const apart: [a: string, b: string][] = [
    ['{prefix}/{type}/{deviceId}/{channel}', '{prefix}/{type}/{deviceId}/{channel}'],
    ['x/{deviceId}/{channel}', 'y/{deviceId}/{channel}'],
    ['x/{deviceId}/{channel}', 'x/{deviceId}/v2/{channel}'],
    ['x/{deviceId}/a/{channel}', 'x/{deviceId}/b/{channel}'],
    ['/{deviceId}/{channel}', 'x/{deviceId}/{channel}'],
  ]
  for (const [a, b] of apart) {
    test(`${a} and ${b} have none`, () => {
      const types = [type('one', a), type('two', b)]
      const fleet = createFleet({ types, store: memoryStore() })
      for (const of of types) {
        const topic = fleet.topics(of).name('X-1', 'data')
        assert.deepEqual(fleet.route(topic), { type: of, deviceId: 'X-1', channel: 'data' })
      }
    })
  }
})

describe('a service account is refused', () => {
  const good: ServiceAccount = { username: 'hub', password: 'long enough, really', rules: 'hub' }
  const rows: [title: string, services: unknown[], name: string, message: string][] = [
    [
      'without a user name',
      [{ ...good, username: '' }],
      'InvalidNameError',
      'The services.0.username is empty',
    ],
    [
      'whose user name could be a device’s',
      [{ ...good, username: 'pump/P-1' }],
      'InvalidNameError',
      'The services.0.username holds "/"',
    ],
    [
      'whose user name begins with "$"',
      [good, { ...good, username: '$hub' }],
      'InvalidNameError',
      'The services.1.username must not begin with "$", which marks topics of the broker',
    ],
    [
      'with the name of a device type',
      [{ ...good, username: 'pump' }],
      'ConfigError',
      'services.0.username: is the name of a device type',
    ],
    ['twice', [good, good], 'ConfigError', 'services.1.username: "hub" is declared twice'],
    [
      'with a password of 11 characters',
      [{ ...good, password: 'elevenchars' }],
      'ConfigError',
      'services.0.password: must have at least 12 characters',
    ],
    [
      'without a password, as from a variable that is not set',
      [{ ...good, password: undefined }],
      'ConfigError',
      'services.0.password: is missing: give one of at least 12 characters, or a passwordHash',
    ],
    [
      'with an empty password',
      [{ ...good, password: '' }],
      'ConfigError',
      'services.0.password: is missing: give one of at least 12 characters, or a passwordHash',
    ],
    [
      'with a password that is no text',
      [{ ...good, password: 123456789012 }],
      'ConfigError',
      'services.0.password: must have at least 12 characters',
    ],
    [
      'with a password and a hash',
      [
        {
          ...good,
          passwordHash: 'pbkdf2_sha256$1$c2FsdHNhbHQ$wSteZL4PAcS7Oxgb3rh9oDge0DK8TB49h0yfMMSRzSs=',
        },
      ],
      'ConfigError',
      'services.0.passwordHash: stands beside a password: only one can be right',
    ],
    [
      'with the name of a token',
      [{ ...good, username: 'token:hub' }],
      'InvalidNameError',
      'The services.0.username begins with "token:", which marks tokens',
    ],
    [
      'with client ids that are no list',
      [{ ...good, clientIds: 'hub-1' }],
      'ConfigError',
      'services.0.clientIds: must be a list of at most 64 client ids',
    ],
    [
      'with a rule of no meaning',
      [{ ...good, rules: [{ effect: 'allow', actions: [], filter: '#' }] }],
      'ConfigError',
      'services.0.rules.0.actions: must list "publish", "subscribe" or both',
    ],
    [
      'with rules by a name there is not',
      [{ ...good, rules: 'admin' }],
      'ConfigError',
      'services.0.rules: must be "hub" or a list of rules',
    ],
    [
      'without rules',
      [{ ...good, rules: undefined }],
      'ConfigError',
      'services.0.rules: must be "hub" or a list of rules',
    ],
  ]
  for (const [title, services, name, message] of rows) {
    test(title, () => {
      assert.throws(() => makeFleet({ services: services as ServiceAccount[] }), { name, message })
    })
  }

  test('and one with a password of just 12 characters is taken', async () => {
    const fleet = makeFleet({ services: [{ ...good, password: 'twelve chars' }] })
    const login = await fleet.authenticate({ username: 'hub', password: 'twelve chars' })
    assert.ok(login.effect === 'allow')
    assert.equal(login.principal.kind, 'service')
  })

  test('and its password is not in the message', () => {
    const password = 'hunter2'
    assert.throws(
      () => makeFleet({ services: [{ ...good, password }] }),
      (error) => error instanceof ConfigError && !error.message.includes(password),
    )
  })
})

test('a pepper that is too short is refused', () => {
  assert.throws(() => makeFleet({ pepper: 'short' }), { name: 'ConfigError', key: 'pepper' })
})

describe('route', () => {
  const tank = type('tank', 'plant/{channel}/{deviceId}')
  const fleet = makeFleet({ types: [weatherStation, pump, tank] })
  const rows: [topic: string, of: DeviceType, deviceId: string, channel: string][] = [
    ['things/weatherstation/STATION-001/data', weatherStation, 'STATION-001', 'data'],
    ['things/pump/P-1/status', pump, 'P-1', 'status'],
    ['things/pump/data/cmd', pump, 'data', 'cmd'],
    ['plant/reply/T-1', tank, 'T-1', 'reply'],
    ['things/pump/__proto__/data', pump, '__proto__', 'data'],
  ]
  for (const [topic, of, deviceId, channel] of rows) {
    test(`${topic} belongs to ${of.name}/${deviceId}`, () => {
      assert.deepEqual(fleet.route(topic), { type: of, deviceId, channel })
    })
  }
  for (const topic of [
    'things',
    'things/pump/P-1',
    'things/pump/P-1/config',
    'things/pump/P-1/data/x',
    'things/valve/V-1/data',
    'other/pump/P-1/data',
    'Things/pump/P-1/data',
    '/things/pump/P-1/data',
    'things/tank/T-1/data',
    'plant/T-1/reply',
    '$SYS/pump/P-1/data',
    // No device has such an id.
    'things/pump//data',
    'things/pump/$x/data',
    'things/pump/a\nb/data',
    `things/pump/${'x'.repeat(129)}/data`,
  ]) {
    test(`${JSON.stringify(topic.slice(0, 40))} belongs to nobody`, () => {
      assert.equal(fleet.route(topic), undefined)
    })
  }
  for (const topic of ['', 'things/+/P-1/data', 'things/#', 'a\0', '\ud83d', 'x'.repeat(70_000)]) {
    test(`${JSON.stringify(topic.slice(0, 40))} is refused`, () => {
      assert.throws(() => fleet.route(topic), InvalidTopicError)
    })
  }
})

test('the topics of a type are those of this fleet, and of no other', () => {
  const fleet = makeFleet({ prefix: 'site' })
  assert.equal(fleet.topics(pump).name('P-1', 'cmd'), 'site/pump/P-1/cmd')
  assert.equal(fleet.topics(pump).filter(), 'site/pump/+/+')
  for (const stranger of [type('valve'), type('pump')]) {
    assert.throws(() => fleet.topics(stranger), {
      name: 'ConfigError',
      key: 'types',
      message: `types: the device type "${stranger.name}" is not one of this fleet`,
    })
  }
})

describe('a type by its name', () => {
  for (const of of [weatherStation, pump]) {
    test(`is ${of.name} as it was declared`, () => assert.equal(makeFleet().type(of.name), of))
  }
  for (const name of ['valve', 'Pump', 'pump ', '', '__proto__', 'constructor', undefined]) {
    test(`is none for ${JSON.stringify(name)}`, () => {
      assert.throws(() => makeFleet().type(name as string), {
        name: 'DeviceTypeUnknownError',
        code: 'ERR_DEVICE_TYPE_UNKNOWN',
        message: `There is no device type "${name}": there is weatherstation, pump`,
      })
    })
  }
})
