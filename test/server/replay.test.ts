/**
 * Retained messages on their way to one session.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget } from '../../src/server/budget.ts'
import type { ServerCore } from '../../src/server/core.ts'
import type { DropCode } from '../../src/server/events.ts'
import { RetainedReplay } from '../../src/server/replay.ts'
import { RetainedMessages } from '../../src/server/retained.ts'
import type { Session, Subscription } from '../../src/server/session.ts'
import { DEFAULT_LIMITS } from '../../src/server/settings.ts'
import { takeUnsubscribe } from '../../src/server/subscribing.ts'
import { Subscriptions } from '../../src/server/subscriptions.ts'
import { message, outgoingTo } from './deliveries.ts'

/** A session that subscribes to what is retained, with a window and with bytes of its own. */
function session(window: number, bytes?: number) {
  const made = outgoingTo(1_000, window, bytes)
  const retained = new RetainedMessages(DEFAULT_LIMITS)
  const dropped: DropCode[] = []
  const subscriptions = new Map<string, Subscription>()
  const of = { outgoing: made.outgoing, subscriptions } as unknown as Session
  const replay = new RetainedReplay(retained, of, (code) => dropped.push(code))
  function subscribe(filter: string, qos: 0 | 1 | 2 = 1): void {
    const subscription = { session: of, filter, qos } as Subscription
    subscriptions.set(filter, subscription)
    replay.add(subscription)
  }
  return { ...made, retained, dropped, subscriptions, replay, subscribe }
}

test('a filter that nobody has any more is not kept', () => {
  const { replay, subscribe } = session(0)
  for (let i = 0; i < 100; i++) {
    subscribe(`${i}`)
    subscribe(`${i}`)
    replay.remove(`${i}`)
  }
  assert.equal(replay.isPending, false)
  subscribe('a')
  assert.equal(replay.isPending, true)
})

test('what expires while it waits for the client is not sent', () => {
  const { replay, subscribe, retained, outgoing, inbox } = session(1)
  retained.set('', message('a', 'first', { qos: 1 }), 0)
  retained.set('', message('b', 'brief', { qos: 1, messageExpiryInterval: 5 }), 0)
  retained.set('', message('c', 'lasting', { qos: 1, messageExpiryInterval: 50 }), 0)
  subscribe('+')
  assert.equal(replay.run(0), false)
  outgoing.acknowledged(1)
  assert.equal(replay.run(6_000), false)
  assert.deepEqual(
    inbox.sent.map(({ delivery }) => delivery.message.topic),
    ['a', 'c'],
  )
})

test('what was replaced while it waited is not sent', () => {
  const { replay, subscribe, retained, outgoing, inbox } = session(1)
  for (const name of ['a', 'b', 'c']) retained.set('', message(name, 'old', { qos: 1 }), 0)
  subscribe('+')
  replay.run(0)
  retained.set('', message('b', 'new', { qos: 1 }), 0)
  retained.delete('c')
  outgoing.acknowledged(1)
  replay.run(0)
  assert.equal(inbox.sent.length, 1)
  assert.equal(replay.isPending, false)
})

test('one that the session has no room for is told as dropped', () => {
  const { replay, subscribe, retained, dropped, inbox } = session(10, 300)
  for (const name of ['a', 'b']) retained.set('', message(name, 'm', { qos: 1 }), 0)
  subscribe('+')
  replay.run(0)
  assert.deepEqual([inbox.sent.length, dropped], [1, ['session-full']])
})

test('a turn has its measure, of messages and of filters that find nothing', () => {
  const { replay, subscribe, retained, inbox } = session(10_000)
  for (let i = 0; i < 500; i++) retained.set('', message(`m/${i}`, ''), 0)
  for (let i = 0; i < 100; i++) subscribe(`nothing/${i}`)
  subscribe('m/#')
  let turns = 1
  while (replay.run(0)) turns++
  assert.equal(inbox.sent.length, 500)
  assert(turns > 10, `${turns}`)
})

test('what is unsubscribed from is taken out of it', () => {
  const removed: string[] = []
  const subscriptions = new Subscriptions()
  const of = {
    subscriptions: new Map(),
    budget: new ByteBudget(1_000),
    replay: { remove: (filter: string) => removed.push(filter) },
  } as unknown as Session
  subscriptions.add({ session: of, filter: 'a', qos: 0 } as Subscription)
  const packet = { kind: 'unsubscribe', packetId: 1, filters: ['a', 'b'] } as const
  takeUnsubscribe({ subscriptions } as ServerCore, of, packet)
  assert.deepEqual(removed, ['a'])
})
