/**
 * A document that a real Mosquitto starts with.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { dynamicSecurity, dynamicSecurityDocument } from '../../adapters/mosquitto/index.ts'
import { hashPassword } from '../../src/index.ts'
import {
  ADMIN,
  type DynsecSite,
  dynsecSiteMissing,
  startDynsecSite,
} from '../support/dynsec-site.ts'
import {
  admin,
  declareTable,
  HUB,
  makeFleet,
  mayConnect,
  pump,
  quietLogger,
  type TableSite,
  valve,
} from './site.ts'

/** What `mosquitto_passwd` of Mosquitto 2.0 made of `correct horse`. */
const MOSQUITTO_HASH =
  '$7$101$DV1ak50k7Yv2F900$CQdj4Ct4ReuhN8eDRLKqswT4qsq9oWhZtIdwbQKr/ggpeYcc6yvWlIyK2+gnk0ZXK7fFtoiUJvEEv2riHPqyJg=='

describe('a document', { skip: dynsecSiteMissing, timeout: 60_000 }, () => {
  let site: DynsecSite
  let tableSite: TableSite
  const fleet = makeFleet({ pepper: 'a pepper of more than 16 bytes', rehash: true })

  before(async () => {
    const login = await fleet.provision(pump, 'P-1')
    const other = await fleet.provision(valve, 'V-1', { attributes: { site: 'north' } })
    const revoked = await fleet.provision(pump, 'P-2')
    await fleet.revoke(pump, 'P-2')
    await fleet.importDevice(pump, 'P-3', MOSQUITTO_HASH)
    await fleet.importDevice(pump, 'P-4', await hashPassword('correct horse'))
    await fleet.importDevice(pump, 'P-5', MOSQUITTO_HASH)
    const rehashed = { username: 'pump/P-5', password: 'correct horse' }
    assert.equal((await fleet.authenticate(rehashed)).effect, 'allow')
    const { output, findings } = await dynamicSecurityDocument(fleet, { admin: ADMIN })
    assert.deepEqual(
      findings.map(({ username, code }) => ({ username, code })),
      [{ username: 'pump/P-4', code: 'password-unknown' }],
    )
    for (const { password } of [login, other, revoked, HUB, ADMIN]) {
      assert.ok(!output.includes(password))
    }
    site = await startDynsecSite(output)
    tableSite = { url: site.url, pump: login, valve: other, revoked }
  })
  after(() => site?.stop())

  declareTable(() => tableSite)

  test('has a password that came from Mosquitto', async () => {
    const login = { username: 'pump/P-3', password: 'correct horse' }
    assert.equal(await mayConnect(site.url, login), true)
    assert.equal(await mayConnect(site.url, { ...login, password: 'wrong' }), false)
    assert.equal(await mayConnect(site.url, { ...login, username: 'pump/P-4' }), false)
  })

  test('has one that was hashed anew, by its sealed copy', async () => {
    const login = { username: 'pump/P-5', password: 'correct horse' }
    assert.equal(await mayConnect(site.url, login), true)
    assert.equal(await mayConnect(site.url, { ...login, password: 'wrong' }), false)
  })

  test('leaves nothing to be told, and can be followed from there', async () => {
    // Hashed anew since: the client was told that password, and keeps it.
    const login = { username: 'pump/P-3', password: 'correct horse' }
    assert.equal((await fleet.authenticate(login)).effect, 'allow')
    const options = { broker: admin(site.url), logger: quietLogger() }
    const security = dynamicSecurity(fleet, options)
    const { unchanged, findings, ...rest } = await security.start()
    assert.equal(unchanged, 7)
    assert.equal(findings.length, 1)
    assert.deepEqual(rest, {
      created: 0,
      updated: 0,
      disabled: 0,
      removed: 0,
      closedDefaults: false,
    })
    assert.equal(await mayConnect(site.url, login), true)
    await fleet.revoke(pump, 'P-3')
    assert.equal(await mayConnect(site.url, login), false)
    await security.close()
  })
})

describe('a document is refused', () => {
  for (const [given, error] of [
    [
      { username: 'admin', password: 'short' },
      { name: 'ConfigError', key: 'admin.password' },
    ],
    [
      { ...ADMIN, username: 'hub' },
      { name: 'ConfigError', key: 'admin.username' },
    ],
    [{ ...ADMIN, username: 'pump/P-1' }, { name: 'InvalidNameError' }],
    [{ ...ADMIN, username: '' }, { name: 'InvalidNameError' }],
  ] as const) {
    test(`with the administrator ${JSON.stringify(given)}`, async () => {
      await assert.rejects(dynamicSecurityDocument(makeFleet(), { admin: given }), error)
    })
  }
})
