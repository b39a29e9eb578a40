/**
 * The contract of expiring keys.
 *
 * @module
 */
import type { ExpiringKeys } from '../../base/expiring-keys.ts'
import type { MaybePromise } from '../../base/maybe-promise.ts'
import * as assert from '../assert.ts'
import { type Cases, type Contract, contractOf } from '../contract.ts'

/** Keys that hold nothing, and how to be rid of them. */
export interface OpenedKeys {
  readonly keys: ExpiringKeys
  /** Lets seconds pass for them. Default: they really pass. */
  wait?(seconds: number): Promise<void>
  /** Called when the case is done, whatever came of it. Default: nothing is. */
  close?(): Promise<void>
}

/** Opens keys that hold nothing, for each case others. */
export type OpenKeys = () => MaybePromise<OpenedKeys>

type Wait = (seconds: number) => Promise<void>

const ODD: readonly string[] = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  '__proto__',
  '0',
  '*',
  '%',
  'é',
  '水',
  '😀',
]
const LONG = { key: 'k'.repeat(1_024), value: 'v'.repeat(8_192) }

const keys: Cases<[keys: ExpiringKeys, wait: Wait]> = {
  'a key that was not set has no value': async (keys) => {
    for (const odd of ODD) assert.equal(await keys.get(`x/${odd}`), undefined, odd)
  },

  'a key has the value that was set last, and each is another': async (keys) => {
    for (const odd of ODD) await keys.set(`x/${odd}`, 'before', 60)
    for (const [i, odd] of ODD.entries()) await keys.set(`x/${odd}`, `${i}`, 60)
    for (const [i, odd] of ODD.entries()) assert.equal(await keys.get(`x/${odd}`), `${i}`, odd)
  },

  'a long key and a long value come back as they were, and an empty value': async (keys) => {
    await keys.set(LONG.key, LONG.value, 60)
    await keys.set('empty', '', 60)
    assert.equal(await keys.get(LONG.key), LONG.value)
    assert.equal(await keys.get(`${LONG.key.slice(1)}x`), undefined)
    assert.equal(await keys.get('empty'), '')
  },

  'a key that has a value is not set where it has to be absent': async (keys) => {
    assert.equal(await keys.setIfAbsent('a', 'first', 60), true)
    assert.equal(await keys.setIfAbsent('a', 'second', 60), false)
    assert.equal(await keys.get('a'), 'first')
    await keys.set('empty', '', 60)
    assert.equal(await keys.setIfAbsent('empty', 'second', 60), false)
  },

  'a key is set where it has the expected value, and nowhere else': async (keys) => {
    assert.equal(await keys.compareAndSet('a', 'first', 'second', 60), false)
    assert.equal(await keys.get('a'), undefined)
    await keys.set('a', 'first', 60)
    for (const other of ['', 'First', 'first ', 'second']) {
      assert.equal(await keys.compareAndSet('a', other, 'second', 60), false, other)
    }
    assert.equal(await keys.get('a'), 'first')
    assert.equal(await keys.compareAndSet('a', 'first', 'second', 60), true)
    assert.equal(await keys.get('a'), 'second')
  },

  'of many at once, one finds it absent and one finds the expected value': async (keys) => {
    const writers = Array.from({ length: 8 }, (_, i) => `w-${i}`)
    const set = await Promise.all(writers.map((each) => keys.setIfAbsent('a', each, 60)))
    assert.deepEqual(
      writers.filter((_, i) => set[i]),
      [await keys.get('a')],
    )
    const first = (await keys.get('a'))!
    const swapped = await Promise.all(
      writers.map((each) => keys.compareAndSet('a', first, `${each}!`, 60)),
    )
    assert.deepEqual(
      writers.filter((_, i) => swapped[i]).map((each) => `${each}!`),
      [await keys.get('a')],
    )
  },

  'a key ends by itself, and what was set again ends later': async (keys, wait) => {
    await keys.set('ends', 'x', 1)
    await keys.set('stays', 'x', 60)
    await keys.set('again', 'x', 1)
    await keys.set('again', 'y', 60)
    await keys.set('swapped', 'x', 1)
    assert.equal(await keys.compareAndSet('swapped', 'x', 'y', 60), true)
    await keys.set('sooner', 'x', 60)
    await keys.set('sooner', 'y', 1)
    await wait(1.1)
    assert.equal(await keys.get('ends'), undefined)
    assert.equal(await keys.get('sooner'), undefined)
    assert.equal(await keys.get('stays'), 'x')
    assert.equal(await keys.get('again'), 'y')
    assert.equal(await keys.get('swapped'), 'y')
    assert.equal(await keys.compareAndSet('ends', 'x', 'y', 60), false)
    assert.equal(await keys.setIfAbsent('ends', 'z', 60), true)
    assert.equal(await keys.get('ends'), 'z')
  },
}

/** What {@link ExpiringKeys} promise, as cases. One of them waits for a second, where it really passes. */
export const keysContract: Contract<OpenKeys> = contractOf(
  { keys },
  async (open: OpenKeys, run) => {
    const opened = await open()
    const sleep: Wait = (s) => new Promise((resolve) => setTimeout(resolve, s * 1_000))
    try {
      await run(opened.keys, (seconds) => (opened.wait ?? sleep)(seconds))
    } finally {
      await opened.close?.()
    }
  },
)
