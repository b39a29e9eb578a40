/**
 * Many wrong passwords at once, where each takes long to check: others get in all the same.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_NATIVE_CHECKS, MAX_NATIVE_WAITING } from '../../src/credential/slow-check.ts'
import { hashPassword, type LoginDenial } from '../../src/index.ts'
import { DJANGO, PASSWORD } from '../credential/fixture.ts'
import { makeFleet, pump } from './fixture.ts'

describe('a flood of wrong passwords', () => {
  const room = MAX_NATIVE_CHECKS + MAX_NATIVE_WAITING
  const rows: [
    title: string,
    wrongLogin: (i: number) => string,
    tally: Readonly<Partial<Record<LoginDenial, number>>>,
  ][] = [
    [
      'of devices with slow ones is refused as busy beyond a bound',
      (i) => `pump/F-${i}`,
      { 'password-wrong': room, busy: 30 - room },
    ],
    [
      'of one of them is throttled',
      () => 'pump/F-0',
      // One was wrong before.
      { 'password-wrong': 9, throttled: 21 },
    ],
    [
      'of devices that do not exist waits, and stands in nobody’s way',
      (i) => `pump/nobody-${i}`,
      { 'principal-unknown': 30 },
    ],
  ]
  for (const [title, wrongLogin, expected] of rows) {
    test(`${title}, and generated secrets go ahead of it`, async () => {
      const flooded = makeFleet()
      for (let i = 0; i < 30; i++) await flooded.importDevice(pump, `F-${i}`, DJANGO)
      const { username, password } = await flooded.provision(pump, 'generated')
      await flooded.authenticate({ username: 'pump/F-0', password: 'first' })
      const order: string[] = []
      const tally: Partial<Record<LoginDenial, number>> = {}
      const attempts = Array.from({ length: 30 }, async (_, i) => {
        const login = { username: wrongLogin(i), password: `guess ${i}` }
        const outcome = await flooded.authenticate(login)
        assert.ok(outcome.effect === 'deny')
        tally[outcome.code] = (tally[outcome.code] ?? 0) + 1
        order.push(outcome.code === 'busy' || outcome.code === 'throttled' ? 'refused' : 'denied')
      })
      assert.equal((await flooded.authenticate({ username, password })).effect, 'allow')
      order.push('allowed')
      await Promise.all(attempts)
      assert.deepEqual(tally, expected)
      assert.ok(order.indexOf('allowed') < order.indexOf('denied'), order.join())
    })
  }

  test('of devices that do not exist lets all those on record in', async () => {
    const flooded = makeFleet({
      services: [{ username: 'robot', passwordHash: await hashPassword(PASSWORD), rules: 'hub' }],
    })
    const names = Array.from({ length: room - 1 }, (_, i) => `F-${i}`)
    for (const name of names) await flooded.importDevice(pump, name, DJANGO)
    for (const username of ['robot', 'pump/F-0']) {
      await flooded.authenticate({ username, password: 'first' })
    }
    const login = (username: string, password: string) =>
      flooded.authenticate({ username, password })
    const strangers = Array.from({ length: 1_000 }, (_, i) => login(`pump/nobody-${i}`, PASSWORD))
    // All of them are waiting by then.
    await new Promise((resolve) => setTimeout(resolve, 0))
    const rightful = ['robot', ...names.map((name) => `pump/${name}`)].map((username) => {
      return login(username, PASSWORD)
    })
    for (const { effect } of await Promise.all(rightful)) assert.equal(effect, 'allow')
    for (const { effect } of await Promise.all(strangers)) assert.equal(effect, 'deny')
  })
})
