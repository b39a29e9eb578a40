/**
 * What a broker that keeps logins itself can be told: secrets by their sealed copies, and changes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { type DeviceRecord, defineDeviceType, hashPassword, memoryStore } from '../../src/index.ts'
import { HUB_PASSWORD, makeFleet, pump } from './fixture.ts'

const sealingKey = 'a sealing key of at least 32 bytes'

describe('openPassword', () => {
  test('tells the generated secret, and after a rotation the new one', async () => {
    const fleet = makeFleet({ sealingKey })
    const { password } = await fleet.provision(pump, 'P-1')
    assert.equal(await fleet.openPassword(pump, 'P-1'), password)
    const rotated = await fleet.rotate(pump, 'P-1', { overlap: 60 })
    assert.equal(await fleet.openPassword(pump, 'P-1'), rotated.password)
  })

  test('tells it in another process with the same store and key', async () => {
    const store = memoryStore()
    const { password } = await makeFleet({ store, sealingKey }).provision(pump, 'P-1')
    assert.equal(await makeFleet({ store, sealingKey }).openPassword(pump, 'P-1'), password)
  })

  test('the record does not hold the secret', async () => {
    const fleet = makeFleet({ sealingKey })
    const { password } = await fleet.provision(pump, 'P-1')
    const text = JSON.stringify(await fleet.store.get('pump', 'P-1'))
    assert.match(text, /\$dh-aes256-gcm\$/)
    assert.ok(!text.includes(password))
  })

  test('tells nothing of what was never sealed', async () => {
    const store = memoryStore()
    await makeFleet({ store }).provision(pump, 'unsealed')
    const fleet = makeFleet({ store, sealingKey })
    await fleet.importDevice(pump, 'imported', await hashPassword('correct horse'))
    for (const id of ['unsealed', 'imported']) {
      assert.equal(await fleet.openPassword(pump, id), undefined)
    }
    assert.ok(!JSON.stringify((await store.list()).records).includes('"sealed"'))
    const { password } = await fleet.rotate(pump, 'unsealed')
    assert.equal(await fleet.openPassword(pump, 'unsealed'), password)
  })

  for (const [how, other] of [
    ['under another key', `${sealingKey}.`],
    ['without a key', undefined],
  ] as const) {
    test(`is refused ${how}, and the login still works`, async () => {
      const store = memoryStore()
      const login = await makeFleet({ store, sealingKey }).provision(pump, 'P-1')
      const fleet = makeFleet({ store, sealingKey: other })
      await assert.rejects(fleet.openPassword(pump, 'P-1'), (error: Error & { code?: string }) => {
        assert.equal(error.name, 'SealedPasswordError')
        assert.equal(error.code, 'ERR_PASSWORD_SEALED')
        assert.ok(!error.message.includes(login.password))
        return true
      })
      assert.equal((await fleet.authenticate(login)).effect, 'allow')
    })
  }

  test('is refused for a sealed text that was moved from another device', async () => {
    const store = memoryStore()
    const fleet = makeFleet({ store, sealingKey })
    await fleet.provision(pump, 'P-1')
    await fleet.provision(pump, 'P-2')
    const [from, to] = [(await store.get('pump', 'P-1'))!, (await store.get('pump', 'P-2'))!]
    await store.update({ ...to, credentials: from.credentials, revision: 2 })
    await assert.rejects(fleet.openPassword(pump, 'P-2'), {
      name: 'SealedPasswordError',
      id: 'P-2',
    })
  })

  test('is refused for a device that is unknown or revoked', async () => {
    const fleet = makeFleet({ sealingKey })
    await assert.rejects(fleet.openPassword(pump, 'P-1'), { name: 'DeviceUnknownError' })
    await fleet.provision(pump, 'P-1')
    await fleet.revoke(pump, 'P-1')
    await assert.rejects(fleet.openPassword(pump, 'P-1'), { name: 'DeviceRevokedError' })
  })

  test('is refused for a type that is not of this fleet, though it has the name of one', async () => {
    const fleet = makeFleet({ sealingKey })
    await fleet.provision(pump, 'P-1')
    const stranger = defineDeviceType('pump', { data: v.unknown() })
    await assert.rejects(fleet.openPassword(stranger, 'P-1'), { name: 'ConfigError', key: 'types' })
  })

  test('is none of a device without a password that is good', async () => {
    const store = memoryStore()
    const fleet = makeFleet({ sealingKey, store })
    await fleet.provision(pump, 'P-1')
    await store.update({ ...(await store.get('pump', 'P-1'))!, credentials: [], revision: 2 })
    assert.equal(await fleet.openPassword(pump, 'P-1'), undefined)
  })

  test('is refused a short key when the fleet is made', () => {
    assert.throws(() => makeFleet({ sealingKey: 'short' }), { name: 'ConfigError' })
  })
})

describe('brokerLogin', () => {
  test('says who logs in, and by which password', async () => {
    const fleet = makeFleet({ sealingKey })
    const { username, password } = await fleet.provision(pump, 'P-1', { username: 'north-1' })
    const record = (await fleet.store.get('pump', 'P-1'))!
    const login = fleet.brokerAccount(record)!
    assert.deepEqual(login.principal, await fleet.findPrincipal(username))
    assert.equal(login.credentialId, record.credentials[0]?.id)
    assert.equal(login.hash, record.credentials[0]?.hash)
    assert.equal(await login.openPassword(), password)
  })

  for (const [who, change] of [
    ['a revoked device', { revoked: true }],
    ['one without a password', { credentials: [] }],
    ['one of a type that is not of this fleet', { type: 'valve' }],
    ['one whose id could change a topic’s shape', { id: '+' }],
    ['one with the name of a token', { username: 'token:x' }],
    ['one with the name of a service account', { username: 'hub' }],
    ['one with a rule that cannot be read', { rules: [{}] }],
  ] as const) {
    test(`knows no login of ${who}`, async () => {
      const fleet = makeFleet({ sealingKey })
      await fleet.provision(pump, 'P-1')
      const record = (await fleet.store.get('pump', 'P-1'))!
      assert.equal(fleet.brokerAccount({ ...record, ...change } as DeviceRecord), undefined)
    })
  }

  test('tells the service accounts, and a password that was declared in the clear', async () => {
    const passwordHash = await hashPassword('correct horse')
    const services = [
      { username: 'hub', password: HUB_PASSWORD, rules: 'hub' },
      { username: 'dashboard', passwordHash, rules: [] },
    ] as const
    const [hub, dashboard] = makeFleet({ sealingKey, services }).serviceAccounts()
    assert.equal(hub?.principal.username, 'hub')
    assert.equal(await hub?.openPassword(), HUB_PASSWORD)
    assert.equal(await dashboard?.openPassword(), undefined)
    assert.equal(dashboard?.hash, passwordHash)
    const [same] = makeFleet({ sealingKey, services }).serviceAccounts()
    assert.equal(same?.credentialId, hub?.credentialId)
    const changed = [{ ...services[0], password: `${HUB_PASSWORD}.` }]
    const [other] = makeFleet({ sealingKey, services: changed }).serviceAccounts()
    assert.notEqual(other?.credentialId, hub?.credentialId)
    assert.equal(await makeFleet({ services }).serviceAccounts()[0]?.openPassword(), undefined)
  })

  test('marks the password of a service account, or its hash where there is no more', async () => {
    const marks = (secret: { password: string } | { passwordHash: string }, pepper?: string) => {
      const services = [{ username: 'hub', rules: 'hub', ...secret }] as const
      const fleet = makeFleet({ sealingKey, services, ...(pepper && { pepper }) })
      return fleet.serviceAccounts().map(({ credentialId }) => credentialId)
    }
    const [one, other] = [await hashPassword('correct horse'), await hashPassword('correct horse')]
    assert.notDeepEqual(marks({ passwordHash: one }), marks({ passwordHash: other }))
    // Its hash is another one under another pepper, and its password is not.
    const peppers = ['a pepper of more than 16 bytes', 'another pepper of more bytes']
    const [under, underOther] = peppers.map((each) => marks({ password: HUB_PASSWORD }, each))
    assert.deepEqual(under, underOther)
    assert.match(under![0]!, /^[0-9a-f]{32}$/)
  })

  test('marks none without a sealing key', () => {
    const [hub] = makeFleet().serviceAccounts()
    assert.equal(hub?.credentialId, 'service')
  })
})
