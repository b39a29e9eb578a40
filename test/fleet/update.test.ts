/**
 * Changing what a device's record says beside its login: whole or not at all, and at once. And
 * forgetting what was read before somebody else changed it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type AccessRule,
  type DeviceSettings,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type FleetChange,
  memoryStore,
  RevisionConflictError,
} from '../../src/index.ts'
import { deferred } from '../support/wait.ts'
import { contested, makeFleet, pump, weatherStation } from './fixture.ts'

const USERNAME = 'pump/P-1'
const OLD: AccessRule = { effect: 'allow', actions: ['publish'], filter: 'sites/{site}/old' }
const NEW: AccessRule = { effect: 'allow', actions: ['publish'], filter: 'sites/{site}/new' }
const DENY: AccessRule = { effect: 'deny', actions: ['publish'], filter: 'things/#' }
const NORTH = { site: 'north' }

/** A fleet whose pump P-1 may publish to `sites/north/old`, and was asked about already. */
async function site(store: DeviceStore = memoryStore()) {
  // Nothing is read a second time within a test unless it is forgotten.
  const fleet = makeFleet({ store, rulesLifetime: 3_600 })
  const { password } = await fleet.provision(pump, 'P-1', { rules: [OLD], attributes: NORTH })
  assert.deepEqual(await granted(fleet), ['data', 'north/old'])
  return { fleet, store, password, before: (await store.get('pump', 'P-1'))! }
}

/** Which of a few topics the pump may publish to. */
async function granted(fleet: Fleet): Promise<string[]> {
  const topics = {
    data: 'things/pump/P-1/data',
    'north/old': 'sites/north/old',
    'north/new': 'sites/north/new',
    'south/old': 'sites/south/old',
    'south/new': 'sites/south/new',
  }
  const names: string[] = []
  for (const [name, topic] of Object.entries(topics)) {
    const asked = { username: USERNAME, action: 'publish', topic } as const
    const { effect } = await fleet.authorize(asked)
    assert.equal((await fleet.explain(asked)).effect, effect)
    if (effect === 'allow') names.push(name)
  }
  return names
}

async function login(fleet: Fleet, password: string): Promise<string> {
  const outcome = await fleet.authenticate({ username: USERNAME, password })
  return outcome.effect === 'allow' ? 'allow' : outcome.code
}

describe('an update counts for the next question, and leaves the rest as it was', () => {
  const rows: readonly [settings: DeviceSettings, grants: readonly string[]][] = [
    [{ rules: [NEW] }, ['data', 'north/new']],
    [{ rules: [OLD, NEW] }, ['data', 'north/old', 'north/new']],
    [{ rules: [] }, ['data']],
    [{ rules: [OLD, DENY] }, ['north/old']],
    [{ attributes: { site: 'south' } }, ['data', 'south/old']],
    [{ attributes: { floor: '2' } }, ['data']],
    [{ attributes: {} }, ['data']],
    [{ rules: [NEW], attributes: { site: 'south' } }, ['data', 'south/new']],
    [{ rules: [], attributes: {} }, ['data']],
    [{ rules: [OLD], attributes: NORTH }, ['data', 'north/old']],
  ]
  for (const [settings, grants] of rows) {
    test(`${JSON.stringify(settings)}: ${grants.join(', ')}`, async () => {
      const { fleet, store, password, before } = await site()
      const { kind, done } = await fleet.update(pump, 'P-1', settings)
      assert.deepEqual([kind, done], ['updated', []])
      assert.deepEqual(await granted(fleet), grants)
      assert.deepEqual(await store.get('pump', 'P-1'), { ...before, ...settings, revision: 2 })
      assert.equal(await login(fleet, password), 'allow')
    })
  }

  test('what is undefined is left out', async () => {
    const { fleet, store, before } = await site()
    const settings = { rules: [NEW], attributes: undefined } as unknown as DeviceSettings
    await fleet.update(pump, 'P-1', settings)
    assert.deepEqual(await store.get('pump', 'P-1'), { ...before, rules: [NEW], revision: 2 })
  })

  test('a login, a principal and what a broker is told are the new ones', async () => {
    const { fleet, store, password } = await site()
    await fleet.update(pump, 'P-1', { rules: [NEW], attributes: { site: 'south' } })
    const outcome = await fleet.authenticate({ username: USERNAME, password })
    assert.ok(outcome.effect === 'allow')
    const found = await fleet.findPrincipal(USERNAME)
    const told = fleet.brokerAccount((await store.get('pump', 'P-1'))!)
    for (const principal of [outcome.principal, found, told?.principal]) {
      assert.deepEqual(principal?.rules.at(-1), NEW)
      assert.equal(principal?.attributes.site, 'south')
    }
  })

  test('another device is what it was', async () => {
    const { fleet, store } = await site()
    await fleet.provision(pump, 'P-2', { rules: [OLD], attributes: NORTH })
    const before = await store.get('pump', 'P-2')
    await fleet.update(pump, 'P-1', { rules: [], attributes: {} })
    assert.deepEqual(await store.get('pump', 'P-2'), before)
  })

  test('it reaches a device with a user name of its own', async () => {
    const fleet = makeFleet({ rulesLifetime: 3_600 })
    await fleet.provision(pump, 'P-1', { username: 'legacy-7', attributes: NORTH })
    const asked = { username: 'legacy-7', action: 'publish', topic: 'sites/north/new' } as const
    assert.equal((await fleet.authorize(asked)).effect, 'deny')
    await fleet.update(pump, 'P-1', { rules: [NEW] })
    assert.equal((await fleet.authorize(asked)).effect, 'allow')
  })

  test('what the caller changes afterwards changes nothing', async () => {
    const { fleet, store } = await site()
    const filter = { ...NEW } as { -readonly [key in keyof AccessRule]: AccessRule[key] }
    const [rules, attributes] = [[filter], { ...NORTH }]
    const updating = fleet.update(pump, 'P-1', { rules, attributes })
    filter.filter = '#'
    rules.push({ ...NEW, filter: 'x+' })
    attributes.site = '+'
    await updating
    const stored = await store.get('pump', 'P-1')
    assert.deepEqual([stored?.rules, stored?.attributes], [[NEW], NORTH])
  })

  test('a decision that is on its way is not remembered', async () => {
    const { fleet } = await site()
    fleet.forget(USERNAME)
    const asked = granted(fleet)
    await fleet.update(pump, 'P-1', { rules: [NEW] })
    await asked
    assert.deepEqual(await granted(fleet), ['data', 'north/new'])
  })
})

describe('an update is refused, and nothing written, told or forgotten', () => {
  const word = 'must be a word of its own, such as "site"'
  const rows: readonly [settings: unknown, name: string, message: string][] = [
    [{}, 'ConfigError', 'settings: has no "rules", "attributes" or "clientIds"'],
    [
      { rule: [NEW] },
      'ConfigError',
      'rule: is no option here: there are rules, attributes, clientIds',
    ],
    [{ rules: undefined }, 'ConfigError', 'settings: has no "rules", "attributes" or "clientIds"'],
    [{ rules: null }, 'ConfigError', 'rules: must be a list of rules'],
    [{ rules: NEW }, 'ConfigError', 'rules: must be a list of rules'],
    [{ rules: 'x' }, 'ConfigError', 'rules: must be a list of rules'],
    [{ rules: [NEW, null] }, 'ConfigError', 'rules.1: must be a rule'],
    [{ rules: [{ ...NEW, qos: 1 }] }, 'ConfigError', 'rules.0.qos: is no part of a rule'],
    [
      { rules: [{ ...NEW, effect: 'grant' }] },
      'ConfigError',
      'rules.0.effect: must be "allow" or "deny"',
    ],
    [
      { rules: [{ ...NEW, actions: ['all'] }] },
      'ConfigError',
      'rules.0.actions: must list "publish", "subscribe" or both',
    ],
    [
      { rules: [NEW, { ...NEW, filter: '$share/g/x' }] },
      'ConfigError',
      'rules.1.filter: name the share in "share", not in the filter',
    ],
    [
      { rules: [{ ...NEW, filter: 'x+' }] },
      'InvalidTopicError',
      'Invalid topic filter "x+": a wildcard must be a whole level',
    ],
    [{ attributes: null }, 'ConfigError', 'attributes: must be an object of strings'],
    [{ attributes: ['north'] }, 'ConfigError', 'attributes: must be an object of strings'],
    [{ attributes: 'north' }, 'ConfigError', 'attributes: must be an object of strings'],
    [{ attributes: { site: '+' } }, 'InvalidNameError', 'The attribute site holds "+"'],
    [{ attributes: { site: 'a/b' } }, 'InvalidNameError', 'The attribute site holds "/"'],
    [{ attributes: { site: '' } }, 'InvalidNameError', 'The attribute site is empty'],
    [
      { attributes: { site: 7 } },
      'InvalidNameError',
      'The attribute site must be a string, not number',
    ],
    [{ attributes: { deviceId: 'P-2' } }, 'ConfigError', `attributes.deviceId: ${word}`],
    [{ attributes: { ['__proto__']: 'x' } }, 'ConfigError', `attributes.__proto__: ${word}`],
    [
      { rules: [NEW], attributes: { site: '#' } },
      'InvalidNameError',
      'The attribute site holds "#"',
    ],
    [
      { rules: [{}], attributes: { site: 'x' } },
      'ConfigError',
      'rules.0.effect: must be "allow" or "deny"',
    ],
  ]
  for (const [settings, name, message] of rows) {
    test(`given ${JSON.stringify(settings)}: ${JSON.stringify(message)}`, async () => {
      const { fleet, store, before } = await site()
      fleet.onChange('test', () => assert.fail('nothing was updated'))
      const updating = fleet.update(pump, 'P-1', settings as DeviceSettings)
      await assert.rejects(updating, { name, message })
      assert.deepEqual(await store.get('pump', 'P-1'), before)
      assert.deepEqual(await granted(fleet), ['data', 'north/old'])
    })
  }

  for (const id of ['P-9', '', '+', '__proto__']) {
    test(`for ${JSON.stringify(id)}, which is no device`, async () => {
      const { fleet, store, before } = await site()
      fleet.onChange('test', () => assert.fail('nothing was updated'))
      const refusal = { name: 'DeviceUnknownError', code: 'ERR_DEVICE_UNKNOWN', id }
      await assert.rejects(fleet.update(pump, id, { rules: [] }), refusal)
      await assert.rejects(fleet.update(pump, id, { clientIds: ['c-1'] }), refusal)
      assert.deepEqual((await store.list()).records, [before])
    })
  }

  test('for a revoked device, which stays revoked', async () => {
    const { fleet, store, password } = await site()
    await fleet.revoke(pump, 'P-1')
    const before = await store.get('pump', 'P-1')
    await assert.rejects(fleet.update(pump, 'P-1', { rules: [NEW] }), {
      name: 'DeviceRevokedError',
      code: 'ERR_DEVICE_REVOKED',
    })
    assert.deepEqual(await store.get('pump', 'P-1'), before)
    assert.equal(await login(fleet, password), 'revoked')
  })

  test('for a type that is not of this fleet, and for one that the device is not of', async () => {
    const { fleet } = await site()
    const stranger = defineDeviceType('pump', { data: v.unknown() })
    const settings = { rules: [NEW] }
    await assert.rejects(fleet.update(stranger, 'P-1', settings), { key: 'types' })
    const other = fleet.update(weatherStation, 'P-1', settings)
    await assert.rejects(other, { name: 'DeviceUnknownError' })
  })
})

describe('who follows the fleet', () => {
  test('is told of an update once it is on record, and waited for', async () => {
    const { fleet, store } = await site()
    const told: (FleetChange & { rules: unknown })[] = []
    const [reached, release] = [deferred(), deferred()]
    fleet.onChange('test', async (change) => {
      told.push({ ...change, rules: (await store.get(change.type!, change.id!))?.rules })
      reached.resolve()
      await release.promise
    })
    let isDone = false
    const updating = fleet.update(pump, 'P-1', { rules: [NEW] }).then(() => {
      isDone = true
    })
    await reached.promise
    const change = { kind: 'updated', type: 'pump', id: 'P-1', username: USERNAME }
    assert.deepEqual(told, [{ ...change, rules: [NEW] }])
    assert.equal(isDone, false)
    assert.deepEqual(await granted(fleet), ['data', 'north/new'])
    release.resolve()
    await updating
  })

  test('undoes nothing by failing', async () => {
    const { fleet } = await site()
    fleet.onChange('test', () => {
      throw new Error('no connection')
    })
    const updating = fleet.update(pump, 'P-1', { rules: [NEW] })
    await assert.rejects(updating, { code: 'ERR_CHANGE_INCOMPLETE', kind: 'updated' })
    assert.deepEqual(await granted(fleet), ['data', 'north/new'])
  })
})

describe('when another writer is in between', () => {
  test('an update is tried again, on what the other wrote', async () => {
    const { fleet, store } = await site(contested(4, { attributes: { site: 'south' } }))
    await fleet.update(pump, 'P-1', { rules: [NEW] })
    assert.deepEqual(await granted(fleet), ['data', 'south/new'])
    assert.equal((await store.get('pump', 'P-1'))?.revision, 6)
  })

  test('and the other revoked the device, it is refused, and that counts at once', async () => {
    const { fleet, password } = await site(contested(1, { revoked: true }))
    const updating = fleet.update(pump, 'P-1', { rules: [NEW] })
    await assert.rejects(updating, { name: 'DeviceRevokedError' })
    assert.equal(await login(fleet, password), 'revoked')
    assert.deepEqual(await granted(fleet), [])
  })

  test('again and again, it gives up, and the rules stay', async () => {
    const { fleet } = await site(contested(1_000))
    fleet.onChange('test', () => assert.fail('nothing was updated'))
    await assert.rejects(fleet.update(pump, 'P-1', { rules: [NEW] }), RevisionConflictError)
    assert.deepEqual(await granted(fleet), ['data', 'north/old'])
  })

  test('a write that a store reports as failed, and that came about, counts at once', async () => {
    const inner = memoryStore()
    const store: DeviceStore = {
      ...inner,
      async update(record) {
        await inner.update(record)
        throw new Error('no answer')
      },
    }
    const { fleet } = await site(store)
    await assert.rejects(fleet.update(pump, 'P-1', { rules: [DENY] }), /no answer/)
    assert.deepEqual(await granted(fleet), [])
  })

  test('of updates at once, none takes away what another gave of its own', async () => {
    const { fleet } = await site()
    await Promise.all([
      fleet.update(pump, 'P-1', { rules: [NEW] }),
      fleet.update(pump, 'P-1', { attributes: { site: 'south' } }),
    ])
    assert.deepEqual(await granted(fleet), ['data', 'south/new'])
  })

  test('a rotation at once stands, with its new secret alone', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const { fleet, password } = await site()
      const update = () => fleet.update(pump, 'P-1', { rules: [NEW] })
      const rotate = () => fleet.rotate(pump, 'P-1')
      const both = turn % 2 === 0 ? [update(), rotate()] : [rotate(), update()]
      const rotated = (await Promise.all(both)).find(({ kind }) => kind === 'rotated')!
      assert.equal(await login(fleet, password), 'password-wrong')
      assert.equal(await login(fleet, rotated.password!), 'allow')
      assert.deepEqual(await granted(fleet), ['data', 'north/new'])
    }
  })

  test('a revocation at once stands', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const { fleet, password } = await site()
      const update = () => fleet.update(pump, 'P-1', { rules: [NEW] })
      const revoke = () => fleet.revoke(pump, 'P-1')
      const both = turn % 2 === 0 ? [update(), revoke()] : [revoke(), update()]
      for (const result of await Promise.allSettled(both)) {
        if (result.status === 'rejected') assert.equal(result.reason.name, 'DeviceRevokedError')
      }
      assert.equal(await login(fleet, password), 'revoked')
      assert.deepEqual(await granted(fleet), [])
    }
  })
})

describe('what somebody else changed in the store', () => {
  async function changedElsewhere(change: Record<string, unknown>) {
    const { fleet, store, before } = await site()
    await store.update({ ...before, ...change, revision: 2 })
    assert.deepEqual(await granted(fleet), ['data', 'north/old'])
    return fleet
  }

  for (const [change, grants] of [
    [{ rules: [NEW] }, ['data', 'north/new']],
    [{ attributes: { site: 'south' } }, ['data', 'south/old']],
    [{ rules: [DENY] }, []],
    [{ revoked: true }, []],
    [{ rules: [{}] }, []],
  ] as const) {
    test(`such as ${JSON.stringify(change)} counts once it is forgotten`, async () => {
      const fleet = await changedElsewhere(change)
      fleet.forget(USERNAME)
      assert.deepEqual(await granted(fleet), grants)
    })
  }

  test('is not told to anybody, and not to another fleet', async () => {
    const { fleet, store, before } = await site()
    const other = makeFleet({ store, rulesLifetime: 3_600 })
    assert.deepEqual(await granted(other), ['data', 'north/old'])
    await store.update({ ...before, rules: [], revision: 2 })
    fleet.onChange('test', () => assert.fail('the fleet changed nothing'))
    fleet.forget(USERNAME)
    assert.deepEqual(await granted(fleet), ['data'])
    assert.deepEqual(await granted(other), ['data', 'north/old'])
    other.forget(USERNAME)
    assert.deepEqual(await granted(other), ['data'])
  })

  for (const username of ['pump/P-2', 'P-1', 'pump', 'hub', 'PUMP/P-1', '', '__proto__']) {
    test(`stays as it was read when ${JSON.stringify(username)} is forgotten`, async () => {
      const fleet = await changedElsewhere({ rules: [NEW] })
      fleet.forget(username)
      assert.deepEqual(await granted(fleet), ['data', 'north/old'])
    })
  }

  test('a rotation through the fleet, or an attempt at one, has it read again', async () => {
    const rotated = await changedElsewhere({ rules: [NEW] })
    await rotated.rotate(pump, 'P-1')
    assert.deepEqual(await granted(rotated), ['data', 'north/new'])
    const refused = await changedElsewhere({ revoked: true })
    await assert.rejects(refused.rotate(pump, 'P-1'), { name: 'DeviceRevokedError' })
    assert.deepEqual(await granted(refused), [])
  })
})
