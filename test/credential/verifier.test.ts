/**
 * Fast and slow secrets, verified: what is taken, what is remembered, and what is refused when too
 * much is under way.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_DECOYS } from '../../src/credential/decoy.ts'
import { LOOP_SLICE } from '../../src/credential/gate.ts'
import { generatePassword, passwordHasher } from '../../src/credential/generated.ts'
import { countCores } from '../../src/credential/native.ts'
import { HAS_NATIVE_SCRYPT } from '../../src/credential/scrypt.ts'
import {
  LOST_AFTER_MS,
  MAX_LOOP_WAITING,
  MAX_NATIVE_CHECKS,
  MAX_NATIVE_WAITING,
} from '../../src/credential/slow-check.ts'
import { MAX_REMEMBERED, passwordVerifier, REMEMBER_MS } from '../../src/credential/verifier.ts'
import { deferred, within } from '../support/wait.ts'
import { counting } from './counting.ts'
import { DJANGO, MORE, MOSQUITTO, PASSWORD } from './fixture.ts'

const hasher = passwordHasher('a pepper of more than 16 bytes')
const NAME = 'pump/P-1'
const CHEAP = MORE[3]![1]
const MALFORMED = 'pbkdf2_sha256$1000000000000$s$Y/6tI4hQp4WESeYT2c8BNw5tfTzy2oOQxI38ia0FfjQ='

/** `count` wrong passwords, all under way at once. */
function flood(
  verifier: ReturnType<typeof passwordVerifier>,
  stored: readonly string[],
  count: number,
) {
  return Array.from({ length: count }, (_, i) =>
    Promise.resolve(verifier.verify(NAME, `guess ${i}`, stored)),
  )
}

/** Has an input, as `awaitInput` waits for one, do something first, until disposed. */
function onInput(run: () => Promise<void>): Disposable {
  const { text } = Response.prototype
  Response.prototype.text = async function (this: Response) {
    await run()
    return text.call(this)
  }
  return {
    [Symbol.dispose]() {
      Response.prototype.text = text
    },
  }
}

/** The module as it is where the runtime has so many cores. */
async function slowCheckWith(cores: number): Promise<{ readonly MAX_NATIVE_CHECKS: number }> {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  const value = { hardwareConcurrency: cores }
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true })
  try {
    // Another module to the runtime, which is run again.
    const again: string = `../../src/credential/slow-check.ts?${cores}`
    return await import(again)
  } finally {
    if (own) Object.defineProperty(globalThis, 'navigator', own)
    else Reflect.deleteProperty(globalThis, 'navigator')
  }
}

/** How many of each outcome there are. */
async function tally(outcomes: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of await within(Promise.all(outcomes), 'outcomes', 60_000)) {
    counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1
  }
  return counts
}

describe('among several stored secrets', () => {
  const secret = generatePassword()
  const fast = hasher.hash(secret)
  const rows: [title: string, password: string, stored: readonly string[], taken: boolean][] = [
    ['a generated one is found', secret, [CHEAP, fast], true],
    ['a slow one is found behind a generated one', PASSWORD, [fast, CHEAP], true],
    ['a slow one is found behind another', PASSWORD, [MORE[2]![1], CHEAP], true],
    ['one is found beside a malformed one', PASSWORD, [MALFORMED, CHEAP], true],
    ['a wrong password is none', 'wrong', [fast, CHEAP, MOSQUITTO], false],
    ['the password of a malformed one is none', PASSWORD, [MALFORMED, fast], false],
    ['none is found in an empty list', PASSWORD, [], false],
    ['none is what is no text', PASSWORD, [null, 7, [CHEAP]] as never, false],
  ]
  for (const [title, password, stored, taken] of rows) {
    test(title, async () => {
      assert.equal(await passwordVerifier(hasher).verify(NAME, password, stored), taken)
    })
  }
})

describe('an answer comes at once', () => {
  const secret = generatePassword()
  const verifier = passwordVerifier(hasher)
  const rows: [title: string, password: string, stored: readonly string[], taken: boolean][] = [
    ['for a generated secret', secret, [hasher.hash(secret)], true],
    ['for one beside a slow one', secret, [DJANGO, hasher.hash(secret)], true],
    ['for a wrong one', generatePassword(), [hasher.hash(secret)], false],
  ]
  for (const [title, password, stored, taken] of rows) {
    test(title, () => assert.equal(verifier.verify(NAME, password, stored), taken))
  }

  test('for nobody, while no slow secret was met', () => {
    assert.equal(passwordVerifier(hasher).verify('nobody', secret, []), false)
  })
})

describe('a verified slow secret', () => {
  function remembering() {
    const clock = { now: 0 }
    return { clock, verifier: passwordVerifier(hasher, { now: () => clock.now }) }
  }
  const isRemembered = (outcome: unknown) => outcome === true

  test('is remembered for five minutes', async () => {
    const { clock, verifier } = remembering()
    assert.equal(await verifier.verify(NAME, PASSWORD, [CHEAP]), true)
    clock.now = REMEMBER_MS - 1
    assert.ok(isRemembered(verifier.verify(NAME, PASSWORD, [CHEAP])))
    clock.now = REMEMBER_MS
    const again = verifier.verify(NAME, PASSWORD, [CHEAP])
    assert.ok(!isRemembered(again))
    assert.equal(await again, true)
  })

  test('is forgotten at once when what is stored changes', async () => {
    const { verifier } = remembering()
    assert.equal(await verifier.verify(NAME, PASSWORD, [CHEAP]), true)
    for (const [stored, taken] of [
      [MORE[2]![1], false],
      [MOSQUITTO, true],
    ] as const) {
      const outcome = verifier.verify(NAME, PASSWORD, [stored])
      assert.ok(!isRemembered(outcome))
      assert.equal(await outcome, taken)
    }
    assert.equal(verifier.verify(NAME, PASSWORD, []) instanceof Promise, true)
  })

  test('is no other secret', async () => {
    const { verifier } = remembering()
    await verifier.verify(NAME, PASSWORD, [CHEAP])
    for (const other of ['', 'correct', `\0${PASSWORD}`, PASSWORD.toUpperCase()]) {
      assert.equal(await verifier.verify(NAME, other, [CHEAP]), false)
    }
  })

  test('and a wrong one never is', async () => {
    const { verifier } = remembering()
    for (let i = 0; i < 2; i++) {
      const outcome = verifier.verify(NAME, 'wrong', [CHEAP])
      assert.ok(outcome instanceof Promise)
      assert.equal(await outcome, false)
    }
  })

  test('is not known to another verifier', async () => {
    await remembering().verifier.verify(NAME, PASSWORD, [CHEAP])
    assert.ok(remembering().verifier.verify(NAME, PASSWORD, [CHEAP]) instanceof Promise)
  })
})

const room = MAX_NATIVE_CHECKS + MAX_NATIVE_WAITING
const crowds: [title: string, stored: string, room: number][] = [
  ['of PBKDF2', MOSQUITTO, room],
  ['of scrypt', MORE[8]![1], HAS_NATIVE_SCRYPT ? room : 1 + MAX_LOOP_WAITING],
]
for (const [title, stored, places] of crowds) {
  describe(`a flood of checks ${title}, all of devices on record`, () => {
    test('is refused beyond the room there is', async () => {
      const verifier = passwordVerifier(hasher)
      const outcomes = flood(verifier, [stored], places + 3)
      assert.deepEqual(await tally(outcomes), { false: places, busy: 3 })
      assert.equal(await verifier.verify(NAME, 'one more', [stored]), false)
    })

    test('is told before the first of those that were let in', async () => {
      const verifier = passwordVerifier(hasher)
      const order: unknown[] = []
      const outcomes = flood(verifier, [stored], places + 2)
      for (const outcome of outcomes) void outcome.then((verdict) => order.push(verdict))
      await tally(outcomes)
      assert.deepEqual(order.slice(0, 2), ['busy', 'busy'])
    })

    test('holds up no generated secret', async () => {
      const verifier = passwordVerifier(hasher)
      const secret = generatePassword()
      const outcomes = flood(verifier, [stored], places * 2)
      assert.equal(verifier.verify('pump/P-2', secret, [hasher.hash(secret)]), true)
      await tally(outcomes)
    })

    test('holds up nobody who is remembered', async () => {
      const verifier = passwordVerifier(hasher)
      await verifier.verify('pump/P-2', PASSWORD, [CHEAP])
      const outcomes = flood(verifier, [stored], places * 2)
      assert.equal(verifier.verify('pump/P-2', PASSWORD, [CHEAP]), true)
      await tally(outcomes)
    })

    test('of one and the same check takes one place', async () => {
      const verifier = passwordVerifier(hasher)
      const same = () => Promise.resolve(verifier.verify(NAME, 'guess', [stored]))
      const outcomes = Array.from({ length: places * 3 }, same)
      assert.deepEqual(await tally(outcomes), { false: places * 3 })
    })
  })
}

test('where the runtime refuses so many rounds, they are run on the event loop', async () => {
  const deriveBits = crypto.subtle.deriveBits
  let refusals = 0
  // As Cloudflare Workers does above 100,000 rounds.
  crypto.subtle.deriveBits = () => {
    refusals++
    return Promise.reject(new DOMException('too many rounds', 'NotSupportedError'))
  }
  try {
    const verifier = passwordVerifier(hasher)
    assert.equal(await verifier.verify(NAME, PASSWORD, [MOSQUITTO]), true)
    assert.equal(await verifier.verify(NAME, 'wrong', [MOSQUITTO]), false)
    assert.equal(refusals, 2)
    // With rounds enough that the first is not done before the last one comes.
    const longer = MOSQUITTO.replace('$101$', '$5000$')
    const outcomes = flood(verifier, [longer], 1 + MAX_LOOP_WAITING + 2)
    assert.deepEqual(await tally(outcomes), { false: 1 + MAX_LOOP_WAITING, busy: 2 })
  } finally {
    crypto.subtle.deriveBits = deriveBits
  }
})

test('checks that never settle hold up nobody for good', async () => {
  const clock = { now: 0 }
  const verifier = passwordVerifier(hasher, { now: () => clock.now })
  const deriveBits = crypto.subtle.deriveBits
  // As in an edge worker that drops the requests which began them.
  crypto.subtle.deriveBits = () => new Promise(() => {})
  const lost = [
    verifier.verify(NAME, PASSWORD, [MOSQUITTO]),
    ...flood(verifier, [MOSQUITTO], room - 1),
  ]
  assert.equal(await verifier.verify(NAME, 'one more', [MOSQUITTO]), 'busy')
  crypto.subtle.deriveBits = deriveBits

  clock.now = LOST_AFTER_MS - 1
  assert.equal(await verifier.verify(NAME, 'one more', [MOSQUITTO]), 'busy')
  clock.now = LOST_AFTER_MS
  const again = within(Promise.resolve(verifier.verify(NAME, PASSWORD, [MOSQUITTO])), 'verdict')
  assert.equal(await again, true)
  // Those that waited are told.
  assert.equal(await lost.at(-1), 'busy')
})

test('slow checks wait in numbers that a broker has the patience for, and let others run', () => {
  assert.deepEqual([MAX_NATIVE_WAITING, MAX_LOOP_WAITING], [16, 4])
  assert.deepEqual([REMEMBER_MS, MAX_REMEMBERED], [300_000, 10_000])
  assert.deepEqual({ LOST_AFTER_MS, LOOP_SLICE }, { LOST_AFTER_MS: 10_000, LOOP_SLICE: 1 })
})

test('where there are cores for it, slow checks run beside the event loop, up to the threads there are', async () => {
  assert.ok(MAX_NATIVE_CHECKS >= 1 && MAX_NATIVE_CHECKS <= 3)
  assert.equal(MAX_NATIVE_CHECKS, Math.min(countCores(), 3))
  for (const [cores, checks] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [64, 3],
  ]) {
    assert.equal((await slowCheckWith(cores!)).MAX_NATIVE_CHECKS, checks)
  }
  // Every runtime that this runs on has it: Node from 20.16 and 22.3 on, Bun, Deno.
  assert.equal(HAS_NATIVE_SCRYPT, true)
})

describe('nobody', () => {
  const unknown: [title: string, stored: readonly string[]][] = [
    ['without a stored secret', []],
    ['with a malformed one', [MALFORMED]],
    [
      'with one of an unknown format',
      ['$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$RdescudvJCsgt3ub'],
    ],
  ]
  for (const [title, stored] of unknown) {
    test(`${title} has to wait, once a slow secret was met`, async () => {
      const verifier = passwordVerifier(hasher)
      await verifier.verify(NAME, PASSWORD, [CHEAP])
      const outcome = verifier.verify('nobody', PASSWORD, stored)
      assert.ok(outcome instanceof Promise)
      assert.equal(await outcome, false)
    })

    test(`${title} takes no room from those on record`, async () => {
      const verifier = passwordVerifier(hasher)
      await verifier.verify(NAME, PASSWORD, [MOSQUITTO])
      const order: string[] = []
      const strangers = Array.from({ length: 10 * room }, async (_, i) => {
        const verdict = await verifier.verify(`nobody ${i}`, 'guess', stored)
        order.push('stranger')
        return verdict
      })
      const devices = Array.from({ length: room }, async (_, i) => {
        const verdict = await verifier.verify(`pump/P-${i}`, `${i}`, [MOSQUITTO])
        order.push('device')
        return verdict
      })
      assert.deepEqual(await tally(devices), { false: room })
      assert.deepEqual(await tally(strangers), { false: 10 * room })
    })
  }

  test('is told what a wrong password would be told while there is no room', async () => {
    const verifier = passwordVerifier(hasher)
    assert.equal(await verifier.verify(NAME, PASSWORD, [MOSQUITTO]), true)
    const deriveBits = crypto.subtle.deriveBits
    const held = deferred()
    crypto.subtle.deriveBits = async (...args) => {
      await held.promise
      return deriveBits.apply(crypto.subtle, args)
    }
    try {
      const devices = flood(verifier, [MOSQUITTO], room)
      assert.equal(await verifier.verify(NAME, 'one more', [MOSQUITTO]), 'busy')
      assert.equal(await verifier.verify('nobody', 'one more', []), 'busy')
      // Of another peer, it would have its turn.
      const other = { peer: 'b', begin: () => true, takeBack() {} }
      const outcomes = [
        Promise.resolve(verifier.verify('nobody', 'x', [], other)),
        Promise.resolve(verifier.verify(NAME, 'x', [MOSQUITTO], other)),
      ]
      held.resolve()
      assert.deepEqual(await tally(outcomes), { false: 2 })
      assert.deepEqual(await tally(devices), { false: room - 1, busy: 1 })
    } finally {
      crypto.subtle.deriveBits = deriveBits
    }
  })

  test('takes the time of a wrong one where the clock stands still while code runs', async () => {
    const CHECK_MS = 300
    const clock = { now: 1_000_000 }
    const verifier = passwordVerifier(hasher, { now: () => clock.now })
    using _ = onInput(async () => {
      clock.now += CHECK_MS
    })
    assert.equal(await verifier.verify(NAME, 'wrong', [CHEAP]), false)
    const start = performance.now()
    assert.equal(await verifier.verify('nobody', 'wrong', []), false)
    const time = performance.now() - start
    // Timers may come a little early.
    assert.ok(time > CHECK_MS - 10, `${time} ms`)
  })

  test('is not told of a wrong one before its time is noted, where the clock stands still', async () => {
    const verifier = passwordVerifier(hasher, { now: () => 0 })
    const [asked, held] = [deferred(), deferred()]
    using _ = onInput(() => {
      asked.resolve()
      return held.promise
    })
    let isTold = false
    const denial = Promise.resolve(verifier.verify(NAME, 'wrong', [CHEAP])).finally(() => {
      isTold = true
    })
    await within(asked.promise, 'input')
    await new Promise((resolve) => setTimeout(resolve, 0))
    assert.equal(isTold, false)
    held.resolve()
    assert.equal(await within(denial, 'denial'), false)
  })

  test('is not waited for by who comes in, where the clock stands still', async () => {
    const verifier = passwordVerifier(hasher, { now: () => 0 })
    using _ = onInput(() => new Promise(() => {}))
    assert.equal(await verifier.verify(NAME, PASSWORD, [CHEAP]), true)
  })

  test('waits in numbers that are bounded, and all are answered', async () => {
    const verifier = passwordVerifier(hasher)
    await verifier.verify(NAME, PASSWORD, [MOSQUITTO])
    const count = MAX_DECOYS + 500
    const outcomes = Array.from({ length: count }, (_, i) => {
      return Promise.resolve(verifier.verify(`nobody ${i}`, 'guess', []))
    })
    assert.deepEqual(await tally(outcomes), { false: count })
    assert.equal(await verifier.verify(NAME, 'wrong', [MOSQUITTO]), false)
  })

  test('is taken with no password, not even that of who was met', async () => {
    const verifier = passwordVerifier(hasher)
    assert.equal(await verifier.verify(NAME, PASSWORD, [CHEAP]), true)
    for (let i = 0; i < 10; i++) {
      assert.equal(await verifier.verify(`nobody ${i}`, PASSWORD, []), false)
      assert.equal(await verifier.verify(NAME, PASSWORD, []), false)
    }
  })
})

describe('an attempt', () => {
  const generated = generatePassword()

  const rows: [
    title: string,
    stored: readonly string[],
    password: string,
    verdict: boolean,
    told: readonly string[],
  ][] = [
    ['at a wrong slow password counts', [CHEAP], 'wrong', false, ['begin']],
    ['at several slow ones counts once', [CHEAP, MOSQUITTO], 'wrong', false, ['begin']],
    ['at a right one is taken back', [CHEAP], PASSWORD, true, ['begin', 'take back']],
    ['under no known name counts', [], 'wrong', false, ['begin']],
    ['at a generated one does not', [hasher.hash(generated)], generated, true, []],
    ['at a generated one that is wrong does not', [hasher.hash(generated)], 'wrong', false, []],
    [
      'at several generated ones that are wrong does not',
      [hasher.hash(generated), hasher.hash(generatePassword())],
      'wrong',
      false,
      [],
    ],
  ]
  for (const [title, stored, password, verdict, told] of rows) {
    test(title, async () => {
      const verifier = passwordVerifier(hasher)
      await verifier.verify('other', 'wrong', [CHEAP])
      const counted = counting(1)
      assert.equal(await verifier.verify(NAME, password, stored, counted.attempt), verdict)
      assert.deepEqual(counted.told, told)
    })
  }

  test('that was wrong counts again, each time that it is made', async () => {
    const verifier = passwordVerifier(hasher)
    const { told, attempt } = counting(2)
    for (const verdict of [false, false, 'throttled']) {
      assert.equal(await verifier.verify(NAME, 'wrong', [CHEAP], attempt), verdict)
    }
    assert.deepEqual(told, ['begin', 'begin', 'refuse'])
  })

  test('at once with another counts beside it, if only the texts of both are alike', async () => {
    const verifier = passwordVerifier(hasher)
    await verifier.verify('other', 'wrong', [CHEAP])
    const { told, attempt } = counting(10)
    const outcomes = [
      ['nobody', '7guess'],
      ['nobody7', 'guess'],
      ['nobody7g', 'uess'],
    ].map(([name, password]) => Promise.resolve(verifier.verify(name!, password!, [], attempt)))
    assert.deepEqual(await tally(outcomes), { false: 3 })
    assert.deepEqual(told, ['begin', 'begin', 'begin'])
  })

  for (const [title, stored] of [
    ['a device', [MOSQUITTO]],
    ['nobody', []],
  ] as const) {
    test(`of 2,000 at once under the name of ${title} no more are made than may begin`, async () => {
      const verifier = passwordVerifier(hasher)
      await verifier.verify(NAME, 'wrong', [MOSQUITTO])
      const { told, attempt } = counting(10)
      const outcomes = Array.from({ length: 2_000 }, (_, i) => {
        return Promise.resolve(verifier.verify(NAME, `guess ${i}`, stored, attempt))
      })
      assert.deepEqual(await tally(outcomes), { false: 10, throttled: 1_990 })
      assert.equal(told.filter((what) => what === 'begin').length, 10)
    })
  }

  test('for which there is no room is taken back', async () => {
    const verifier = passwordVerifier(hasher)
    const busy = counting(1)
    const outcomes = flood(verifier, [MOSQUITTO], room)
    assert.equal(await verifier.verify(NAME, 'one more', [MOSQUITTO], busy.attempt), 'busy')
    assert.deepEqual(busy.told, ['begin', 'take back'])
    await tally(outcomes)
  })
})

test('an attempt that is given up ends none that took its place', async () => {
  let now = 0
  const verifier = passwordVerifier(hasher, { now: () => now })
  const begun = [deferred<boolean>(), deferred<boolean>()]
  let attempts = 0
  const attempt = { peer: undefined, begin: () => begun[attempts++]!.promise, takeBack() {} }
  const verify = () => Promise.resolve(verifier.verify(NAME, 'wrong', [CHEAP], attempt))
  const first = verify()
  now += LOST_AFTER_MS
  const second = verify()
  begun[0]!.resolve(false)
  assert.equal(await within(first, 'end of the first'), 'throttled')
  // Equal to the second one, and so no attempt of its own.
  const third = verify()
  assert.equal(attempts, 2)
  begun[1]!.resolve(true)
  assert.deepEqual(await within(Promise.all([second, third]), 'the others'), [false, false])
})
