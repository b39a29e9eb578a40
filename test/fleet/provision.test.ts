/**
 * Putting devices on record: what comes back, what is stored, and what is refused.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type AccessRule,
  defineDeviceType,
  memoryStore,
  type ProvisionOptions,
} from '../../src/index.ts'
import { makeFleet, pump, weatherStation } from './fixture.ts'

describe('a provisioned device', () => {
  test('has a login and its topics', async () => {
    const device = await makeFleet().provision(weatherStation, 'STATION-001')
    const { password, ...rest } = device
    assert.match(password, /^dhs_[0-9a-f]{64}$/)
    assert.deepEqual(rest, {
      kind: 'provisioned',
      type: 'weatherstation',
      id: 'STATION-001',
      username: 'weatherstation/STATION-001',
      topics: {
        data: 'things/weatherstation/STATION-001/data',
        status: 'things/weatherstation/STATION-001/status',
        cmd: 'things/weatherstation/STATION-001/cmd',
        reply: 'things/weatherstation/STATION-001/reply',
      },
      done: [],
      failed: [],
    })
  })

  test('has its topics under the fleet’s prefix and its type’s template', async () => {
    const tank = defineDeviceType('tank', {
      data: v.unknown(),
      template: '{channel}/{prefix}/{deviceId}',
    })
    const fleet = makeFleet({ types: [tank], prefix: 'site' })
    const { topics } = await fleet.provision(tank, 'T-1')
    assert.equal(topics.data, 'data/site/T-1')
    assert.equal(topics.cmd, 'cmd/site/T-1')
  })

  test('is on record with its hash alone: nothing stored holds the secret', async () => {
    for (const pepper of [undefined, 'a pepper of more than 16 bytes']) {
      const store = memoryStore()
      const fleet = makeFleet({ store, ...(pepper !== undefined && { pepper }) })
      const before = Date.now()
      const { password } = await fleet.provision(pump, 'P-1', { attributes: { site: 'north' } })
      const stored = await store.get('pump', 'P-1')
      assert.ok(stored)
      const { credentials, createdAt, ...rest } = stored
      assert.deepEqual(rest, {
        type: 'pump',
        id: 'P-1',
        username: 'pump/P-1',
        rules: [],
        attributes: { site: 'north' },
        revoked: false,
        revision: 1,
      })
      assert.ok(createdAt >= before && createdAt <= Date.now())
      assert.equal(credentials.length, 1)
      assert.equal(credentials[0]?.kind, 'password')
      assert.equal(credentials[0]?.createdAt, createdAt)
      const format = pepper === undefined ? 'dh-sha256' : 'dh-hmac-sha256\\$[0-9a-f]{4}'
      assert.match(credentials[0]?.hash ?? '', new RegExp(`^\\$${format}\\$[0-9a-f]{64}$`))
      assert.ok(!JSON.stringify(stored).includes(password.slice('dhs_'.length)))
    }
  })

  test('has another secret than the next', async () => {
    const fleet = makeFleet()
    const devices = [
      await fleet.provision(pump, 'P-1'),
      await fleet.provision(pump, 'P-2'),
      await fleet.provision(weatherStation, 'P-1'),
    ]
    assert.equal(new Set(devices.map(({ password }) => password)).size, 3)
  })

  test('may have a user name of its own, rules and attributes', async () => {
    const fleet = makeFleet()
    const rules: AccessRule[] = [{ effect: 'deny', actions: ['publish'], filter: 'x/{site}' }]
    const attributes = { site: 'Süd 7', floor_2: '__proto__', constructor: 'c' }
    const device = await fleet.provision(pump, 'P-1', { username: 'legacy-7', rules, attributes })
    assert.equal(device.username, 'legacy-7')
    assert.equal(device.topics.data, 'things/pump/P-1/data')
    const stored = await fleet.store.findByUsername('legacy-7')
    assert.deepEqual(stored?.rules, rules)
    assert.deepEqual(stored?.attributes, attributes)
    assert.equal(await fleet.store.findByUsername('pump/P-1'), undefined)
  })

  for (const id of ['__proto__', 'constructor', '水泵', '00:1B:44:11:3A:B7', '{deviceId}', ' ']) {
    test(`may have the id ${JSON.stringify(id)}, which is harmless`, async () => {
      const fleet = makeFleet()
      const { username, password } = await fleet.provision(pump, id)
      const login = await fleet.authenticate({ username, password })
      assert.equal(login.effect, 'allow')
      const own = { username, action: 'publish', topic: `things/pump/${id}/data` } as const
      assert.equal((await fleet.authorize(own)).effect, 'allow')
      const other = { username, action: 'publish', topic: 'things/pump/P-2/data' } as const
      assert.equal((await fleet.authorize(other)).effect, 'deny')
      assert.equal(Object.hasOwn(Object.prototype, 'credentials'), false)
    })
  }
})

describe('a device is refused, and nothing written', () => {
  const names: [id: unknown, problem: string][] = [
    ['', 'is empty'],
    ['a/b', 'holds "/"'],
    ['+', 'holds "+"'],
    ['#', 'holds "#"'],
    ['P+1', 'holds "+"'],
    ['$SYS', 'must not begin with "$", which marks topics of the broker'],
    ['P\0', 'holds a control character'],
    ['P\r\n', 'holds a control character'],
    ['\ud83d', 'holds a lone surrogate'],
    ['p'.repeat(129), 'is longer than 128 characters'],
    [undefined, 'must be a string, not undefined'],
    [7, 'must be a string, not number'],
    [['P-1'], 'must be a string, not object'],
  ]
  for (const [id, problem] of names) {
    test(`whose id ${problem}`, async () => {
      const fleet = makeFleet()
      await assert.rejects(fleet.provision(pump, id as string), {
        name: 'InvalidNameError',
        field: 'device id',
        message: `The device id ${problem}`,
      })
      assert.deepEqual((await fleet.store.list()).records, [])
    })
  }

  const word = 'must be a word of its own, such as "site"'
  const options: [options: unknown, name: string, message: string][] = [
    [{ username: '' }, 'InvalidNameError', 'The user name is empty'],
    [{ username: 'pump/P-2' }, 'InvalidNameError', 'The user name holds "/"'],
    [{ username: '+' }, 'InvalidNameError', 'The user name holds "+"'],
    [
      { username: '$SYS' },
      'InvalidNameError',
      'The user name must not begin with "$", which marks topics of the broker',
    ],
    [
      { username: 'weatherstation' },
      'InvalidNameError',
      'The user name is the name of a device type, "weatherstation"',
    ],
    [{ username: 'a\0' }, 'InvalidNameError', 'The user name holds a control character'],
    [{ username: null }, 'InvalidNameError', 'The user name must be a string, not null'],
    [{ attributes: { site: '+' } }, 'InvalidNameError', 'The attribute site holds "+"'],
    [{ attributes: { site: 'a/b' } }, 'InvalidNameError', 'The attribute site holds "/"'],
    [{ attributes: { site: '#' } }, 'InvalidNameError', 'The attribute site holds "#"'],
    [{ attributes: { site: '' } }, 'InvalidNameError', 'The attribute site is empty'],
    [
      { attributes: { site: 7 } },
      'InvalidNameError',
      'The attribute site must be a string, not number',
    ],
    [{ attributes: { deviceId: 'P-2' } }, 'ConfigError', `attributes.deviceId: ${word}`],
    [{ attributes: { username: 'x' } }, 'ConfigError', `attributes.username: ${word}`],
    [{ attributes: { clientId: 'x' } }, 'ConfigError', `attributes.clientId: ${word}`],
    [{ attributes: { type: 'x' } }, 'ConfigError', `attributes.type: ${word}`],
    [{ attributes: { prefix: 'x' } }, 'ConfigError', `attributes.prefix: ${word}`],
    [{ attributes: { 'a b': 'x' } }, 'ConfigError', `attributes.a b: ${word}`],
    [{ attributes: { '': 'x' } }, 'ConfigError', `attributes.: ${word}`],
    [{ attributes: { ['__proto__']: 'x' } }, 'ConfigError', `attributes.__proto__: ${word}`],
    [{ attributes: { 'site\n': 'x' } }, 'ConfigError', `attributes.site\n: ${word}`],
    [
      { rules: [{ effect: 'allow', actions: ['all'], filter: 'x' }] },
      'ConfigError',
      'rules.0.actions: must list "publish", "subscribe" or both',
    ],
    [
      { rules: [{ effect: 'allow', actions: ['publish'], filter: '$share/g/x' }] },
      'ConfigError',
      'rules.0.filter: name the share in "share", not in the filter',
    ],
    [
      { rules: [{ effect: 'allow', actions: ['publish'], filter: 'x+' }] },
      'InvalidTopicError',
      'Invalid topic filter "x+": a wildcard must be a whole level',
    ],
  ]
  for (const [given, name, message] of options) {
    test(`given ${JSON.stringify(given)}: ${JSON.stringify(message)}`, async () => {
      const fleet = makeFleet()
      await assert.rejects(fleet.provision(pump, 'P-1', given as ProvisionOptions), {
        name,
        message,
      })
      assert.deepEqual((await fleet.store.list()).records, [])
    })
  }

  test('whose type is not of this fleet, though it has the name of one', async () => {
    const fleet = makeFleet()
    for (const name of ['valve', 'pump']) {
      const stranger = defineDeviceType(name, { data: v.unknown() })
      await assert.rejects(fleet.provision(stranger, 'P-1'), { name: 'ConfigError', key: 'types' })
    }
    assert.deepEqual((await fleet.store.list()).records, [])
  })

  test('that is there already; its login stays what it was', async () => {
    const fleet = makeFleet()
    const { username, password } = await fleet.provision(pump, 'P-1')
    for (const options of [{}, { username: 'other' }]) {
      await assert.rejects(fleet.provision(pump, 'P-1', options), {
        name: 'DeviceExistsError',
        field: 'device id',
      })
    }
    assert.equal((await fleet.store.list()).records.length, 1)
    assert.equal((await fleet.authenticate({ username, password })).effect, 'allow')
  })

  test('that was revoked: it does not come back by being provisioned again', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    await fleet.revoke(pump, 'P-1')
    await assert.rejects(fleet.provision(pump, 'P-1'), { name: 'DeviceExistsError' })
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, true)
  })

  test('whose user name a service account has', async () => {
    const fleet = makeFleet()
    await assert.rejects(fleet.provision(pump, 'P-1', { username: 'hub' }), {
      name: 'DeviceExistsError',
      field: 'user name',
    })
    assert.deepEqual((await fleet.store.list()).records, [])
  })

  test('whose user name another device has', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1', { username: 'legacy' })
    await assert.rejects(fleet.provision(weatherStation, 'S-1', { username: 'legacy' }), {
      name: 'DeviceExistsError',
      field: 'user name',
    })
    assert.equal((await fleet.store.list()).records.length, 1)
  })

  test('when the store fails, with the store’s own error', async () => {
    const broken = { ...memoryStore(), insert: async () => Promise.reject(new Error('disk full')) }
    await assert.rejects(makeFleet({ store: broken }).provision(pump, 'P-1'), /disk full/)
  })
})
