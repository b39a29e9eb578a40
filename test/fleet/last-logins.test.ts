/**
 * The last login of each device: what is written of it, and when.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { quietLog } from '../../src/base/quiet-log.ts'
import { LastLogins } from '../../src/fleet/last-logins.ts'
import {
  type DeviceLogin,
  type DeviceRecord,
  type DeviceStore,
  type Fleet,
  memoryStore,
} from '../../src/index.ts'
import { virtualClock } from '../../src/testing/clock.ts'
import { record } from '../../src/testing/store/record.ts'
import { MORE, PASSWORD } from '../credential/fixture.ts'
import { makeFleet, pump } from './fixture.ts'

const pepper = 'a pepper of more than 16 bytes'

type WriteLogins = NonNullable<DeviceStore['states']>['writeLogins']

/** A store that keeps what logins it was given, and may do something else with them. */
function storeOf(write?: WriteLogins) {
  const store = memoryStore()
  const batches: (readonly DeviceLogin[])[] = []
  const states: NonNullable<DeviceStore['states']> = {
    ...store.states!,
    async writeLogins(logins, now) {
      batches.push(logins)
      return write ? write(logins, now) : store.states!.writeLogins(logins, now)
    },
  }
  return { store: { ...store, states } satisfies DeviceStore, batches }
}

async function login(fleet: Fleet, id: string, password: string): Promise<string> {
  const outcome = await fleet.authenticate({ username: `pump/${id}`, password })
  return outcome.effect
}

const lastLogin = async (fleet: Fleet, id = 'P-1') => (await fleet.lastState(pump, id))?.lastLogin

describe('the last login', () => {
  test('is written a second later, and again only if it is another or a minute later', async () => {
    using clock = virtualClock()
    const { store, batches } = storeOf()
    const fleet = makeFleet({ store, pepper })
    const { password } = await fleet.provision(pump, 'P-1')
    const { id } = (await store.get('pump', 'P-1'))!.credentials[0]!
    const first = clock.now
    assert.equal(await login(fleet, 'P-1', password), 'allow')
    assert.equal(await lastLogin(fleet), undefined)
    await clock.advance(0.5)
    assert.equal(await login(fleet, 'P-1', password), 'allow')
    assert.deepEqual(batches, [])
    await clock.advance(0.5)
    const written = { at: first, credentialId: id }
    assert.deepEqual(await lastLogin(fleet), written)
    await clock.advance(58.999)
    assert.equal(await login(fleet, 'P-1', password), 'allow')
    await clock.advance(2)
    assert.deepEqual(await lastLogin(fleet), written)
    assert.equal(batches.length, 1)
    const later = clock.now
    assert.equal(await login(fleet, 'P-1', password), 'allow')
    await clock.advance(1)
    assert.deepEqual(await lastLogin(fleet), { at: later, credentialId: id })
    assert.equal(batches.length, 2)
  })

  test('tells which of several passwords is still in use', async () => {
    using clock = virtualClock()
    const store = memoryStore()
    const fleet = makeFleet({ store, pepper })
    const [chosen, given] = [MORE[3]![1], PASSWORD]
    await fleet.importDevice(pump, 'P-1', chosen)
    const passwords = [
      given,
      (await fleet.rotate(pump, 'P-1', { overlap: 86_400 })).password,
      (await fleet.rotate(pump, 'P-1', { overlap: 86_400 })).password,
    ]
    const { credentials } = (await store.get('pump', 'P-1'))!
    for (const i of [0, 1, 2, 1, 0, 2, 2]) {
      assert.equal(await login(fleet, 'P-1', passwords[i]!), 'allow')
      await clock.advance(1)
      assert.equal((await lastLogin(fleet))?.credentialId, credentials[i]!.id, `${i}`)
    }
  })

  test('is none of whoever was refused', async () => {
    using clock = virtualClock()
    const { store, batches } = storeOf()
    const fleet = makeFleet({ store, pepper })
    await fleet.provision(pump, 'P-1')
    const revoked = await fleet.provision(pump, 'P-2')
    await fleet.revoke(pump, 'P-2')
    assert.equal(await login(fleet, 'P-1', 'wrong'), 'deny')
    assert.equal(await login(fleet, 'P-2', revoked.password), 'deny')
    assert.equal(await login(fleet, 'nobody', 'wrong'), 'deny')
    await clock.advance(60)
    assert.deepEqual(batches, [])
  })

  test('is not known where the store keeps no states', async () => {
    const { states: _, ...store } = memoryStore()
    const fleet = makeFleet({ store, pepper })
    const { password } = await fleet.provision(pump, 'P-1')
    assert.equal(await login(fleet, 'P-1', password), 'allow')
  })

  test('keeps no login waiting, whatever the store does', async () => {
    using clock = virtualClock()
    const { store, batches } = storeOf(() => new Promise(() => {}))
    const fleet = makeFleet({ store, pepper })
    const { password } = await fleet.provision(pump, 'P-1')
    for (let i = 0; i < 5; i++) {
      assert.equal(await login(fleet, 'P-1', password), 'allow')
      await clock.advance(1)
    }
    assert.equal(batches.length, 1)
  })

  test('is written once the store is well again, and the log says that it was not', async () => {
    using clock = virtualClock()
    let isWell = false
    const kept = memoryStore()
    const { store, batches } = storeOf((logins, now) =>
      isWell ? kept.states!.writeLogins(logins, now) : Promise.reject(new Error('read only')),
    )
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    const fleet = makeFleet({ store, pepper, logger: { info: write, warn: write, error: write } })
    for (const id of ['P-1', 'P-2']) {
      const { password } = await fleet.provision(pump, id)
      assert.equal(await login(fleet, id, password), 'allow')
      await clock.advance(1)
    }
    const line = 'Writing the last logins of devices failed: Error: read only'
    assert.deepEqual(new Set(lines), new Set([line]))
    isWell = true
    await clock.advance(60)
    assert.deepEqual(
      batches
        .at(-1)
        ?.map(({ id }) => id)
        .sort(),
      ['P-1', 'P-2'],
    )
  })
})

describe('of very many logins', () => {
  const of = (i: number): DeviceRecord => record('pump', `P-${i}`)

  test('a thousand are written at once', async () => {
    using clock = virtualClock()
    const { store, batches } = storeOf()
    const logins = new LastLogins(store.states, quietLog(console))
    for (let i = 0; i < 2_500; i++) logins.note(of(i), 'c-1', clock.now)
    await clock.advance(2)
    assert.deepEqual(
      batches.map(({ length }) => length),
      [1_000, 1_000, 500],
    )
  })

  test('those of 100,000 devices wait, the last ones, and the log says how many do not', async () => {
    using clock = virtualClock()
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    const { store, batches } = storeOf(async () => {})
    const log = quietLog({ info: write, warn: write, error: write })
    const logins = new LastLogins(store.states, log)
    for (let i = 0; i < 100_010; i++) logins.note(of(i), 'c-1', clock.now)
    await clock.advance(2)
    assert.deepEqual(lines, ['The last logins of 10 devices are not kept'])
    assert.equal(batches.flat().length, 100_000)
    assert.equal(batches[0]![0]!.id, 'P-10')
  })
})
