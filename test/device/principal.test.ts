/**
 * A device as a principal, where there is no fleet.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryStore } from '../../src/device/memory-store.ts'
import { devicePrincipal } from '../../src/device/principal.ts'
import { createFleet } from '../../src/fleet/create.ts'
import { allow, pump } from '../rule/fixture.ts'

describe('devicePrincipal', () => {
  test('is what the fleet has on record, with everything given at provisioning', async () => {
    const fleet = createFleet({ types: [pump], store: memoryStore(), prefix: 'site' })
    const more = {
      username: 'old-name',
      attributes: { hall: 'H-1' },
      rules: [allow('publish', '{hall}/a')],
    }
    await fleet.provision(pump, 'P-1', more)
    assert.deepEqual(
      devicePrincipal(pump, 'P-1', { prefix: 'site', ...more }),
      await fleet.findPrincipal('old-name'),
    )
  })

  const refused: [string, () => unknown, string][] = [
    ['an id that is a wildcard', () => devicePrincipal(pump, '+'), 'ERR_NAME_INVALID'],
    ['an id of two levels', () => devicePrincipal(pump, 'a/b'), 'ERR_NAME_INVALID'],
    ['a prefix of "$"', () => devicePrincipal(pump, 'a', { prefix: '$' }), 'ERR_NAME_INVALID'],
    [
      'a user name with "#"',
      () => devicePrincipal(pump, 'a', { username: '#' }),
      'ERR_NAME_INVALID',
    ],
    [
      'an attribute that is a wildcard',
      () => devicePrincipal(pump, 'a', { attributes: { hall: '#' } }),
      'ERR_NAME_INVALID',
    ],
    [
      'an attribute named as a placeholder of its own',
      () => devicePrincipal(pump, 'a', { attributes: { deviceId: 'b' } }),
      'ERR_CONFIG',
    ],
    [
      'a rule with a malformed filter',
      () => devicePrincipal(pump, 'a', { rules: [allow('publish', 'a/#/b')] }),
      'ERR_TOPIC_INVALID',
    ],
  ]
  for (const [title, make, code] of refused) {
    test(`refuses ${title}`, () => assert.throws(make, { code }))
  }
})
