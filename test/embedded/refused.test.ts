/**
 * How the embedded broker refuses a login, by its reason and the client's protocol: what may succeed
 * later is never told as a wrong password.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_NATIVE_CHECKS, MAX_NATIVE_WAITING } from '../../src/credential/slow-check.ts'
import type { LoginDenial } from '../../src/index.ts'
import { type Login, openClient, openSite, pump, type Site } from './fixture.ts'

/** Of the password `correct horse`, with Mosquitto's default of 101 rounds. */
const QUICK =
  '$7$101$DV1ak50k7Yv2F900$CQdj4Ct4ReuhN8eDRLKqswT4qsq9oWhZtIdwbQKr/ggpeYcc6yvWlIyK2+gnk0ZXK7fFtoiUJvEEv2riHPqyJg=='
/** Of another one, and so slow to check that a login comes and goes meanwhile, on a busy machine too. */
const SLOW = `$scrypt$ln=15,r=8,p=4$${'A'.repeat(22)}$${'A'.repeat(43)}`
const PASSWORD = 'correct horse'
/** One more than run and wait. */
const CROWD = MAX_NATIVE_CHECKS + MAX_NATIVE_WAITING + 1

interface Row {
  /** Makes the login that is to be refused. */
  readonly prepare: (site: Site) => Login | Promise<Login>
  readonly reason: LoginDenial | 'store failing'
  /** The reason code of MQTT 5, and the return code of MQTT 3.1.1. */
  readonly answer: Readonly<Record<5 | 4, number>>
}

const rows: Readonly<Record<string, Row>> = {
  'a wrong password': {
    prepare: ({ p1 }) => ({ ...p1, password: 'guess' }),
    reason: 'password-wrong',
    answer: { 5: 0x86, 4: 4 },
  },
  'an unknown user name': {
    prepare: ({ p1 }) => ({ ...p1, username: 'pump/P-9' }),
    reason: 'principal-unknown',
    answer: { 5: 0x86, 4: 4 },
  },
  'a revoked device': {
    prepare: async ({ fleet, p1 }) => {
      await fleet.revoke(pump, 'P-1')
      return p1
    },
    reason: 'revoked',
    answer: { 5: 0x86, 4: 4 },
  },
  'the right password after ten wrong ones of others': {
    prepare: async ({ fleet }) => {
      await fleet.importDevice(pump, 'P-3', QUICK)
      for (let i = 0; i < 10; i++) {
        await fleet.authenticate({ username: 'pump/P-3', password: `guess ${i}` })
      }
      return { username: 'pump/P-3', password: PASSWORD }
    },
    reason: 'throttled',
    answer: { 5: 0x89, 4: 3 },
  },
  'a login that finds the slow checks taken': {
    prepare: async ({ fleet }) => {
      await fleet.importDevice(pump, 'P-3', SLOW)
      const ids = Array.from({ length: CROWD }, (_, i) => `C-${i}`)
      for (const id of ids) await fleet.importDevice(pump, id, SLOW)
      // All from one peer, since peers take turns.
      const peer = '127.0.0.1'
      for (const id of ids) {
        void fleet.authenticate({ username: `pump/${id}`, password: 'guess', peer })
      }
      return { username: 'pump/P-3', password: PASSWORD }
    },
    reason: 'busy',
    answer: { 5: 0x89, 4: 3 },
  },
  'a login while the store fails': {
    prepare: ({ fleet, p1 }) => {
      fleet.store.findByUsername = () => Promise.reject(new Error('disk full'))
      return p1
    },
    reason: 'store failing',
    answer: { 5: 0x88, 4: 3 },
  },
}

describe('a login is refused', () => {
  for (const [name, { prepare, reason, answer }] of Object.entries(rows)) {
    for (const protocolVersion of [5, 4] as const) {
      const code = answer[protocolVersion]
      const version = protocolVersion === 5 ? '5' : '3.1.1'
      const told = protocolVersion === 5 ? `0x${code.toString(16)}` : code
      test(`${name}: ${told} in MQTT ${version}`, async () => {
        await using site = await openSite()
        const login = await prepare(site)
        await assert.rejects(site.connect(login, { protocolVersion }), { code })
        const denied = site.denials.items.map((denial) => [denial.username, denial.code])
        const isDecided = reason !== 'store failing'
        assert.deepEqual(denied, isDecided ? [[login.username, reason]] : [])
        assert.match(site.log.lines.join(), isDecided ? /may not connect/ : /disk full/)
        assert.equal(site.broker.connections, 0)
        assert.equal(site.log.lines.join().includes(login.password), false)
      })
    }
  }

  test('over WebSocket with the same words', async () => {
    await using site = await openSite({ websocket: true })
    const { prepare, answer } = rows['the right password after ten wrong ones of others']!
    const login = await prepare(site)
    const url = site.broker.websocketUrl!
    for (const protocolVersion of [5, 4] as const) {
      const code = answer[protocolVersion]
      await assert.rejects(openClient(url, { ...login, protocolVersion }), { code })
    }
  })
})
