/**
 * A wall clock that is set back or on changes no duration: what another process has changed counts
 * after `rulesLifetime`, and a token ends when the wall clock says so.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, memoryKeys, memoryStore } from '../../src/index.ts'
import { Clocks } from '../support/clocks.ts'
import { weatherStation } from './fixture.ts'

const HOUR = 3_600_000
const LIFETIME = 10

/** Two processes on one store. */
function site() {
  const shared = { types: [weatherStation], store: memoryStore(), pepper: 'a pepper of 16 bytes' }
  return {
    here: createFleet({ ...shared, keys: memoryKeys(), rulesLifetime: LIFETIME }),
    elsewhere: createFleet(shared),
  }
}

for (const [jump, ms] of [
  ['set back by an hour', -HOUR],
  ['set on by an hour', HOUR],
  ['left alone', 0],
] as const) {
  describe(`with the wall clock ${jump}`, () => {
    test('a device that another process revokes keeps its rights for the lifetime, and no longer', async () => {
      using clocks = new Clocks()
      const { here, elsewhere } = site()
      const { username, topics } = await here.provision(weatherStation, 'S-1')
      const request = { username, action: 'publish', topic: topics.data } as const
      const rights = async () => ({
        effect: (await here.authorize(request)).effect,
        isActive: await here.isActive({ type: 'weatherstation', id: 'S-1' }),
      })
      assert.deepEqual(await rights(), { effect: 'allow', isActive: true })
      await elsewhere.revoke(weatherStation, 'S-1')
      clocks.setWall(ms)
      clocks.pass(LIFETIME * 1_000 - 1)
      assert.deepEqual(await rights(), { effect: 'allow', isActive: true })
      clocks.pass(1)
      assert.deepEqual(await rights(), { effect: 'deny', isActive: false })
    })

    test('the holder of a token has its rights until the wall clock says it ends', async () => {
      using clocks = new Clocks()
      const { here } = site()
      const { username, password, expiresAt } = await here.issueToken({
        rules: [{ effect: 'allow', actions: ['publish'], filter: 'a' }],
        expiresIn: 7_200,
      })
      assert.equal((await here.authenticate({ username, password })).effect, 'allow')
      const decide = async () =>
        (await here.authorize({ username, action: 'publish', topic: 'a' })).effect
      assert.equal(await decide(), 'allow')
      clocks.setWall(ms)
      clocks.setWall(expiresAt - 1 - Date.now())
      assert.equal(await decide(), 'allow')
      clocks.setWall(1)
      assert.equal(await decide(), 'deny')
    })
  })
}
