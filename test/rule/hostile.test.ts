/**
 * Hostile device ids and user names, from provisioning to the decision: refused where they enter,
 * with the field named, and granted nothing where they are asked about all the same.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileAccess } from '../../src/rule/compile.ts'
import { decide } from '../../src/rule/decide.ts'
import { makeFleet, pump, weatherStation } from '../fleet/fixture.ts'
import { allow, principal } from './fixture.ts'

const ACTIONS = ['publish', 'subscribe'] as const

/** Names that could change the shape of a topic, and what is said about each. */
const REFUSED: [title: string, name: string, problem: string][] = [
  ['an empty one', '', 'is empty'],
  ['"/"', '/', 'holds "/"'],
  ['"+"', '+', 'holds "+"'],
  ['"#"', '#', 'holds "#"'],
  ['"$"', '$', 'must not begin with "$", which marks topics of the broker'],
  ['"/+"', '/+', 'holds "/"'],
  ['"+/+"', '+/+', 'holds "+"'],
  ['"a/#"', 'a/#', 'holds "/"'],
  ['"#/"', '#/', 'holds "#"'],
  ['"P-1/../P-2"', 'P-1/../P-2', 'holds "/"'],
  ['"P-1/+"', 'P-1/+', 'holds "/"'],
  ['"P-1#"', 'P-1#', 'holds "#"'],
  ['"$SYS"', '$SYS', 'must not begin with "$", which marks topics of the broker'],
  ['"$share"', '$share', 'must not begin with "$", which marks topics of the broker'],
  ['a share', '$share/g/#', 'must not begin with "$", which marks topics of the broker'],
  ['NUL', '\0', 'holds a control character'],
  ['NUL behind an id', 'P-1\0', 'holds a control character'],
  ['a line break', 'P-1\n', 'holds a control character'],
  ['a high surrogate', '\ud83d', 'holds a lone surrogate'],
  ['a low surrogate behind an id', 'P-1\udc00', 'holds a lone surrogate'],
  ['10,000 levels', Array.from({ length: 10_000 }, () => 'a').join('/'), 'is longer'],
  ['10,000 empty levels', '/'.repeat(9_999), 'is longer'],
  ['65,536 bytes', 'a'.repeat(65_536), 'is longer'],
  ['65,536 bytes in fours', '😀'.repeat(16_384), 'is longer'],
]

/** Names that look hostile and are a level like any other. */
const HARMLESS = ['__proto__', 'constructor', 'toString', '{deviceId}', '%u', '..', 'a$', '*', ' ']

const store = makeFleet().store
const fleet = makeFleet({ store, pepper: 'a pepper of more than 16 bytes' })
const { password } = await fleet.provision(pump, 'P-1')
await fleet.provision(weatherStation, 'P-1')

describe('a name that could change the shape of a topic', () => {
  for (const [title, name, problem] of REFUSED) {
    const refusal = (field: string) => (error: unknown) => {
      assert.ok(error instanceof Error)
      assert.equal(error.name, 'InvalidNameError')
      assert.equal((error as Error & { field: string }).field, field)
      assert.ok(error.message.startsWith(`The ${field} ${problem}`), error.message)
      assert.ok(error.message.length < 200, 'the name itself is not repeated')
      return true
    }

    test(`${title}: refused as a device id, a user name, an attribute and a prefix`, async () => {
      const before = (await store.list()).records.length
      await assert.rejects(fleet.provision(pump, name), refusal('device id'))
      await assert.rejects(fleet.provision(pump, 'P-2', { username: name }), refusal('user name'))
      await assert.rejects(
        fleet.provision(pump, 'P-2', { attributes: { site: name } }),
        refusal('attribute site'),
      )
      assert.throws(() => makeFleet({ prefix: name }), refusal('prefix'))
      const service = { username: name, password: 'a password of a service', rules: [] }
      assert.throws(() => makeFleet({ services: [service] }), refusal('services.0.username'))
      assert.equal((await store.list()).records.length, before)
    })

    test(`${title}: nobody logs in under it, alone or as a device's`, async () => {
      for (const username of [name, `pump/${name}`, `${name}/P-1`, `pump/P-1${name}`]) {
        if (username === 'pump/P-1') continue
        const login = await fleet.authenticate({ username, password, clientId: name })
        const reason = username === '' ? 'credentials-missing' : 'principal-unknown'
        assert.deepEqual(login, { effect: 'deny', code: reason })
        assert.equal(await fleet.findPrincipal(username), undefined)
      }
    })

    test(`${title}: nothing is granted under it, and the explanation is short`, async () => {
      const unknown = { effect: 'deny', code: 'principal-unknown' }
      for (const username of [name, `pump/${name}`, `${name}/P-1`]) {
        for (const action of ACTIONS) {
          for (const topic of ['things/pump/P-1/data', `things/pump/${name}/cmd`, '#', name]) {
            const request = { username, action, topic, clientId: name }
            assert.deepEqual(await fleet.authorize(request), unknown)
            const { text, nearMisses, ...decision } = await fleet.explain(request)
            assert.deepEqual(decision, unknown)
            assert.deepEqual(nearMisses, [])
            assert.ok(text.length < 1_000)
            assert.doesNotMatch(text, /[\p{Cc}\p{Cs}]/u)
          }
        }
      }
    })

    test(`${title}: gives the device that calls itself so, or asks for it, nothing`, async () => {
      for (const topic of [
        `things/pump/${name}/data`,
        `things/pump/${name}`,
        `things/${name}/P-1/data`,
        `${name}/pump/P-1/data`,
        `things/pump/P-1/data${name}`,
        `$share/${name}/things/pump/P-1/cmd`,
        name,
      ]) {
        for (const action of ACTIONS) {
          if (name === '' && topic === 'things/pump/P-1/data') continue
          const request = { username: 'pump/P-1', action, topic, clientId: name }
          assert.equal((await fleet.authorize(request)).effect, 'deny', topic.slice(0, 60))
          assert.equal((await fleet.explain(request)).effect, 'deny', topic.slice(0, 60))
        }
      }
    })

    test(`${title}: no rule made ready grants more for it than for a request made once`, () => {
      const own = principal([allow('both', 'things/{deviceId}/data'), allow('both', 'x/+')], {
        deviceId: 'P-1',
      })
      const access = compileAccess(own)
      for (const topic of [name, `things/${name}/data`, `things/P-1/data${name || '/'}`]) {
        for (const action of ACTIONS) {
          assert.equal(access.decide({ action, topic }).effect, 'deny', topic.slice(0, 60))
          assert.deepEqual(access.decide({ action, topic }), decide(own, { action, topic }))
        }
      }
    })
  }
})

describe('a name that only looks hostile is a level like any other', () => {
  for (const name of HARMLESS) {
    test(`${JSON.stringify(name)}, as the id of a device`, async () => {
      const own = makeFleet()
      await own.provision(pump, 'P-1')
      const device = await own.provision(pump, name)
      const login = await own.authenticate(device)
      assert.ok(login.effect === 'allow')
      const access = compileAccess(login.principal)
      const rows: [action: (typeof ACTIONS)[number], topic: string, effect: string][] = [
        ['publish', `things/pump/${name}/data`, 'allow'],
        ['subscribe', `things/pump/${name}/cmd`, 'allow'],
        ['publish', `things/pump/${name}/cmd`, 'deny'],
        ['publish', 'things/pump/P-1/data', 'deny'],
        ['publish', 'things/pump/undefined/data', 'deny'],
        ['subscribe', 'things/pump/+/cmd', 'deny'],
        ['subscribe', `things/pump/${name}/#`, 'deny'],
        ['subscribe', `$share/${name}/things/pump/${name}/cmd`, 'deny'],
      ]
      for (const [action, topic, effect] of rows) {
        const request = { username: device.username, action, topic }
        assert.equal((await own.authorize(request)).effect, effect, topic)
        assert.equal((await own.explain(request)).effect, effect, topic)
        assert.equal(access.decide(request).effect, effect, topic)
      }
    })

    test(`${JSON.stringify(name)}, as a user name`, async () => {
      const own = makeFleet()
      assert.equal(await own.findPrincipal(name), undefined)
      const stranger = { username: name, action: 'publish', topic: 'things/pump/P-1/data' } as const
      assert.equal((await own.authorize(stranger)).code, 'principal-unknown')
      const device = await own.provision(pump, 'P-1', { username: name })
      assert.equal((await own.authenticate(device)).effect, 'allow')
      assert.equal((await own.authorize(stranger)).effect, 'allow')
      const other = { ...stranger, topic: `things/pump/${name}/data` }
      assert.equal((await own.authorize(other)).effect, 'deny')
    })
  }

  test('and nothing was put on the prototype of all objects', () => {
    assert.deepEqual(Object.keys(Object.prototype), [])
    assert.equal(({} as Record<string, unknown>).username, undefined)
  })
})
