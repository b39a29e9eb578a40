/**
 * The answer to a login at EMQX, worked out once for all devices of a type, against one that is
 * worked out for each device alone: the same text, whatever the rules and values.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { loginAnswer } from '../../../src/product/emqx/login-answer.ts'
import type { Principal } from '../../../src/rule/principal.ts'
import type { AccessRule } from '../../../src/rule/rule.ts'
import { allow, deny } from '../../rule/fixture.ts'
import { ruleSet } from '../rules/arbitrary.ts'

/** What tells one device from another. */
interface Own {
  readonly id: string
  readonly username?: string | undefined
  readonly attributes?: Readonly<Record<string, string>>
  readonly clientId?: string
}

function device(rules: readonly AccessRule[], { id, username, attributes, clientId }: Own) {
  const login = username ?? `b/${id}`
  const principal: Principal = {
    kind: 'device',
    username: login,
    device: { type: 'b', id },
    rules,
    attributes: {
      ...attributes,
      prefix: 'a',
      type: 'b',
      deviceId: id,
      username: login,
      ...(clientId !== undefined && { clientId }),
    },
  }
  return principal
}

/** Worked out for this one alone: rules that were never seen have no template. */
function alone(principal: Principal) {
  return loginAnswer({ ...principal, rules: [...principal.rules] })
}

/** Worked out as the third of its kind. */
function together(rules: readonly AccessRule[], own: Own) {
  const { attributes = {}, username, clientId } = own
  const others = Object.fromEntries(Object.keys(attributes).map((name) => [name, `other-${name}`]))
  const other: Own = {
    id: 'other',
    username: username && 'other-name',
    attributes: others,
    ...(clientId !== undefined && { clientId: 'other-client' }),
  }
  loginAnswer(device(rules, other))
  loginAnswer(device(rules, other))
  return loginAnswer(device(rules, own))
}

describe('is the same', () => {
  const OWN = '{prefix}/{type}/{deviceId}'
  const rules = [
    allow('publish', `${OWN}/data`, { maxQos: 1 }),
    allow('subscribe', `${OWN}/cmd/#`),
    allow('subscribe', 'sites/{site}/+'),
    allow('publish', '{deviceId}/log', { retain: true }),
    deny('publish', 'private/log'),
    allow('publish', 'users/{username}'),
  ]
  const unsaid = [...rules, deny('subscribe', `${OWN}/cmd/secret`)]
  const byClientId = [...rules, allow('publish', 'clients/{clientId}')]
  const rows: readonly [title: string, own: Own][] = [
    ['for a usual id', { id: 'P-1' }],
    ['for an id that a deny names', { id: 'private' }],
    ['for an id like the last level of a rule', { id: 'cmd' }],
    ['for an id like the prefix', { id: 'a' }],
    ['for an id like the type', { id: 'b' }],
    ['for an id like an attribute', { id: 'north', attributes: { site: 'north' } }],
    ['for an id of its own letters', { id: 'Wärmezähler-水泵' }],
    ['for an id with a quote', { id: 'P"1' }],
    ['for an id with a backslash', { id: 'P\\1' }],
    ['for an id with a space', { id: 'eq P 1' }],
    ['for an id that EMQX takes for a placeholder', { id: 'a$' + '{clientid}' }],
    ['for an id of emojis', { id: '👨‍👩‍👧‍👦' }],
    ['for an id like a stand-in', { id: '\ue0000\ue001' }],
    ['for an attribute', { id: 'P-1', attributes: { site: 'north' } }],
    ['for an attribute that a rule does not name', { id: 'P-1', attributes: { room: '7' } }],
    ['for an attribute that EMQX does not take', { id: 'P-1', attributes: { 'a/b': '7' } }],
    ['for an attribute with a quote', { id: 'P-1', attributes: { site: 'n"' } }],
    ['for two attributes of one value', { id: 'P-1', attributes: { site: 'x', room: 'x' } }],
    ['for a user name of its own', { id: 'P-1', username: 'pump-one' }],
    ['for a user name like its id', { id: 'P-1', username: 'P-1' }],
    ['for a user name like a literal', { id: 'P-1', username: 'users' }],
    ['under a client id', { id: 'P-1', clientId: 'b/P-1' }],
  ]
  for (const [title, own] of rows) {
    test(title, () => {
      for (const set of [rules, unsaid, byClientId]) {
        assert.deepEqual(together([...set], own), alone(device(set, own)))
      }
    })
  }

  test('and holds the rules only where all of them can be said', () => {
    const own: Own = { id: 'P-1', clientId: 'b/P-1' }
    const acl = (set: readonly AccessRule[], one: Own) =>
      JSON.parse(together([...set], one).body).acl
    assert.ok(acl(rules, own).length > 5)
    assert.ok(acl(byClientId, own).length > acl(rules, own).length)
    assert.equal(acl(unsaid, own), undefined)
    assert.equal(acl(byClientId, { id: 'P-1' }), undefined)
  })

  test('for a login that ends, which says when', () => {
    const shared = [...rules]
    for (const expiresAt of [1_000_000, 2_000_000, 3_000_000]) {
      const principal = { ...device(shared, { id: 'P-1' }), expiresAt }
      const { expire_at } = JSON.parse(loginAnswer(principal).body)
      assert.equal(expire_at, expiresAt / 1000)
    }
  })

  test('for two prefixes over the same rules', () => {
    const shared = [...rules]
    for (const prefix of ['x', 'y', 'x', 'y']) {
      const principal = device(shared, { id: 'P-1' })
      const moved = { ...principal, attributes: { ...principal.attributes, prefix } }
      assert.deepEqual(loginAnswer(moved), alone(moved))
    }
  })

  test('for rules and values that get in each other’s way', () => {
    const word = fc.constantFrom('a', 'b', 'c', 'd', 'eq a', '$a', 'ü', '"', 'P-1')
    const own = fc.record({
      id: word,
      username: fc.option(word, { nil: undefined }),
      attributes: fc.dictionary(fc.constantFrom('site', 'room'), word),
    })
    const placed = fc.oneof(ruleSet(false), ruleSet(true)).chain((set) =>
      fc
        .array(fc.constantFrom('{site}', '{room}', '{username}', '{type}/b', '{prefix}'), {
          maxLength: 3,
        })
        .map((more) => [...set, ...more.map((level) => allow('both', `${level}/a`))]),
    )
    fc.assert(
      fc.property(placed, fc.array(own, { minLength: 1, maxLength: 6 }), (rules, devices) => {
        for (const each of devices) {
          const principal = device(rules, each)
          assert.deepEqual(loginAnswer(principal), alone(principal))
        }
        for (const each of devices) {
          assert.deepEqual(together(rules, each), alone(device(rules, each)))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
