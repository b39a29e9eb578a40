/**
 * Whose time a name takes that nobody has: that of a wrong password on record.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Decoys } from '../../src/credential/decoy.ts'
import { parseSlowHash, type SlowHash } from '../../src/credential/format.ts'
import type { Gate } from '../../src/credential/gate.ts'
import { fastClock } from '../support/fast-clock.ts'
import { DJANGO, MOSQUITTO, SCRYPT } from './fixture.ts'

const OPEN: Gate = { run: (task) => task(), pretend: () => 'turn' }
const FULL: Gate = { run: () => 'busy', pretend: () => 'busy' }
const [django, mosquitto, scrypt] = [DJANGO, MOSQUITTO, SCRYPT].map(parseSlowHash) as [
  SlowHash,
  SlowHash,
  SlowHash,
]

/** What a name is told, and after how many milliseconds; by numbers drawn that are all the same. */
async function pretend(decoys: Decoys, digits: string, drawn = 0) {
  const { random } = Math
  Math.random = () => drawn
  using clock = fastClock()
  try {
    const verdict = await decoys.pretend(digits, undefined)
    return { verdict, time: Math.round(clock.passed()) }
  } finally {
    Math.random = random
  }
}

describe('a name that nobody has', () => {
  const other: (readonly [title: string, hash: SlowHash, others: object])[] = [
    ['Django’s with other rounds', django, { rounds: 1_000 }],
    ['PBKDF2 with another digest', django, { digest: 'SHA-512' }],
    ['Mosquitto’s with other rounds', mosquitto, { rounds: 102 }],
    ['scrypt with another N', scrypt, { ln: 4 }],
    ['scrypt with other blocks', scrypt, { r: 4 }],
    ['scrypt with other lanes', scrypt, { p: 2 }],
  ]
  for (const [title, hash, others] of other) {
    test(`takes the time of one of the costs that were met: ${title}`, async () => {
      const decoys = new Decoys()
      assert.equal(decoys.hasCosts, false)
      decoys.note(hash, OPEN, 100)
      assert.equal(decoys.hasCosts, true)
      decoys.note({ ...hash, ...others } as SlowHash, OPEN, 200)
      // Another password of the first cost.
      decoys.note({ ...hash, salt: new Uint8Array(8) }, OPEN, 100)
      for (const drawn of [0, 0.99]) {
        assert.deepEqual(await pretend(decoys, '0000', drawn), { verdict: false, time: 100 })
        assert.deepEqual(await pretend(decoys, '1111', drawn), { verdict: false, time: 200 })
      }
    })
  }

  test('takes that of the last 32 checks of its cost, each as likely', async () => {
    const decoys = new Decoys()
    for (let time = 1; time <= 33; time++) decoys.note(django, OPEN, time)
    for (const [drawn, time] of [
      [0, 2],
      [0.5, 18],
      [0.999, 33],
    ] as const) {
      assert.equal((await pretend(decoys, '0000', drawn)).time, time)
    }
  })

  test('takes that of one of 8 costs, each as likely', async () => {
    const decoys = new Decoys()
    for (let ln = 1; ln <= 10; ln++) decoys.note({ ...scrypt, ln } as SlowHash, OPEN, ln)
    // What is known already goes on.
    for (let i = 0; i < 32; i++) decoys.note({ ...scrypt, ln: 8 } as SlowHash, OPEN, 80)
    const times: Record<number, number> = {}
    for (let byte = 0; byte < 256; byte++) {
      const { time } = await pretend(decoys, byte.toString(16).padStart(2, '0').repeat(32))
      times[time] = (times[time] ?? 0) + 1
    }
    const each = [1, 2, 3, 4, 5, 6, 7, 80].map((time) => [time, 32])
    assert.deepEqual(times, Object.fromEntries(each))
  })

  test('is busy where the last check of its cost would be, and takes no time then', async () => {
    for (const [gates, expected] of [
      [[OPEN, FULL], { verdict: 'busy', time: 0 }],
      [[FULL, OPEN], { verdict: false, time: 100 }],
    ] as const) {
      const decoys = new Decoys()
      for (const gate of gates) decoys.note(django, gate, 100)
      assert.deepEqual(await pretend(decoys, '0000'), expected)
    }
  })
})
