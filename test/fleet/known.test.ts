/**
 * Principals kept for a while.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordedPrincipal } from '../../src/device/principal.ts'
import type { DeviceRecord } from '../../src/device/store.ts'
import type { Found } from '../../src/fleet/directory.ts'
import { KnownPrincipals, MAX_KNOWN_PRINCIPALS } from '../../src/fleet/known.ts'
import type { Principal } from '../../src/rule/principal.ts'
import { record } from '../../src/testing/store/record.ts'
import { allow, principal } from '../rule/fixture.ts'
import { Clocks } from '../support/clocks.ts'
import { deferred } from '../support/wait.ts'

const LIFETIME = 10_000
const NO_DEVICES = { store: { get: async () => undefined }, foundBy: () => undefined }
const DATA = { action: 'publish', topic: 'a' } as const

/** Of a reader of one answer that counts how often it is read. */
function cacheOf(first: Principal | undefined, lifetime: number = LIFETIME) {
  const source = { answer: first, reads: 0 }
  const clock = { now: 0 }
  const find = async () => {
    source.reads++
    return source.answer && { principal: source.answer }
  }
  const cache = new KnownPrincipals({ ...NO_DEVICES, find }, lifetime, () => clock.now)
  return { source, cache, clock }
}

describe('a principal', () => {
  test('is read once within its lifetime, and again after it', async () => {
    const { source, cache, clock } = cacheOf(principal([allow('publish', 'a')]))
    const first = await cache.find('svc', undefined)
    assert.equal(first?.access.decide(DATA).effect, 'allow')
    clock.now = LIFETIME - 1
    assert.equal(await cache.find('svc', undefined), first)
    assert.equal(source.reads, 1)
    source.answer = principal([])
    clock.now = LIFETIME
    const later = await cache.find('svc', undefined)
    assert.equal(later?.access.decide(DATA).effect, 'deny')
    assert.equal(source.reads, 2)
  })

  test('whose login has ended by the wall clock is read again within its lifetime', async () => {
    using clocks = new Clocks()
    const endsAt = Date.now() + LIFETIME / 2
    const { source, cache } = cacheOf({ ...principal([]), expiresAt: endsAt })
    await cache.find('svc', undefined)
    clocks.setWall(LIFETIME / 2 - 1)
    await cache.find('svc', undefined)
    assert.equal(source.reads, 1)
    clocks.setWall(1)
    await cache.find('svc', undefined)
    assert.equal(source.reads, 2)
  })

  test('is read again at once when it was forgotten', async () => {
    const { source, cache } = cacheOf(principal([allow('publish', 'a')]))
    await cache.find('svc', undefined)
    cache.forget('svc')
    source.answer = undefined
    assert.equal(await cache.find('svc', undefined), undefined)
    assert.equal(source.reads, 2)
  })

  test('that is read while it changes is not kept', async () => {
    const reading = deferred<Found>()
    let find: () => Promise<Found | undefined> = () => reading.promise
    const cache = new KnownPrincipals({ ...NO_DEVICES, find: () => find() }, LIFETIME)
    const answer = cache.find('svc', undefined)
    cache.forget('svc')
    reading.resolve({ principal: principal([allow('publish', 'a')]) })
    await answer
    find = async () => undefined
    assert.equal(await cache.find('svc', undefined), undefined)
  })

  test('that nobody has is read each time', async () => {
    const { source, cache } = cacheOf(undefined)
    for (let i = 1; i <= 3; i++) {
      assert.equal(await cache.find('svc', undefined), undefined)
      assert.equal(source.reads, i)
    }
  })

  test('is read each time without a lifetime', async () => {
    const { source, cache } = cacheOf(principal([]), 0)
    for (let i = 1; i <= 3; i++) {
      assert.ok(await cache.find('svc', undefined))
      assert.equal(source.reads, i)
    }
  })

  test('whose reading failed fails, and is read the next time', async () => {
    let isDown = true
    const find = async () => {
      if (isDown) throw new Error('the store is down')
      return { principal: principal([]) }
    }
    const cache = new KnownPrincipals({ ...NO_DEVICES, find }, LIFETIME)
    await assert.rejects(async () => cache.find('svc', undefined), /the store is down/)
    isDown = false
    assert.ok(await cache.find('svc', undefined))
  })
})

test('rules with {clientId} are those of the client id that is asked about', async () => {
  const { source, cache } = cacheOf(principal([allow('publish', 'own/{clientId}')]))
  const ask = async (clientId: string | undefined, topic: string) => {
    const known = await cache.find('svc', clientId)
    return known?.access.decide({ action: 'publish', topic }).effect
  }
  for (const [clientId, topic, effect] of [
    ['a', 'own/a', 'allow'],
    ['b', 'own/a', 'deny'],
    ['b', 'own/b', 'allow'],
    [undefined, 'own/b', 'deny'],
    ['+', 'own/b', 'deny'],
    ['a', 'own/a', 'allow'],
  ] as const) {
    assert.equal(await ask(clientId, topic), effect, `${clientId} ${topic}`)
  }
  assert.equal(source.reads, 1)
})

test('beyond the bound the half read longest ago is forgotten', async () => {
  const { source, cache } = cacheOf(principal([]))
  for (let i = 0; i < MAX_KNOWN_PRINCIPALS; i++) await cache.find(`${i}`, undefined)
  assert.equal(source.reads, MAX_KNOWN_PRINCIPALS)
  for (const kept of [0, 1, MAX_KNOWN_PRINCIPALS - 1]) await cache.find(`${kept}`, undefined)
  assert.equal(source.reads, MAX_KNOWN_PRINCIPALS)
  await cache.find('one-more', undefined)
  source.reads = 0
  for (const kept of [MAX_KNOWN_PRINCIPALS / 2, MAX_KNOWN_PRINCIPALS - 1]) {
    await cache.find(`${kept}`, undefined)
  }
  assert.equal(source.reads, 0)
  await cache.find('0', undefined)
  assert.equal(source.reads, 1)
})

test('what was forgotten is not found in either half', async () => {
  const { source, cache } = cacheOf(principal([]))
  await cache.find('old', undefined)
  for (let i = 0; i < MAX_KNOWN_PRINCIPALS / 2; i++) await cache.find(`${i}`, undefined)
  for (const username of ['old', '0']) cache.forget(username)
  source.answer = undefined
  for (const username of ['old', '0']) {
    assert.equal(await cache.find(username, undefined), undefined)
  }
})

describe('a device', () => {
  const plain = record('pump', 'P-1')
  const named = record('pump', 'P-2', { username: 'north-2' })
  const revoked = record('pump', 'P-3', { revoked: true })
  const malformed = record('pump', 'P-4', { attributes: { site: '+' } })

  /** A cache over records, and how often it reads one, under whatever name. */
  function site(records: readonly DeviceRecord[], lifetime: number = LIFETIME) {
    const known = new Map(records.map((each) => [each.id, each]))
    let reads = 0
    const foundBy = (found: DeviceRecord): Found | undefined => {
      const principal = recordedPrincipal(found, [], 'things')
      return principal && { principal }
    }
    const cache = new KnownPrincipals(
      {
        foundBy,
        store: {
          async get(type, id) {
            reads++
            const found = known.get(id)
            return found?.type === type ? found : undefined
          },
        },
        async find(username) {
          reads++
          const found = [...known.values()].find((each) => each.username === username)
          return found && foundBy(found)
        },
      },
      lifetime,
    )
    return { cache, known, reads: () => reads }
  }

  for (const each of [plain, named]) {
    const { id, username } = each
    test(`${username} that a broker asked about is known to a hub at once`, async () => {
      const { cache, reads } = site([each])
      assert.ok(await cache.find(username, undefined))
      assert.equal(cache.isActive('pump', id), true)
      assert.equal(reads(), 1)
    })

    test(`${username} that a hub asked about is known to a broker at once`, async () => {
      const { cache, reads } = site([each])
      assert.equal(await cache.isActive('pump', id), true)
      const known = cache.find(username, 'c-1')
      assert.ok(!(known instanceof Promise))
      assert.equal(known?.principal.username, username)
      assert.equal(cache.isActive('pump', id), true)
      assert.equal(reads(), 1)
    })

    test(`${username} is read anew for both when it was forgotten`, async () => {
      const { cache, known, reads } = site([each])
      assert.equal(await cache.isActive('pump', id), true)
      cache.forget(username)
      known.set(id, { ...each, revoked: true })
      assert.equal(await cache.isActive('pump', id), false)
      assert.equal(await cache.find(username, undefined), undefined)
      assert.equal(reads(), 3)
    })
  }

  test('is no other one, whatever its user name is', async () => {
    // Written by something else: a fleet gives nobody this user name.
    const { cache } = site([record('pump', 'P-1', { username: 'pump/P-9' })])
    assert.ok(await cache.find('pump/P-9', undefined))
    assert.equal(await cache.isActive('pump', 'P-9'), false)
    assert.equal(await cache.isActive('pump', 'P-1'), true)
  })

  for (const [what, next] of [
    ['one with another id', record('pump', 'P-9', { username: 'north-2' })],
    ['one of another type', record('valve', 'P-2', { username: 'north-2' })],
  ] as const) {
    test(`is not ${what} that has its user name now`, async () => {
      const { cache, known } = site([named])
      assert.equal(await cache.isActive('pump', 'P-2'), true)
      known.delete('P-2')
      known.set(next.id, next)
      cache.forget('north-2')
      const found = await cache.find('north-2', undefined)
      assert.deepEqual(found?.principal.device, { type: next.type, id: next.id })
      assert.equal(await cache.isActive('pump', 'P-2'), false)
    })
  }

  test('that is revoked or not there is not kept', async () => {
    const { cache, reads } = site([revoked])
    for (const id of ['P-3', 'P-3', 'P-5', 'P-5']) {
      assert.equal(await cache.isActive('pump', id), false)
    }
    assert.equal(await cache.find('pump/P-3', undefined), undefined)
    assert.equal(reads(), 5)
  })

  test('whose record is malformed is on record, and may do nothing', async () => {
    const { cache } = site([malformed])
    for (let i = 0; i < 2; i++) {
      assert.equal(await cache.isActive('pump', 'P-4'), true)
      assert.equal(await cache.find('pump/P-4', undefined), undefined)
    }
  })
})
