/**
 * What an observer is told of logins and decisions.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, memoryStore, type ObservedEvent } from '../../src/index.ts'
import { makeFleet, pump, tampering } from './fixture.ts'

/** Without how long it took, which is checked to be a duration. */
function withoutTimes(events: readonly ObservedEvent[]): unknown[] {
  return events.map((event) => {
    const { seconds, ...rest } = event as ObservedEvent & { seconds: number }
    assert.ok(seconds >= 0 && seconds < 60)
    return rest
  })
}

describe('an observer is told', () => {
  test('of each login, by its outcome', async () => {
    const events: ObservedEvent[] = []
    const fleet = makeFleet({ observer: (event) => void events.push(event) })
    const { username, password } = await fleet.provision(pump, 'P-1')
    const other = await fleet.provision(pump, 'P-2')
    await fleet.revoke(pump, 'P-2')
    const facts = {
      qos: true,
      retain: true,
      share: true,
      clientId: true,
      separators: '',
    } as const
    for (const login of [
      { username, password },
      { username, password: 'wrong' },
      { username: 'pump/P-9', password },
      { username, password: undefined },
      { username: other.username, password: other.password },
      { username, password, clientId: 'another', facts },
    ]) {
      await fleet.authenticate(login)
    }
    const codes = ['password-wrong', 'principal-unknown', 'credentials-missing', 'revoked']
    assert.deepEqual(withoutTimes(events), [
      { kind: 'login', effect: 'allow', code: 'login' },
      ...[...codes, 'client-id-foreign'].map((code) => ({ kind: 'login', effect: 'deny', code })),
    ])
  })

  test('of each decision, and of none that is explained to an operator', async () => {
    const events: ObservedEvent[] = []
    const fleet = makeFleet({ observer: (event) => void events.push(event) })
    const { username } = await fleet.provision(pump, 'P-1')
    const own = { username, action: 'publish', topic: 'things/pump/P-1/data' } as const
    const foreign = { username, action: 'subscribe', topic: 'things/pump/P-2/cmd' } as const
    await fleet.authorize(own)
    await fleet.authorize(foreign)
    await fleet.findDenial(own)
    await fleet.findDenial(foreign)
    await fleet.findDenial({ ...own, username: 'nobody' })
    await fleet.explain(own)
    const decided = (action: string, effect: string, code: string) => {
      return { kind: 'decision', action, effect, code }
    }
    assert.deepEqual(withoutTimes(events), [
      decided('publish', 'allow', 'allowed-by-rule'),
      decided('subscribe', 'deny', 'no-rule-grants'),
      decided('publish', 'allow', 'allowed-by-rule'),
      decided('subscribe', 'deny', 'no-rule-grants'),
      decided('publish', 'deny', 'principal-unknown'),
    ])
  })

  test('of what failed, and whoever asked is told the error', async () => {
    const events: ObservedEvent[] = []
    const store = memoryStore()
    await makeFleet({ store }).provision(pump, 'P-1')
    const fleet = makeFleet({
      store: tampering(store, () => {
        throw new Error('the store is away')
      }),
      observer: (event) => void events.push(event),
    })
    const asked = { username: 'pump/P-1', action: 'publish', topic: 'x' } as const
    await assert.rejects(
      async () => fleet.authenticate({ username: 'pump/P-1', password: 'x' }),
      /away/,
    )
    await assert.rejects(fleet.authorize(asked), /away/)
    await assert.rejects(async () => fleet.findDenial(asked), /away/)
    assert.deepEqual(withoutTimes(events), [
      { kind: 'login', effect: 'deny', code: 'failed' },
      { kind: 'decision', action: 'publish', effect: 'deny', code: 'failed' },
      { kind: 'decision', action: 'publish', effect: 'deny', code: 'failed' },
    ])
  })
})

test('an observer that fails keeps nothing from being decided', async () => {
  const fleet = makeFleet({
    observer: () => {
      throw new Error('broken')
    },
  })
  const { username, password } = await fleet.provision(pump, 'P-1')
  assert.equal((await fleet.authenticate({ username, password })).effect, 'allow')
  const asked = { username, action: 'publish', topic: 'things/pump/P-1/data' } as const
  assert.equal((await fleet.authorize(asked)).effect, 'allow')
  // What is there at once stays so.
  assert.equal(fleet.findDenial(asked), undefined)
})

test('without one there is none', async () => {
  assert.equal('observer' in makeFleet(), false)
  assert.equal('observer' in makeFleet({ observer: undefined }), false)
})

test('an observer that is no function is refused', () => {
  const make = () => createFleet({ types: [], store: memoryStore(), observer: {} as never })
  assert.throws(make, { code: 'ERR_CONFIG', key: 'observer' })
})
