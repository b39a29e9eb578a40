/**
 * Putting many devices on record: what becomes of each.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DeviceStore,
  hashPassword,
  memoryStore,
  type NewDevice,
  type ProvisionOutcome,
} from '../../src/index.ts'
import { makeFleet, pump, weatherStation } from './fixture.ts'

/** The code or name of what each was refused with; `undefined` for those on record. */
const refusals = (outcomes: readonly ProvisionOutcome[]) =>
  outcomes.map(({ error }) => error && ((error as { code?: unknown }).code ?? error.name))

/** Without the quicker way. */
function slowStore(): DeviceStore {
  const { insertMany: _, ...store } = memoryStore()
  return store
}

for (const [kind, open] of [
  ['a store that adds many at once', memoryStore],
  ['a store that adds one by one', slowStore],
] as const) {
  describe(`with ${kind}`, () => {
    test('each has a login of its own, as if it were provisioned alone', async () => {
      const fleet = makeFleet({ store: open() })
      const ids = Array.from({ length: 2_500 }, (_, i) => `P-${i}`)
      const outcomes = await fleet.provisionMany(
        pump,
        ids.map((id) => ({ id })),
      )
      assert.deepEqual(
        outcomes.map(({ id }) => id),
        ids,
      )
      const passwords = outcomes.map(({ device }) => device?.password)
      assert.equal(new Set(passwords).size, 2_500)
      const { password, ...rest } = outcomes[2_499]!.device!
      const { password: _, ...alone } = await makeFleet().provision(pump, 'P-2499')
      assert.deepEqual(rest, alone)
      const login = { username: 'pump/P-2499', password, clientId: 'pump/P-2499' }
      assert.equal((await fleet.authenticate(login)).effect, 'allow')
      const other = { ...login, password: passwords[0] }
      assert.equal((await fleet.authenticate(other)).effect, 'deny')
    })

    test('one that is refused keeps no other from being on record', async () => {
      const fleet = makeFleet({ store: open() })
      await fleet.provision(pump, 'there')
      await fleet.provision(pump, 'named', { username: 'mine' })
      const devices: readonly NewDevice[] = [
        { id: 'P-1' },
        { id: 'there' },
        { id: 'a/b' },
        { id: 'P-2', username: 'mine' },
        { id: 'P-3', username: 'weatherstation' },
        { id: 'P-1' },
        { id: 'P-4', passwordHash: 'no hash' },
        { id: 'P-5', attributes: { site: '+' } },
        { id: 'P-6', rules: [{ effect: 'allow', actions: ['publish'], filter: 'a/#/b' }] },
        { id: 'P-7', typo: 1 } as unknown as NewDevice,
        null as unknown as NewDevice,
        { id: 'P-8', attributes: { site: 'north' }, username: 'eight' },
      ]
      const outcomes = await fleet.provisionMany(pump, devices)
      assert.deepEqual(refusals(outcomes), [
        undefined,
        'ERR_DEVICE_EXISTS',
        'ERR_NAME_INVALID',
        'ERR_DEVICE_EXISTS',
        'ERR_NAME_INVALID',
        'ERR_DEVICE_EXISTS',
        'ERR_CONFIG',
        'ERR_NAME_INVALID',
        'ERR_TOPIC_INVALID',
        'ERR_CONFIG',
        'ERR_CONFIG',
        undefined,
      ])
      assert.deepEqual(
        outcomes.map(({ error }) => (error as { field?: unknown } | undefined)?.field),
        [
          undefined,
          'device id',
          'device id',
          'user name',
          'user name',
          'device id',
          undefined,
          'attribute site',
          undefined,
          undefined,
          undefined,
          undefined,
        ],
      )
      const { records } = await fleet.list()
      assert.deepEqual(records.map(({ id }) => id).sort(), ['P-1', 'P-8', 'named', 'there'])
      assert.equal((await fleet.store.findByUsername('eight'))?.attributes.site, 'north')
    })

    test('one that has a password keeps it', async () => {
      const fleet = makeFleet({ store: open() })
      const passwordHash = await hashPassword('correct horse')
      const [outcome] = await fleet.provisionMany(pump, [{ id: 'P-1', passwordHash }])
      assert.equal(outcome?.device && 'password' in outcome.device, false)
      const login = { username: 'pump/P-1', password: 'correct horse', clientId: 'pump/P-1' }
      assert.equal((await fleet.authenticate(login)).effect, 'allow')
    })

    test('its credential is called as is said, so that it is known again', async () => {
      const fleet = makeFleet({ store: open() })
      const passwordHash = await hashPassword('correct horse')
      const ids = ['import:1', `${'x'.repeat(63)}.`, 'import:3', '', 'x'.repeat(65), 'a b', 'ä', 1]
      const outcomes = await fleet.provisionMany(
        pump,
        ids.map((credentialId, i) => ({
          id: `P-${i}`,
          credentialId: credentialId as string,
          ...(i === 2 && { passwordHash }),
        })),
      )
      const codes = [
        ...ids.slice(0, 3).map(() => undefined),
        ...ids.slice(3).map(() => 'ERR_CONFIG'),
      ]
      assert.deepEqual(refusals(outcomes), codes)
      const { records } = await fleet.list()
      assert.deepEqual(
        records.map(({ id, credentials }) => [id, ...credentials.map((one) => one.id)]).sort(),
        ids.slice(0, 3).map((id, i) => [`P-${i}`, id]),
      )
    })

    test('one that is revoked is so from the first moment, until it is restored', async () => {
      const fleet = makeFleet({ store: open() })
      const devices = [true, false, 'yes' as unknown as boolean].map((revoked, i) => ({
        id: `P-${i}`,
        revoked,
      }))
      const outcomes = await fleet.provisionMany(pump, devices)
      assert.deepEqual(refusals(outcomes), [undefined, undefined, 'ERR_CONFIG'])
      const enter = async (i: number) => {
        const { username, password } = outcomes[i]!.device!
        return (await fleet.authenticate({ username, password, clientId: username })).effect
      }
      assert.deepEqual([await enter(0), await enter(1)], ['deny', 'allow'])
      await fleet.restore(pump, 'P-0')
      assert.equal(await enter(0), 'allow')
    })

    test('all are told, and one that cannot be told of is on record with its password', async () => {
      const fleet = makeFleet({ store: open() })
      const told: string[] = []
      fleet.onChange('broker', ({ id, kind }) => {
        told.push(`${kind} ${id}`)
        if (id === 'P-2') throw new Error('away')
      })
      const devices = ['P-1', 'P-2', 'P-3'].map((id) => ({ id }))
      const outcomes = await fleet.provisionMany(pump, devices)
      assert.deepEqual(told, ['provisioned P-1', 'provisioned P-2', 'provisioned P-3'])
      assert.deepEqual(refusals(outcomes), [undefined, 'ERR_CHANGE_INCOMPLETE', undefined])
      const { report } = outcomes[1]!.error as unknown as { report: { password: string } }
      const login = { username: 'pump/P-2', password: report.password, clientId: 'pump/P-2' }
      assert.equal((await fleet.authenticate(login)).effect, 'allow')
    })
  })
}

test('where the store fails those before it are on record, and nothing more is tried', async () => {
  const store = memoryStore()
  let calls = 0
  const failing: DeviceStore = {
    ...store,
    async insertMany(records) {
      if (++calls === 2) throw new Error('disk is full')
      return store.insertMany!(records)
    },
  }
  const fleet = makeFleet({ store: failing })
  const devices = Array.from({ length: 3_500 }, (_, i) => ({ id: `P-${i}` }))
  const outcomes = await fleet.provisionMany(pump, devices)
  assert.equal(calls, 2)
  assert.equal(outcomes.filter(({ device }) => device).length, 1_000)
  assert.equal(outcomes.filter(({ error }) => error?.message === 'disk is full').length, 2_500)
})

test('a type of another fleet and what is no list are refused', async () => {
  const fleet = makeFleet({ types: [pump] })
  const config = { name: 'ConfigError' }
  await assert.rejects(fleet.provisionMany(weatherStation, [{ id: 'S' }]), config)
  await assert.rejects(fleet.provisionMany(pump, { id: 'P' } as never), {
    ...config,
    key: 'devices',
  })
  assert.deepEqual(await fleet.provisionMany(pump, []), [])
})

test('the last state is that of the store', async () => {
  const fleet = makeFleet()
  await fleet.provision(pump, 'P-1')
  assert.equal(await fleet.lastState(pump, 'P-1'), undefined)
  await fleet.store.states!.write([{ type: 'pump', id: 'P-1', lastHeard: 7, status: 'online' }], 7)
  assert.deepEqual(await fleet.lastState(pump, 'P-1'), { lastHeard: 7, status: 'online' })
  assert.equal(await fleet.lastState(pump, 'P-2'), undefined)
  const config = { name: 'ConfigError' }
  await assert.rejects(makeFleet({ types: [weatherStation] }).lastState(pump, 'P-1'), config)
  const { states: _, ...store } = memoryStore()
  await assert.rejects(makeFleet({ store }).lastState(pump, 'P-1'), {
    ...config,
    key: 'store.states',
  })
})
