/**
 * The messages of one session, against a client that does whatever it likes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Delivery } from '../../src/server/message.ts'
import { delivery, outgoingTo } from './deliveries.ts'

type Step =
  | { readonly kind: 'push'; readonly qos: 0 | 1 | 2; readonly expires: boolean }
  | { readonly kind: 'ack'; readonly which: number; readonly refuses: boolean }
  | { readonly kind: 'stray'; readonly id: number; readonly way: number }
  | { readonly kind: 'lose' }
  | { readonly kind: 'attach'; readonly window: number }
  | { readonly kind: 'backlog'; readonly on: boolean }
  | { readonly kind: 'pass' }

const push = fc.record({
  kind: fc.constant('push' as const),
  qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
  expires: fc.boolean(),
})
const ack = fc.record({
  kind: fc.constant('ack' as const),
  which: fc.nat(20),
  refuses: fc.boolean(),
})
const stray = fc.record({
  kind: fc.constant('stray' as const),
  id: fc.integer({ min: 1, max: 12 }),
  way: fc.nat(3),
})
const others = fc.oneof(
  fc.record({ kind: fc.constant('lose' as const) }),
  fc.record({ kind: fc.constant('attach' as const), window: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('backlog' as const), on: fc.boolean() }),
  fc.record({ kind: fc.constant('pass' as const) }),
)

/** A client that knows what is open on its connection. */
function client(limit: number) {
  const made = outgoingTo(limit, 3)
  const { outgoing, inbox, clock } = made
  let window = 3
  let isThere = true
  let seenSent = 0
  let seenAcks = 0
  /** By identifier; `true` where only the PUBCOMP is open. */
  const open = new Map<number, boolean>()
  /** Those of QoS 1 and 2 that it has had. */
  const first: Delivery[] = []
  const pushed: Delivery[] = []

  /** Looks at what came, and at what may not come. */
  function look(): void {
    for (const { delivery: one, packetId, dup } of inbox.sent.slice(seenSent)) {
      if (packetId === undefined) continue
      assert.equal(open.has(packetId), false, 'an identifier is in use')
      open.set(packetId, false)
      assert.equal(dup, first.includes(one), 'DUP is set for what came before, and nothing else')
      if (!dup) first.push(one)
    }
    for (const { kind, packetId } of inbox.acks.slice(seenAcks)) {
      assert.equal(kind, 'pubrel')
      open.set(packetId, true)
    }
    seenSent = inbox.sent.length
    seenAcks = inbox.acks.length
  }

  /** Messages that came and are not acknowledged: PUBRELs alone are none. */
  function checkWindow(): void {
    const messages = [...open.values()].filter((isReleased) => !isReleased).length
    assert(messages <= window, `${messages} are in flight, and ${window} may be`)
  }

  function step(one: Step): void {
    switch (one.kind) {
      case 'push': {
        const fields = { qos: one.qos, ...(one.expires && { messageExpiryInterval: 1 }) }
        const next = delivery(fields)
        const isTaken = outgoing.push({
          ...next,
          message: {
            ...next.message,
            expiresAt: one.expires ? clock.now + 1_000 : Number.POSITIVE_INFINITY,
          },
        })
        if (isTaken && one.qos > 0) pushed.push(next)
        break
      }
      case 'ack': {
        const [id, isReleased] = [...open][one.which % (open.size || 1)] ?? []
        if (id === undefined || !isThere) break
        const { qos } = inbox.sent.findLast(({ packetId }) => packetId === id)!.delivery
        if (isReleased) {
          open.delete(id)
          outgoing.completed(id)
        } else if (qos === 1) {
          open.delete(id)
          outgoing.acknowledged(id)
        } else {
          if (one.refuses) open.delete(id)
          outgoing.received(id, one.refuses ? 0x80 : 0)
        }
        break
      }
      case 'stray':
        if (!isThere) break
        if (one.way === 0) outgoing.acknowledged(one.id)
        else if (one.way === 1) outgoing.completed(one.id)
        else outgoing.received(one.id, one.way === 2 ? 0 : 0x80)
        break
      case 'lose':
        isThere = false
        open.clear()
        outgoing.detach()
        break
      case 'attach':
        if (isThere) break
        isThere = true
        window = one.window
        outgoing.attach(inbox, window)
        break
      case 'backlog':
        inbox.isBacklogged = one.on
        if (!one.on) outgoing.pump()
        break
      case 'pass':
        clock.now += 700
        break
    }
  }
  return { ...made, step, look, checkWindow, open, first, pushed, isThere: () => isThere }
}

test('a client that acknowledges gets each message once, in order, within its window, and nothing is left', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(push, ack, ack, others), { maxLength: 80 }), (steps) => {
      const it = client(8)
      for (const one of steps) {
        it.step(one)
        it.look()
        if (it.isThere()) it.checkWindow()
        assert(it.outgoing.size <= 8)
      }
      it.step({ kind: 'lose' })
      it.step({ kind: 'backlog', on: false })
      it.step({ kind: 'attach', window: 2 })
      it.look()
      while (it.open.size > 0) {
        it.step({ kind: 'ack', which: 0, refuses: false })
        it.look()
        it.checkWindow()
      }
      assert.equal(it.outgoing.size, 0)
      assert.equal(it.budget.used, 0)
      assert.equal(it.outgoing.isOpen, true)
      const expired = it.dropped.filter((code) => code === 'message-expired').length
      assert.equal(it.first.length + expired, it.pushed.length)
      const orders = it.first.map((one) => it.pushed.findIndex((p) => same(p, one)))
      assert.deepEqual(
        orders,
        orders.toSorted((a, b) => a - b),
      )
    }),
    { numRuns: 300 },
  )
})

/** What is pushed is told apart by its payload, which no two share. */
function same(one: Delivery, other: Delivery): boolean {
  return one.message.payload === other.message.payload
}

test('whatever a client acknowledges, the bytes that are held are those of what is held', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(push, ack, stray, others), { maxLength: 80 }), (steps) => {
      const { outgoing, inbox, budget, step } = client(8)
      for (const one of steps) {
        step(one)
        assert(budget.used >= 0)
        assert(outgoing.size <= 8)
        if (outgoing.size === 0) assert.equal(budget.used, 0)
      }
      inbox.isBacklogged = false
      const left = outgoing.end()
      assert(left.every(({ qos }) => qos > 0))
      assert.equal(budget.used, 0)
      assert.equal(outgoing.size, 0)
    }),
    { numRuns: 300 },
  )
})

test('what is too large for a client is as if it had acknowledged it', () => {
  const { outgoing, inbox, budget, dropped } = outgoingTo()
  inbox.takes = ({ message }) => message.payload.length < 5
  for (const text of ['small', 'tiny', 'large one', 'ok']) {
    for (const qos of [0, 1, 2] as const) outgoing.push(delivery({ qos }, {}, text))
  }
  assert.equal(inbox.sent.length, 6)
  assert.deepEqual(dropped, Array(6).fill('packet-too-large'))
  for (const id of [1, 3]) outgoing.acknowledged(id)
  assert.notEqual(budget.used, 0)
  for (const id of [2, 4]) outgoing.received(id, 0)
  for (const { packetId } of inbox.sent) outgoing.acknowledged(packetId ?? 0)
  const twos = inbox.sent.filter((one) => one.delivery.qos === 2)
  for (const { packetId } of twos) outgoing.received(packetId!, 0)
  for (const { packetId } of twos) outgoing.completed(packetId!)
  assert.deepEqual([outgoing.size, budget.used], [0, 0])
})

test('what has a session too large is refused, by number and by bytes, and QoS 0 never', () => {
  const byNumber = outgoingTo(2)
  const results = [1, 2, 1, 0].map((qos) =>
    byNumber.outgoing.push(delivery({ qos: qos as 0 | 1 | 2 })),
  )
  assert.deepEqual(results, [true, true, false, true])
  byNumber.outgoing.acknowledged(1)
  assert.equal(byNumber.outgoing.push(delivery({ qos: 1 })), true)
  const { bytes } = delivery({ qos: 1 }).message
  const byBytes = outgoingTo(100, 10, 2 * bytes)
  assert.deepEqual(
    [1, 2, 3].map(() => byBytes.outgoing.push(delivery({ qos: 1 }))),
    [true, true, false],
  )
  // A message that the client has holds no more bytes.
  const released = outgoingTo(100, 10, bytes)
  assert.equal(released.outgoing.push(delivery({ qos: 2 })), true)
  assert.equal(released.outgoing.push(delivery({ qos: 2 })), false)
  released.outgoing.received(1, 0)
  assert.equal(released.outgoing.push(delivery({ qos: 2 })), true)
})

test('a session that ends gives back what its client never had, and has not expired', () => {
  const { outgoing, inbox, clock } = outgoingTo(10, 2)
  const send = (text: string, qos: 1 | 2, messageExpiryInterval?: number) =>
    outgoing.push(
      delivery(
        { qos, ...(messageExpiryInterval !== undefined && { messageExpiryInterval }) },
        {},
        text,
      ),
    )
  send('one', 1)
  send('two', 2)
  send('waits', 2)
  send('expires', 1, 5)
  send('waits too', 1, 50)
  assert.equal(inbox.sent.length, 2)
  clock.now = 10_000
  const texts = outgoing.end().map(({ message }) => new TextDecoder().decode(message.payload))
  assert.deepEqual(texts, ['one', 'waits', 'waits too'])
})
