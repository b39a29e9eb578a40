/**
 * Retained messages (MQTT 5, section 3.3.1.3).
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Client, Site } from '../fixture.ts'
import { textOf } from '../fixture.ts'
import type { Clause, ClauseTest } from './clause.ts'

/** What is retained under a topic. */
async function retained(s: Site, filter = 't'): Promise<readonly string[]> {
  const late = await s.connect(`late-${s.events.length}`)
  await late.subscribe(filter)
  return late.texts()
}

async function publisher(s: Site): Promise<Client> {
  const from = await s.connect('from')
  await from.publish('t', 'first', { retain: true })
  return from
}

const replaces: ClauseTest = async (make) => {
  for (const qos of [0, 1, 2] as const) {
    const s = make()
    const from = await publisher(s)
    await from.publish('t', 'second', { retain: true, qos })
    assert.deepEqual(await retained(s), ['second'])
    const late = await s.connect('late')
    await late.subscribe('t', { qos: 2 })
    assert.deepEqual(
      late.messages().map((message) => [textOf(message), message.qos, message.retain]),
      [['second', qos, true]],
    )
  }
}

const removes: ClauseTest = async (make) => {
  for (const qos of [0, 1, 2] as const) {
    const s = make()
    const from = await publisher(s)
    const now = await s.connect('now')
    await now.subscribe('t', { retainAsPublished: true })
    now.messages()
    await from.publish('t', '', { retain: true, qos })
    const retain = s.version === 5
    const [message] = now.messages()
    assert.deepEqual([message && textOf(message), message?.retain], ['', retain])
    assert.deepEqual(await retained(s), [])
    assert.equal(s.server.counters.retained, 0)
    assert.equal(s.server.counters.retainedBytes, 0)
  }
}

const leaves: ClauseTest = async (make) => {
  const s = make()
  const from = await publisher(s)
  await from.publish('t', 'passing')
  await from.publish('t', '', { qos: 1 })
  await from.publish('u', 'passing')
  assert.deepEqual(await retained(s, '#'), ['first'])
}

const _outlives: ClauseTest = async (make) => {
  const s = make()
  await (await publisher(s)).lose()
  await s.advance(100_000_000)
  assert.equal(s.server.counters.sessions, 0)
  assert.deepEqual(await retained(s), ['first'])
}

const marks: ClauseTest = async (make) => {
  const s = make()
  const from = await publisher(s)
  const to = await s.connect('to')
  await to.subscribe('t')
  await from.publish('t', 'live', { retain: true })
  assert.deepEqual(
    to.messages().map((message) => [textOf(message), message.retain]),
    [
      ['first', true],
      ['live', false],
    ],
  )
}

export const RETAIN_CLAUSES: readonly Clause[] = [
  ['3.3.1-5', 'a message that is to be retained takes the place of the one before', replaces],
  ['3.3.1-6', 'one without a payload removes it', removes],
  ['3.3.1-7', 'and is not retained', removes],
  ['3.3.1-8', 'one that is not to be retained leaves it', leaves],
  [
    '3.3.1-9',
    'retain handling 0: a subscription gets it',
    async (make) => {
      const s = make()
      await publisher(s)
      const to = await s.connect('to')
      for (let i = 0; i < 2; i++) {
        await to.subscribe('t', { retainHandling: 0 })
        assert.deepEqual(to.texts(), ['first'])
      }
    },
  ],
  [
    '3.3.1-10',
    'retain handling 1: only a new subscription does',
    async (make) => {
      const s = make()
      await publisher(s)
      const to = await s.connect('to')
      await to.subscribe('t', { retainHandling: 1 })
      assert.deepEqual(to.texts(), ['first'])
      await to.subscribe('t', { retainHandling: 1 })
      assert.deepEqual(to.texts(), [])
      await to.unsubscribe('t')
      await to.subscribe('t', { retainHandling: 1 })
      assert.deepEqual(to.texts(), ['first'])
    },
  ],
  [
    '3.3.1-11',
    'retain handling 2: none does',
    async (make) => {
      const s = make()
      const from = await publisher(s)
      const to = await s.connect('to')
      await to.subscribe('t', { retainHandling: 2 })
      await from.publish('t', 'live')
      assert.deepEqual(to.texts(), ['live'])
    },
  ],
  ['3.3.1-12', 'without retain as published RETAIN is 0', marks],
  [
    '3.3.1-13',
    'with it, RETAIN is as it was published, for those that waited too',
    async (make) => {
      const s = make()
      const from = await s.connect('from')
      const to = await s.persist('to')
      await to.subscribe('published', { retainAsPublished: true, qos: 1 })
      await to.subscribe('plain', { qos: 1 })
      await to.lose()
      for (const topic of ['published', 'plain']) {
        for (const retain of [true, false]) await from.publish(topic, '', { retain, qos: 1 })
      }
      const again = await s.persist('to')
      assert.deepEqual(
        again.messages().map(({ topic, retain }) => [topic, retain]),
        [
          ['published', true],
          ['published', false],
          ['plain', false],
          ['plain', false],
        ],
      )
    },
  ],
]
