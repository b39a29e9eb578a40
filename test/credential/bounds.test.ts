/**
 * How many tasks run at once, and how long something is remembered.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gate } from '../../src/credential/gate.ts'
import { remembered } from '../../src/credential/remembered.ts'
import { deferred, within } from '../support/wait.ts'

/** What came of a task, let in or not. */
function settled<T>(outcome: Promise<T> | T, what: string): Promise<T> {
  return within(Promise.resolve(outcome), what)
}

describe('a gate for 2 that run and 2 that wait', () => {
  function opened() {
    const { run } = gate({ running: 2, waiting: 2, lostAfter: 100, now: () => 1_000 })
    const started: number[] = []
    const ends = Array.from({ length: 6 }, () => deferred<string>())
    const outcomes = ends.map((end, i) =>
      run(() => {
        started.push(i)
        return end.promise
      }),
    )
    return { run, started, ends, outcomes }
  }

  test('runs two, lets two wait, and refuses the others at once', () => {
    const { started, outcomes } = opened()
    assert.deepEqual(started, [0, 1])
    const refused = outcomes.map((outcome) => outcome === 'busy')
    assert.deepEqual(refused, [false, false, false, false, true, true])
  })

  test('hands a place to who has waited longest', async () => {
    const { started, ends, outcomes } = opened()
    ends[1]!.resolve('second')
    assert.equal(await settled(outcomes[1]!, 'second outcome'), 'second')
    assert.deepEqual(started, [0, 1, 2])
    ends[0]!.resolve('first')
    assert.equal(await settled(outcomes[0]!, 'first outcome'), 'first')
    assert.deepEqual(started, [0, 1, 2, 3])
  })

  test('gives nobody who comes now the place of one who waits', async () => {
    const { run, started, ends, outcomes } = opened()
    ends[0]!.resolve('first')
    await settled(outcomes[0]!, 'first outcome')
    const late = run(async () => 'late')
    assert.deepEqual(started, [0, 1, 2])
    for (const end of ends) end.resolve('')
    assert.equal(await settled(late, 'late outcome'), 'late')
  })

  test('takes a failure for an end', async () => {
    const { run, ends, outcomes } = opened()
    ends[0]!.reject(new Error('no'))
    await assert.rejects(settled(outcomes[0]!, 'failure'), { message: 'no' })
    for (const end of ends.slice(1)) end.resolve('')
    await within(Promise.all(outcomes.slice(1)), 'others')
    const again = [1, 2, 3, 4, 5].map(() => run(() => deferred().promise) !== 'busy')
    assert.deepEqual(again, [true, true, true, true, false])
  })
})

describe('a gate that gives a task up after 100 ms', () => {
  test('gives its place to who comes then, and tells those who waited', async () => {
    const clock = { now: 1_000 }
    const { run } = gate({ running: 1, waiting: 1, lostAfter: 100, now: () => clock.now })
    const lost = deferred<string>()
    const outcome = run(() => lost.promise)
    const waited = run(async () => 'waited')
    clock.now = 1_099
    assert.equal(
      run(async () => 'too early'),
      'busy',
    )
    clock.now = 1_100
    assert.equal(
      await settled(
        run(async () => 'late'),
        'late outcome',
      ),
      'late',
    )
    assert.equal(await settled(waited, 'outcome of who waited'), 'busy')
    // Those who were told are in nobody's way.
    const next = run(async () => 'next')
    assert.equal(await settled(next, 'next outcome'), 'next')
    lost.resolve('lost')
    assert.equal(await settled(outcome, 'lost outcome'), 'lost')
  })

  test('has all its room again, and who pretends has its turn', async () => {
    const clock = { now: 1_000 }
    const { run, pretend } = gate({ running: 1, waiting: 1, lostAfter: 100, now: () => clock.now })
    const never = () => new Promise<never>(() => {})
    const pretended = () => Promise.resolve(pretend())
    const outcomes = [run(never), run(never)]
    clock.now = 1_099
    assert.equal(pretend(), 'busy')
    clock.now = 1_100
    assert.equal(await settled(pretended(), 'turn'), 'turn')
    assert.equal(await settled(outcomes[1]!, 'outcome of who waited'), 'busy')
    const again = [never, never, never].map((task) => run(task) !== 'busy')
    assert.deepEqual(again, [true, true, false])
  })

  test('makes no room beyond its own when that one settles after all', async () => {
    const clock = { now: 1_000 }
    const { run } = gate({ running: 1, waiting: 1, lostAfter: 100, now: () => clock.now })
    const [lost, next] = [deferred(), deferred()]
    const outcome = run(() => lost.promise)
    clock.now = 1_100
    const running = run(() => next.promise)
    let started = false
    const waiting = run(async () => {
      started = true
    })
    lost.resolve()
    await outcome
    assert.equal(started, false)
    assert.equal(
      run(async () => {}),
      'busy',
    )
    next.resolve()
    await within(Promise.all([running, waiting]), 'both')
    assert.equal(started, true)
  })
})

describe('at a gate for 1 that runs and 4 that wait', () => {
  /** One runs until it is ended; others come, each of a peer, and say when it is their turn. */
  function opened() {
    const { run, pretend } = gate({ running: 1, waiting: 4, lostAfter: 100, now: () => 1_000 })
    const order: string[] = []
    const first = deferred()
    const running = run(() => first.promise)
    return {
      order,
      come: async (name: string, peer?: string) => {
        const outcome = await run(async () => order.push(name), peer)
        if (outcome === 'busy') order.push(`${name} busy`)
      },
      pretend: async (name: string, peer?: string) => {
        order.push(`${name} ${await pretend(peer)}`)
      },
      async end() {
        first.resolve()
        await running
      },
    }
  }

  const rows: [title: string, come: readonly string[], order: readonly string[]][] = [
    [
      'those of one peer have their turns in order, and more are busy',
      ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'],
      ['a5 busy', 'a6 busy', 'a1', 'a2', 'a3', 'a4'],
    ],
    ['peers take turns', ['a1', 'a2', 'a3', 'b1'], ['a1', 'b1', 'a2', 'a3']],
    [
      'the newest of the peer with most gives way to another peer',
      ['a1', 'a2', 'a3', 'a4', 'b1', 'b2'],
      ['a4 busy', 'a3 busy', 'a1', 'b1', 'a2', 'b2'],
    ],
    [
      'but not to one that would have more than it',
      ['a1', 'a2', 'b1', 'b2', 'a3', 'b3', 'c1'],
      ['a3 busy', 'b3 busy', 'a2 busy', 'a1', 'b1', 'c1', 'b2'],
    ],
    [
      'nor to one that has as many already',
      ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3'],
      ['a4 busy', 'a3 busy', 'b3 busy', 'a1', 'b1', 'a2', 'b2'],
    ],
    ['whoever came first', ['a1', 'b1', 'b2', 'b3', 'c1'], ['b3 busy', 'a1', 'b1', 'c1', 'b2']],
    [
      'those of no known peer are those of one',
      ['1', '2', '3', '?4', '5', '?6', '7', 'a1'],
      ['?6 busy', '7 busy', '5 busy', '1', 'a1', '2', '3', '?4 turn'],
    ],
    ['nor where each has one', ['a1', 'b1', 'c1', 'd1', 'e1'], ['e1 busy', 'a1', 'b1', 'c1', 'd1']],
    [
      'who pretends waits for those before it, and keeps nobody out',
      ['?a1', 'a2', '?a3', '?a4', 'a5', 'a6', '?a7', 'a8', 'a9', '?a10'],
      [
        'a9 busy',
        '?a10 busy',
        '?a1 turn',
        'a2',
        '?a3 turn',
        '?a4 turn',
        'a5',
        'a6',
        '?a7 turn',
        'a8',
      ],
    ],
    [
      'who pretends behind a task that gives way is told what that is told',
      ['a1', 'a2', 'a3', '?a4', 'b1', 'c1'],
      ['?a4 busy', 'a3 busy', 'a1', 'b1', 'c1', 'a2'],
    ],
    [
      'who pretends takes the turn of its peer, gives way with it, and makes nobody give way',
      ['a1', 'a2', 'a3', 'a4', '?a5', '?b1', 'b2', '?b3'],
      ['?a5 busy', 'a4 busy', 'a1', '?b1 turn', 'b2', 'a2', '?b3 turn', 'a3'],
    ],
  ]
  for (const [title, come, expected] of rows) {
    test(title, async () => {
      const site = opened()
      const outcomes = come.map((name) => {
        const peer = /[a-z]/.exec(name)?.[0]
        return name.startsWith('?') ? site.pretend(name, peer) : site.come(name, peer)
      })
      await site.end()
      await within(Promise.all(outcomes), 'turns')
      // Who is told in one turn of the event loop may hear of it in any order; turns are in order.
      assert.deepEqual([...site.order].sort(), [...expected].sort())
      const turns = (names: readonly string[]) => names.filter((name) => !name.includes(' '))
      assert.deepEqual(turns(site.order), turns(expected))
    })
  }

  test('who gave way or had its turn is counted no longer', async () => {
    const { run } = gate({ running: 1, waiting: 4, lostAfter: 100, now: () => 1_000 })
    const ends = new Map<string, () => void>()
    const told: string[] = []
    /** Comes, and has its turn until it is ended by its name. */
    const come = async (name: string) => {
      const { promise, resolve } = deferred()
      ends.set(name, resolve)
      const outcome = await run(() => promise, name[0])
      if (outcome === 'busy') told.push(`${name} busy`)
    }
    const first = come('first')
    const outcomes = ['a1', 'a2', 'a3', 'a4', 'b1'].map(come)
    // a1 has its turn, and then each peer but one has as few as another can have.
    ends.get('first')!()
    await first
    outcomes.push(...['c1', 'd1', 'e1'].map(come))
    const others = outcomes.splice(1)
    for (const end of ends.values()) end()
    await within(Promise.all([...outcomes, ...others]), 'turns')
    assert.deepEqual(told.toSorted(), ['a3 busy', 'a4 busy', 'e1 busy'])
    const again = Array.from({ length: 6 }, () => run(() => new Promise(() => {}), 'f') !== 'busy')
    assert.deepEqual(again, [true, true, true, true, true, false])
  })

  test('who pretends has its turn at once while there is a place, and takes none', async () => {
    const { run, pretend } = gate({ running: 1, waiting: 0, lostAfter: 100, now: () => 1_000 })
    for (let i = 0; i < 100; i++) assert.equal(pretend(), 'turn')
    const end = deferred()
    const running = run(() => end.promise)
    assert.notEqual(running, 'busy')
    assert.equal(pretend(), 'busy')
    end.resolve()
    await running
    assert.equal(pretend(), 'turn')
  })
})

describe('what is remembered for 100 ms, 3 at most,', () => {
  function memory() {
    const clock = { now: 1_000 }
    return { clock, ...remembered(100, 3, () => clock.now) }
  }

  test('is there until then, and not a moment longer', () => {
    const { clock, add, has } = memory()
    add('a')
    clock.now = 1_099
    assert.equal(has('a'), true)
    clock.now = 1_100
    assert.equal(has('a'), false)
    clock.now = 1_050
    assert.equal(has('a'), false)
  })

  test('is not prolonged by being looked up, but by being added again', () => {
    const { clock, add, has } = memory()
    add('a')
    add('b')
    clock.now = 1_090
    assert.equal(has('a'), true)
    add('b')
    clock.now = 1_110
    assert.deepEqual([has('a'), has('b')], [false, true])
  })

  test('makes room by forgetting what was added first', () => {
    const { add, has } = memory()
    for (const key of ['a', 'b', 'c', 'a', 'd']) add(key)
    assert.deepEqual(['a', 'b', 'c', 'd'].map(has), [true, false, true, true])
  })

  test('is nothing else', () => {
    const { add, has } = memory()
    add('a')
    for (const key of ['', 'A', 'a ', '__proto__', 'constructor']) assert.equal(has(key), false)
  })
})
