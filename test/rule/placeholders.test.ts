/**
 * Placeholders in rules: what they stand for, and what a missing or hostile value comes to.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/rule/decide.ts'
import { type Principal, withClientId } from '../../src/rule/principal.ts'
import { allow, deny, principal, station } from './fixture.ts'

const effect = (who: Principal, action: 'publish' | 'subscribe', topic: string) =>
  decide(who, { action, topic, qos: 0, retain: false }).effect

describe('a placeholder with a value is that value', () => {
  const rows: [filter: string, granted: string, denied: string[]][] = [
    ['x/{deviceId}', 'x/STATION-001', ['x/STATION-002', 'x/{deviceId}', 'x/+', 'x/']],
    ['x/{type}', 'x/weatherstation', ['x/pump', 'x/#']],
    ['{prefix}/x', 'things/x', ['other/x', '+/x']],
    [
      'x/{username}',
      'x/weatherstation/STATION-001',
      ['x/weatherstation', 'x/STATION-001', 'x/+/+'],
    ],
    ['x/{username}/y', 'x/weatherstation/STATION-001/y', ['x/y', 'x/+/y', 'x/weatherstation/y']],
    ['x/{site}/#', 'x/north/a', ['x/south/a', 'x/#', 'x/{site}/a']],
    ['{site}/{deviceId}', 'north/STATION-001', ['north/STATION-002', 'STATION-001/north']],
  ]
  for (const [filter, granted, denied] of rows) {
    const who = station([allow('subscribe', filter)], { site: 'north' })
    test(`${filter} grants ${granted}`, () => {
      assert.equal(effect(who, 'subscribe', granted), 'allow')
    })
    for (const topic of denied) {
      test(`${filter} does not grant ${topic}`, () => {
        assert.equal(effect(who, 'subscribe', topic), 'deny')
      })
    }
  }

  test('and nothing in it is a placeholder again', () => {
    const who = principal([allow('both', 'x/{a}')], { a: '{b}', b: 'secret' })
    assert.equal(effect(who, 'publish', 'x/{b}'), 'allow')
    assert.equal(effect(who, 'publish', 'x/secret'), 'deny')
  })
})

describe('a placeholder without a value', () => {
  for (const filter of [
    'x/{site}',
    '{site}/#',
    'x/{clientId}/y',
    'x/{toString}',
    'x/{__proto__}',
  ]) {
    test(`keeps an allow of ${filter} from granting anything`, () => {
      const who = station([allow('both', filter)])
      for (const topic of ['x/a', 'x/undefined', filter.replace('#', 'a'), 'x/', 'x/y', 'x/a/y']) {
        assert.equal(effect(who, 'publish', topic), 'deny', topic)
        assert.equal(effect(who, 'subscribe', topic), 'deny', topic)
      }
    })
  }

  const rows: [filter: string, stopped: string[], left: string[]][] = [
    ['x/{site}', ['x/a', 'x/', 'x/{site}', 'x/+', '#'], ['x', 'x/a/b', 'y/a']],
    ['{site}/x', ['a/x', '/x', '+/x'], ['a/y', 'a/x/y', '$SYS/x']],
    // A user name may have two levels, and a client id that is made of one even more.
    ['x/{clientId}/#', ['x/a', 'x/a/b/c', 'x/+/b'], ['y', 'y/a']],
    ['x/{clientId}/y', ['x/a/y', 'x/pump/P-1//b/y', 'x/+/+/y'], ['y/a', 'z/x/y']],
    ['x/{username}', ['x/a', 'x/pump/P-1', 'x/+/P-1', 'x/#'], ['y/a', 'y']],
    ['x/{username}/y', ['x/a/y', 'x/pump/P-1/y', 'x/+/+/y'], ['y/a', 'z/x/y']],
  ]
  for (const [filter, stopped, left] of rows) {
    const who = principal([allow('both', '#'), allow('both', '$SYS/#'), deny('both', filter)])
    test(`makes a deny of ${filter} stop ${stopped.join('  ')}`, () => {
      for (const topic of stopped) assert.equal(effect(who, 'subscribe', topic), 'deny', topic)
    })
    test(`does not make a deny of ${filter} stop ${left.join('  ')}`, () => {
      for (const topic of left) assert.equal(effect(who, 'subscribe', topic), 'allow', topic)
    })
  }
})

describe('{clientId} is the client’s own word', () => {
  const rules = [
    allow('both', 'own/{clientId}/#'),
    allow('both', 'all/#'),
    deny('both', 'all/{clientId}'),
  ]
  const under = (clientId: string | undefined) => withClientId(station(rules), clientId)

  for (const clientId of [
    'c-1',
    'client 1',
    'é😀',
    '{deviceId}',
    '__proto__',
    'a$b',
    'undefined',
  ]) {
    test(`${JSON.stringify(clientId)} stands for itself`, () => {
      const who = under(clientId)
      assert.equal(effect(who, 'publish', `own/${clientId}/a`), 'allow')
      assert.equal(effect(who, 'subscribe', `own/${clientId}/#`), 'allow')
      assert.equal(effect(who, 'publish', 'all/somebody-else'), 'allow')
      assert.equal(effect(who, 'publish', 'own/somebody-else/a'), 'deny')
      assert.equal(effect(who, 'subscribe', 'own/+/a'), 'deny')
      assert.equal(effect(who, 'publish', `all/${clientId}`), 'deny')
      assert.equal(effect(who, 'subscribe', 'all/+'), 'deny')
    })
  }

  const hostile: [title: string, clientId: string | undefined][] = [
    ['nothing', undefined],
    ['an empty one', ''],
    ['a "+"', '+'],
    ['a "#"', '#'],
    ['one with a wildcard in it', 'a+'],
    ['one that takes two levels', 'a/b'],
    ['one that climbs', '../a'],
    ['a slash', '/'],
    ['one that begins with "$"', '$SYS'],
    ['one with NUL', 'a\0'],
    ['one with a line break', 'a\nb'],
    ['a lone surrogate', '\ud83d'],
    ['one of 129 characters', 'a'.repeat(129)],
    ['a million characters', 'a'.repeat(1_000_000)],
  ]
  for (const [title, clientId] of hostile) {
    test(`${title} gives no value: the allow grants nothing, the deny stops all`, () => {
      const who = under(clientId)
      for (const topic of [`own/${clientId}/a`, 'own/a/b', 'own/b', 'own//a', 'own/x/y']) {
        assert.equal(effect(who, 'publish', topic), 'deny', topic.slice(0, 40))
        assert.equal(effect(who, 'subscribe', topic), 'deny', topic.slice(0, 40))
      }
      assert.equal(effect(who, 'publish', 'all/anybody'), 'deny')
      assert.equal(effect(who, 'publish', 'all/a/b'), 'deny')
      assert.equal(effect(who, 'publish', 'else'), 'deny')
      assert.equal(effect(under('c-1'), 'publish', 'all/a/b'), 'allow')
    })
  }

  const made: [clientId: string, value: string][] = [
    ['weatherstation/STATION-001', 'weatherstation/STATION-001'],
    ['weatherstation/STATION-001//b', 'weatherstation/STATION-001//b'],
    // As a broker has it that joined the user name and what the client brought.
    ['weatherstation/STATION-001///c-1', 'c-1'],
    ['weatherstation/STATION-001///weatherstation/STATION-001', 'weatherstation/STATION-001'],
    ['weatherstation/STATION-001///weatherstation/STATION-001//b', 'weatherstation/STATION-001//b'],
  ]
  for (const [clientId, value] of made) {
    test(`${clientId} stands for ${value}`, () => {
      const who = under(clientId)
      assert.equal(who.attributes.clientId, value)
      assert.equal(effect(who, 'publish', `own/${value}/a`), 'allow')
      assert.equal(effect(who, 'publish', 'own/weatherstation/STATION-002/a'), 'deny')
      assert.equal(effect(who, 'subscribe', 'own/+/#'), 'deny')
      assert.equal(effect(who, 'publish', `all/${value}`), 'deny')
      assert.equal(effect(who, 'publish', 'all/somebody-else'), 'allow')
    })
  }

  const others: string[] = [
    'weatherstation/STATION-002',
    'weatherstation/STATION-002//b',
    'weatherstation/STATION-001/b',
    'weatherstation/STATION-001//',
    'weatherstation/STATION-001//a/b',
    'weatherstation/STATION-001//+',
    'weatherstation/STATION-001///',
    'weatherstation/STATION-001///a/b',
    'weatherstation/STATION-001///#',
    'weatherstation/STATION-001///weatherstation/STATION-002',
    '//b',
    '///b',
  ]
  for (const clientId of others) {
    test(`${clientId} gives no value`, () => {
      assert.equal(under(clientId).attributes.clientId, undefined)
    })
  }

  test('a client id changes nothing in the principal it was given', () => {
    const before = station(rules)
    const attributes = { ...before.attributes }
    assert.equal(withClientId(before, 'c-1').attributes.clientId, 'c-1')
    assert.deepEqual(before.attributes, attributes)
  })
})
