/**
 * Changes of other processes: whom they are told to, what counts then, and that nothing waits for a feed
 * that is out of order.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ChangeError,
  type ChangeListenerOptions,
  type DeviceStore,
  type ExpiringKeys,
  type Fleet,
  type HeardChange,
  memoryKeys,
  memoryStore,
  watchFleet,
} from '../../src/index.ts'
import { type TestFeed, testFeed } from '../support/feed.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { makeFleet, pump } from './fixture.ts'

const publish = {
  username: 'pump/P-1',
  action: 'publish',
  topic: 'things/pump/P-1/data',
} as const

/** Processes of a fleet, with one store and one feed. */
interface Site {
  readonly feed: TestFeed
  readonly store: DeviceStore
  readonly lines: Collector<string>
  /** A process. It never reads again by itself. */
  process(keys?: ExpiringKeys): Fleet
  watch(fleet: Fleet): Promise<AsyncDisposable & { readonly isListening: boolean }>
}

function openSite(): Site {
  const feed = testFeed()
  const store = memoryStore()
  const lines = new Collector<string>()
  const logger = { info: lines.push, warn: lines.push, error: lines.push }
  return {
    feed,
    store,
    lines,
    process: (keys) => makeFleet({ store, feed, rulesLifetime: 3_600, ...(keys && { keys }) }),
    watch: (fleet) => watchFleet(fleet, { logger }),
  }
}

/** Settles when all that was sent until now is heard. */
async function heard(feed: TestFeed): Promise<void> {
  const text = 'somebody echo 1'
  const done = deferred()
  const connection = await feed.listen((one) => one === text && done.resolve(), done.reject)
  await feed.publish(text)
  await within(done.promise, 'text')
  // What that has others do takes a few turns, and no time.
  await new Promise((resolve) => setTimeout(resolve, 5))
  await connection.close()
}

describe('a change of another process', () => {
  test('counts for the next question, and without watching it does not', async () => {
    const { feed, process, watch } = openSite()
    const [one, two, deaf] = [process(), process(), process()]
    await one.provision(pump, 'P-1')
    await using _ = await watch(two)
    const effects = async () =>
      [(await two.authorize(publish)).effect, (await deaf.authorize(publish)).effect].join()
    assert.equal(await effects(), 'allow,allow')
    await one.revoke(pump, 'P-1')
    await heard(feed)
    assert.equal(await effects(), 'deny,allow')
  })

  test('of each kind is told with its mark, once, and none of its own', async () => {
    const { feed, process, watch } = openSite()
    const [one, two] = [process(), process()]
    await using _ = await watch(one)
    await using _also = await watch(two)
    const here: HeardChange[] = []
    const there: HeardChange[] = []
    one.onChange('here', (change) => void here.push(change), { holds: 'own' })
    two.onChange('there', (change) => void there.push(change), { holds: 'own' })
    await one.provision(pump, 'P-1', { username: 'north-1' })
    await one.update(pump, 'P-1', { rules: [] })
    await one.rotate(pump, 'P-1')
    await one.remove(pump, 'P-1')
    await heard(feed)
    const of = { type: 'pump', id: 'P-1', username: 'north-1' }
    const kinds = ['provisioned', 'updated', 'rotated', 'revoked', 'removed'] as const
    assert.deepEqual(
      here,
      kinds.map((kind) => ({ kind, ...of })),
    )
    assert.deepEqual(
      there,
      kinds.map((kind) => ({ kind, ...of, elsewhere: true })),
    )
  })

  test('holds no password', async () => {
    const { feed, process } = openSite()
    const { password } = await process().provision(pump, 'P-1')
    assert.equal(feed.sent.length, 1)
    assert.ok(!feed.sent[0]!.includes(password))
  })

  test('that was refused is not told', async () => {
    const { feed, process } = openSite()
    const fleet = process()
    await fleet.provision(pump, 'P-1')
    feed.sent.length = 0
    await assert.rejects(fleet.provision(pump, 'P-1'))
    await assert.rejects(fleet.revoke(pump, 'P-2'))
    await assert.rejects(fleet.update(pump, 'P-1', {}))
    assert.deepEqual(feed.sent, [])
  })

  test('is on record when it is told', async () => {
    const { feed, process, store, watch } = openSite()
    const [one, two] = [process(), process()]
    await using _ = await watch(two)
    const read = new Collector<boolean | undefined>()
    const listener = async () => read.push((await store.get('pump', 'P-1'))?.revoked)
    two.onChange('reader', listener, { holds: 'own' })
    await one.provision(pump, 'P-1')
    await one.revoke(pump, 'P-1')
    await heard(feed)
    assert.deepEqual(read.items, [false, true])
  })

  test('beside many others is told in few texts, in their order', async () => {
    const { feed, process, watch } = openSite()
    const [one, two] = [process(), process()]
    await using _ = await watch(two)
    const told: string[] = []
    two.onChange('there', ({ id }) => void told.push(id!), { holds: 'own' })
    const ids = Array.from({ length: 1_000 }, (_, i) => `水 P-${i}`)
    feed.sent.length = 0
    const outcomes = await one.provisionMany(
      pump,
      ids.map((id) => ({ id })),
    )
    assert.ok(outcomes.every((outcome) => 'device' in outcome))
    await heard(feed)
    assert.deepEqual(told, ids)
    assert.ok(feed.sent.length < 20, `${feed.sent.length} texts`)
    feed.publishing = new Error('the feed is away')
    const failed = await Promise.allSettled(ids.map((id) => one.revoke(pump, id)))
    assert.ok(failed.every((each) => each.status === 'rejected'))
    feed.publishing = undefined
    assert.deepEqual((await one.revoke(pump, ids[0]!)).done, ['other processes'])
  })

  test('with the longest names there are is told', async () => {
    const { feed, process, watch } = openSite()
    const [one, two] = [process(), process()]
    await using _ = await watch(two)
    const told: string[] = []
    two.onChange('there', ({ id }) => void told.push(id!), { holds: 'own' })
    for (const character of ['x', '水', '😀', '"']) {
      const id = character.repeat(128)
      await one.provision(pump, id, { username: `${character.repeat(127)}.` })
      await heard(feed)
      assert.equal(told.pop(), id)
    }
  })
})

describe('who acts on a revocation', () => {
  const own: ChangeListenerOptions = { holds: 'own' }
  /** What each process has, the maker first, and how often each is to act. */
  const CASES: readonly [
    title: string,
    has: readonly (readonly [name: string, options?: ChangeListenerOptions])[][],
    acts: readonly number[],
    keys?: 'none',
  ][] = [
    ['the maker has the way', [[['emqx']], [['emqx']], [['emqx']]], [1, 0, 0]],
    ['one other has it', [[], [['emqx']], []], [0, 1, 0]],
    ['several others have it: one of them', [[], [['emqx']], [['emqx']], [['emqx']]], [1]],
    ['nobody has it', [[], [], []], [0, 0, 0]],
    ['the maker has another way', [[['emqx']], [['Mosquitto']], []], [1, 1, 0]],
    ['own connections: everybody', [[['broker', own]], [['broker', own]]], [1, 1]],
    ['own connections of others alone', [[], [['broker', own]], [['broker', own]]], [0, 1, 1]],
    ['own ones here do not stand for a way', [[['emqx', own]], [['emqx']]], [1, 1]],
    ['one process with two of a name: both', [[], [['emqx'], ['emqx']], []], [0, 2, 0]],
    ['shared is the default', [[['a', { holds: 'shared' }]], [['a']]], [1, 0]],
    ['without shared keys each other takes it', [[], [['emqx']], [['emqx']]], [0, 1, 1], 'none'],
    ['without shared keys the maker is one still', [[['emqx']], [['emqx']]], [1, 0], 'none'],
  ]
  for (const [title, has, acts, without] of CASES) {
    test(`${title}`, async () => {
      const { feed, process, watch } = openSite()
      const keys = without ? undefined : memoryKeys()
      const count = has.map(() => 0)
      const fleets = has.map((listeners, i) => {
        const fleet = process(keys)
        for (const [name, options] of listeners) {
          fleet.onChange(name, ({ kind }) => void (kind === 'revoked' && count[i]!++), options)
        }
        return fleet
      })
      const watches: AsyncDisposable[] = []
      try {
        for (const fleet of fleets) watches.push(await watch(fleet))
        await fleets[0]!.provision(pump, 'P-1')
        await fleets[0]!.revoke(pump, 'P-1')
        await heard(feed)
        // Which of several it is nobody can say.
        if (acts.length === 1)
          assert.equal(
            count.reduce((sum, one) => sum + one, 0),
            acts[0],
          )
        else assert.deepEqual(count, acts)
        // Again: another revocation, for those whose sessions go on.
        await fleets[0]!.revoke(pump, 'P-1')
        await heard(feed)
        const sum = acts.reduce((all, one) => all + one, 0)
        assert.equal(
          count.reduce((all, one) => all + one, 0),
          2 * sum,
        )
      } finally {
        for (const each of watches) await each[Symbol.asyncDispose]()
      }
    })
  }

  test('keys that are away have it done rather twice than never', async () => {
    const { feed, process, watch } = openSite()
    const away = { ...memoryKeys(), setIfAbsent: () => Promise.reject(new Error('away')) }
    const [one, two] = [process(), process(away)]
    await using _ = await watch(two)
    let told = 0
    two.onChange('emqx', () => void told++)
    await one.provision(pump, 'P-1')
    await heard(feed)
    assert.equal(told, 1)
  })

  test('of one device one after the other, and a slow one keeps no other waiting', async () => {
    const { feed, process, watch } = openSite()
    const [one, two] = [process(), process()]
    await one.provision(pump, 'P-1')
    await one.provision(pump, 'P-2')
    await using _ = await watch(two)
    const slow = deferred()
    const told: string[] = []
    two.onChange('slow', async ({ kind, id }) => {
      told.push(`slow ${kind} ${id}`)
      if (id === 'P-1') await slow.promise
    })
    two.onChange('quick', ({ kind, id }) => void told.push(`quick ${kind} ${id}`))
    await one.remove(pump, 'P-1')
    await one.revoke(pump, 'P-2')
    await heard(feed)
    assert.deepEqual(told.sort(), [
      'quick removed P-1',
      'quick revoked P-1',
      'quick revoked P-2',
      'slow revoked P-1',
      'slow revoked P-2',
    ])
    slow.resolve()
    await heard(feed)
    assert.equal(told.at(-1), 'slow removed P-1')
  })

  test('one that fails is logged, and nobody else is kept from it', async () => {
    const { feed, process, watch, lines } = openSite()
    const [one, two] = [process(), process()]
    await using _ = await watch(two)
    let told = 0
    two.onChange('broken', () => {
      throw new Error('the gateway is away')
    })
    two.onChange('rejects', () => Promise.reject(new Error('the gateway is away, too')))
    two.onChange('works', () => void told++)
    await one.provision(pump, 'P-1')
    await heard(feed)
    assert.equal(told, 1)
    const problem = 'act on a change that another process made: provisioned: Error: the gateway is'
    assert.deepEqual(lines.items, [
      `broken could not ${problem} away`,
      `rejects could not ${problem} away, too`,
    ])
  })
})

describe('whoever makes a change', () => {
  test('is told that the others were told', async () => {
    const { process } = openSite()
    const fleet = process()
    fleet.onChange('emqx', () => {})
    assert.deepEqual((await fleet.provision(pump, 'P-1')).done, ['emqx', 'other processes'])
    assert.deepEqual((await makeFleet().provision(pump, 'P-1')).done, [])
  })

  test('is told that they were not, and what was done is done', async () => {
    const { feed, process, store } = openSite()
    const fleet = process()
    await fleet.provision(pump, 'P-1')
    feed.publishing = new Error('the feed is away')
    const error = await fleet.revoke(pump, 'P-1').catch((thrown) => thrown)
    assert.ok(error instanceof ChangeError)
    assert.deepEqual(
      error.failed.map(({ name, error: problem }) => [name, problem.message]),
      [['other processes', 'the feed is away']],
    )
    assert.equal((await store.get('pump', 'P-1'))?.revoked, true)
    feed.publishing = undefined
    assert.deepEqual((await fleet.revoke(pump, 'P-1')).done, ['other processes'])
  })
})

describe('names of listeners that', () => {
  for (const [title, count, isTold] of [
    ['fit into a text are told', 60, true],
    ['are more than that are a failure', 70, false],
  ] as const) {
    test(title, async () => {
      const { feed, process } = openSite()
      const fleet = process()
      for (let i = 0; i < count; i++) fleet.onChange(`${i}`.padEnd(100, '.'), () => {})
      const provisioned = fleet.provision(pump, 'P-1')
      if (isTold) await provisioned
      else
        await assert.rejects(provisioned, { code: 'ERR_CHANGE_INCOMPLETE', message: /7000 bytes/ })
      assert.equal(feed.sent.length, isTold ? 1 : 0)
    })
  }
})

describe('a connection that is lost', () => {
  test('is made again, and everything is read anew', async () => {
    const { feed, process, watch } = openSite()
    const [one, two] = [process(), process()]
    await one.provision(pump, 'P-1')
    const missed = new Collector<string>()
    two.onChange('holder', () => {}, { onMissed: () => missed.push('missed') })
    await using watching = await watch(two)
    assert.deepEqual(missed.items, ['missed'])
    assert.equal((await two.authorize(publish)).effect, 'allow')
    feed.listening = new Error('the network is away')
    feed.sever()
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(watching.isListening, false)
    await one.revoke(pump, 'P-1')
    // As last read: nobody told it.
    assert.equal((await two.authorize(publish)).effect, 'allow')
    feed.listening = undefined
    await missed.reach(2, 'notices')
    assert.equal(watching.isListening, true)
    assert.equal((await two.authorize(publish)).effect, 'deny')
  })

  test('is logged, and that it is back', async () => {
    const { feed, process, watch, lines } = openSite()
    await using _ = await watch(process())
    assert.deepEqual(lines.items, [])
    feed.sever()
    await lines.reach(2, 'lines')
    assert.match(
      lines.items[0]!,
      /^Changes that other processes make are not heard: Error: the connection was cut; /,
    )
    assert.equal(lines.items[1], 'Changes that other processes make are heard again.')
  })

  test('that is cut again and again is made after ever longer pauses', async () => {
    const { feed, process, watch } = openSite()
    const { setTimeout: real } = globalThis
    const pauses: number[] = []
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      // Those of the deadlines are none of it.
      const isPause = !Number.isInteger(ms)
      if (isPause) pauses.push(ms)
      return real(run, isPause ? 1 : ms)
    }) as typeof setTimeout
    try {
      feed.listening = new Error('away')
      await using _ = await watch(process())
      while (feed.attempts < 12) await new Promise((resolve) => real(resolve, 1))
    } finally {
      globalThis.setTimeout = real
    }
    for (const [i, ms] of pauses.slice(0, 11).entries()) {
      const longest = Math.min(10_000, 100 * 2 ** i)
      assert.ok(ms >= longest / 2 && ms <= longest, `${ms} ms is the pause ${i}`)
    }
  })
})

describe('a feed that is out of order', () => {
  for (const [title, disorder] of [
    ['refuses to listen', (feed: TestFeed) => (feed.listening = new Error('refused'))],
    ['refuses to send', (feed: TestFeed) => (feed.publishing = new Error('refused'))],
  ] as const) {
    test(`and ${title} keeps neither the program nor a decision waiting`, async () => {
      const { feed, process, watch, lines } = openSite()
      const fleet = process()
      await fleet.provision(pump, 'P-1')
      disorder(feed)
      await using watching = await within(watch(fleet), 'answer')
      assert.equal(watching.isListening, false)
      assert.equal((await fleet.authorize(publish)).effect, 'allow')
      assert.match(lines.items[0]!, /not heard: Error: refused/)
      feed.listening = undefined
      feed.publishing = undefined
      await lines.reach(2, 'lines')
      assert.equal(watching.isListening, true)
    })
  }

  for (const text of [
    'nonsense',
    'somebody {"kind":"revoked"}',
    'somebody ["1","revoked","pump","P-1","pump/P-1"]',
    'somebody [["1","exploded","pump","P-1","pump/P-1"]]',
    'somebody [["1","revoked","pump","P-1"]]',
    'somebody [["1","revoked","pump","P-1",7]]',
    'somebody [["1","revoked","pump","P-1",null,"emqx"]]',
    `somebody [["1","revoked","pump","P-1","${'x'.repeat(1_025)}"]]`,
    'somebody [["1","toString","pump","P-1","pump/P-1"]]',
  ]) {
    test(`nobody acts on ${text.slice(0, 60)}, and everybody is read again`, async () => {
      const { feed, process, store, watch, lines } = openSite()
      const fleet = process()
      await fleet.provision(pump, 'P-1')
      await using _ = await watch(fleet)
      let told = 0
      fleet.onChange('own', () => void told++, { holds: 'own' })
      fleet.onChange('shared', () => void told++)
      assert.equal((await fleet.authorize(publish)).effect, 'allow')
      await store.update({ ...(await store.get('pump', 'P-1'))!, revoked: true, revision: 2 })
      await feed.publish(text)
      await heard(feed)
      assert.equal(told, 0)
      assert.equal((await fleet.authorize(publish)).effect, 'deny')
      assert.match(lines.items[0]!, /does not know/)
    })
  }
})

describe('watching', () => {
  test('ends when it is closed: nothing is heard, and no connection is left', async () => {
    const { feed, process, watch } = openSite()
    const [one, two] = [process(), process()]
    let told = 0
    two.onChange('own', () => void told++, { holds: 'own' })
    const watching = await watchFleet(two)
    assert.equal(feed.connections, 1)
    await one.provision(pump, 'P-1')
    await heard(feed)
    await watching.close()
    await watching.close()
    assert.deepEqual([feed.connections, watching.isListening], [0, false])
    await one.revoke(pump, 'P-1')
    await heard(feed)
    assert.equal(told, 1)
    await using _ = await watch(two)
    await one.revoke(pump, 'P-1')
    await heard(feed)
    assert.equal(told, 2)
  })

  test('ends while it cannot connect', async () => {
    const { feed, process, watch } = openSite()
    feed.listening = new Error('away')
    const watching = await watch(process())
    await within(Promise.resolve(watching[Symbol.asyncDispose]()), 'end')
    const { attempts } = feed
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(feed.attempts, attempts)
  })

  test('is refused twice at once, without a feed, of a copy, and with an unknown option', async () => {
    const { process, watch } = openSite()
    const fleet = process()
    await using _ = await watch(fleet)
    await assert.rejects(watchFleet(fleet), { code: 'ERR_CONFIG', key: 'watch' })
    for (const deaf of [makeFleet(), { ...fleet }]) {
      await assert.rejects(watchFleet(deaf), { code: 'ERR_CONFIG', key: 'feed' })
    }
    const wrong = watchFleet(process(), { log: console } as never)
    await assert.rejects(wrong, { code: 'ERR_CONFIG', key: 'log' })
  })

  for (const [title, options, key] of [
    ['what it holds', { holds: 'mine' }, 'holds'],
    ['what to do', { onMissed: 'reload' }, 'onMissed'],
    ['an option', { shared: true }, 'shared'],
  ] as const) {
    test(`a listener that names ${title} wrongly is refused`, () => {
      const listen = () => makeFleet().onChange('test', () => {}, options as never)
      assert.throws(listen, { code: 'ERR_CONFIG', key })
    })
  }

  for (const [feed, key] of [
    [null, 'feed'],
    [{}, 'feed.publish'],
    [{ publish() {} }, 'feed.listen'],
  ] as const) {
    test(`a feed like ${JSON.stringify(feed)} is refused`, () => {
      assert.throws(() => makeFleet({ feed: feed as never }), { code: 'ERR_CONFIG', key })
    })
  }
})
