/**
 * Principals kept for a while.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_KNOWN_PRINCIPALS, principalCache } from '../../src/fleet/principal-cache.ts'
import type { Principal } from '../../src/rule/principal.ts'
import { allow, principal } from '../rule/fixture.ts'
import { deferred } from '../support/wait.ts'

const LIFETIME = 10_000
const DATA = { action: 'publish', topic: 'a' } as const

/** A store of one answer that counts how often it is read. */
function reader(first: Principal | undefined) {
  const source = { answer: first, reads: 0 }
  const read = async () => {
    source.reads++
    return source.answer
  }
  return { source, read }
}

describe('a principal', () => {
  test('is read once within its lifetime, and again after it', async () => {
    const cache = principalCache(LIFETIME)
    const { source, read } = reader(principal([allow('publish', 'a')]))
    const first = await cache.find('svc', undefined, read, 0)
    assert.equal(first?.access.decide(DATA).effect, 'allow')
    assert.equal(await cache.find('svc', undefined, read, LIFETIME - 1), first)
    assert.equal(source.reads, 1)
    source.answer = principal([])
    const later = await cache.find('svc', undefined, read, LIFETIME)
    assert.equal(later?.access.decide(DATA).effect, 'deny')
    assert.equal(source.reads, 2)
  })

  test('is read again at once when it was forgotten', async () => {
    const cache = principalCache(LIFETIME)
    const { source, read } = reader(principal([allow('publish', 'a')]))
    await cache.find('svc', undefined, read, 0)
    cache.forget('svc')
    source.answer = undefined
    assert.equal(await cache.find('svc', undefined, read, 1), undefined)
    assert.equal(source.reads, 2)
  })

  test('that is read while it changes is not kept', async () => {
    const cache = principalCache(LIFETIME)
    const { source, read } = reader(principal([allow('publish', 'a')]))
    const reading = deferred<Principal>()
    const answer = cache.find('svc', undefined, () => reading.promise, 0)
    cache.forget('svc')
    reading.resolve(principal([allow('publish', 'a')]))
    await answer
    source.answer = undefined
    assert.equal(await cache.find('svc', undefined, read, 1), undefined)
  })

  test('that nobody has is read each time', async () => {
    const cache = principalCache(LIFETIME)
    const { source, read } = reader(undefined)
    for (let i = 1; i <= 3; i++) {
      assert.equal(await cache.find('svc', undefined, read, 0), undefined)
      assert.equal(source.reads, i)
    }
  })

  test('is read each time without a lifetime', async () => {
    const cache = principalCache(0)
    const { source, read } = reader(principal([]))
    for (let i = 1; i <= 3; i++) {
      assert.ok(await cache.find('svc', undefined, read, 0))
      assert.equal(source.reads, i)
    }
  })

  test('whose reading failed fails, and is read the next time', async () => {
    const cache = principalCache(LIFETIME)
    const fail = async () => {
      throw new Error('the store is down')
    }
    await assert.rejects(async () => cache.find('svc', undefined, fail, 0), /the store is down/)
    const { source, read } = reader(principal([]))
    assert.ok(await cache.find('svc', undefined, read, 0))
    assert.equal(source.reads, 1)
  })
})

test('rules with {clientId} are those of the client id that is asked about', async () => {
  const cache = principalCache(LIFETIME)
  const { source, read } = reader(principal([allow('publish', 'own/{clientId}')]))
  const ask = async (clientId: string | undefined, topic: string) => {
    const known = await cache.find('svc', clientId, read, 0)
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
  const cache = principalCache(LIFETIME)
  const { source, read } = reader(principal([]))
  for (let i = 0; i < MAX_KNOWN_PRINCIPALS; i++) await cache.find(`${i}`, undefined, read, 0)
  assert.equal(source.reads, MAX_KNOWN_PRINCIPALS)
  for (const kept of [0, 1, MAX_KNOWN_PRINCIPALS - 1])
    await cache.find(`${kept}`, undefined, read, 1)
  assert.equal(source.reads, MAX_KNOWN_PRINCIPALS)
  await cache.find('one-more', undefined, read, 1)
  source.reads = 0
  for (const kept of [MAX_KNOWN_PRINCIPALS / 2, MAX_KNOWN_PRINCIPALS - 1]) {
    await cache.find(`${kept}`, undefined, read, 1)
  }
  assert.equal(source.reads, 0)
  await cache.find('0', undefined, read, 1)
  assert.equal(source.reads, 1)
})

test('what was forgotten is not found in either half', async () => {
  const cache = principalCache(LIFETIME)
  const { source, read } = reader(principal([]))
  await cache.find('old', undefined, read, 0)
  for (let i = 0; i < MAX_KNOWN_PRINCIPALS / 2; i++) await cache.find(`${i}`, undefined, read, 0)
  for (const username of ['old', '0']) cache.forget(username)
  source.answer = undefined
  for (const username of ['old', '0']) {
    assert.equal(await cache.find(username, undefined, read, 1), undefined)
  }
})
