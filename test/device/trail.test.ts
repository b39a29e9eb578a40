/**
 * A deed by code, on the trail.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Deed,
  type DeviceTrail,
  memoryStore,
  recordDeed,
  type TrailEntry,
} from '../../src/index.ts'

describe('a deed that is recorded', () => {
  const deed: Deed = {
    operator: 'cron',
    action: 'revoke',
    device: { type: 'pump', id: 'P-1' },
    attributes: { tenant: 'north' },
  }
  const neverLost = () => assert.fail('nothing is lost')
  const resultsOf = async (trail: DeviceTrail) =>
    (await trail.list()).entries.map(({ result }) => result)

  test('is begun before, and done after', async () => {
    const trail = memoryStore().trail!
    const value = await recordDeed(
      trail,
      deed,
      async () => {
        const [{ id, at, ...begun }] = (await trail.list()).entries as [TrailEntry]
        assert.deepEqual(begun, { ...deed, result: 'begun' })
        return 7
      },
      neverLost,
    )
    assert.equal(value, 7)
    assert.deepEqual(await resultsOf(trail), ['done'])
  })

  for (const [thrown, result] of [
    [Object.assign(new Error('x'), { code: 'ERR_DEVICE_UNKNOWN' }), 'ERR_DEVICE_UNKNOWN'],
    [Object.assign(new Error('x'), { code: 23505 }), 'failed'],
    [Object.assign(new Error('x'), { code: 'a secret, and more' }), 'failed'],
    [new Error('geheim'), 'failed'],
    ['geheim', 'failed'],
    [null, 'failed'],
  ] as const) {
    test(`is ${result} where ${JSON.stringify(thrown)} is thrown, which is thrown on`, async () => {
      const trail = memoryStore().trail!
      const attempt = recordDeed(trail, deed, () => Promise.reject(thrown), neverLost)
      assert.deepEqual(
        await attempt.then(
          () => 'no',
          (error: unknown) => error,
        ),
        thrown,
      )
      assert.deepEqual(await resultsOf(trail), [result])
    })
  }

  test('is not done where its beginning cannot be written', async () => {
    const trail = { ...memoryStore().trail!, write: () => Promise.reject(new Error('full')) }
    const work = () => assert.fail('it is done')
    await assert.rejects(recordDeed(trail, deed, work, neverLost), /full/)
  })

  test('stands where its result cannot be written, which is told', async () => {
    const kept = memoryStore().trail!
    let writes = 0
    const write: DeviceTrail['write'] = (entries) =>
      ++writes === 1 ? kept.write(entries) : Promise.reject(new Error('full'))
    const lost: string[] = []
    const value = await recordDeed(
      { ...kept, write },
      deed,
      async () => 7,
      ({ result }, error) => void lost.push(`${result} ${error}`),
    )
    assert.deepEqual([value, lost], [7, ['done Error: full']])
    assert.deepEqual(await resultsOf(kept), ['begun'])
  })
})

test('of a trail in memory the last 10,000 entries are kept', async () => {
  const { trail } = memoryStore()
  for (let i = 0; i < 11; i++) {
    const entries = Array.from({ length: 1_000 }, (_, n) => ({
      id: `${i}-${n}`,
      at: 1,
      operator: 'a',
      action: 'b',
      result: 'done',
    }))
    await trail!.write(entries)
  }
  let count = 0
  let cursor: string | undefined
  do {
    const page = await trail!.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) })
    count += page.entries.length
    cursor = page.cursor
    if (cursor === undefined) assert.equal(page.entries.at(-1)?.id, '1-0')
  } while (cursor !== undefined)
  assert.equal(count, 10_000)
})
