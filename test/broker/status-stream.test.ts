/**
 * The stream behind `Broker.status`: what a reader gets, however late or slow it is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerStatus } from '../../src/broker/broker.ts'
import { StatusStream } from '../../src/broker/status-stream.ts'
import { within } from '../support/wait.ts'

const KEPT = 64

function failure(attempt: number): BrokerStatus {
  return { kind: 'reconnect-failed', attempt, error: new Error('no answer'), delay: 1 }
}

/** The numbers of failed attempts, to the end of the stream. */
async function attemptsOf(statuses: AsyncIterable<BrokerStatus>): Promise<number[]> {
  const attempts: number[] = []
  for await (const status of statuses) {
    if (status.kind === 'reconnect-failed') attempts.push(status.attempt)
  }
  return attempts
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

describe('a reader of statuses', () => {
  test('gets what comes after it asked, also what came before it began to read', async () => {
    const stream = new StatusStream()
    stream.emit(failure(1))
    const watched = stream.watch()
    stream.emit(failure(2))
    stream.emit(failure(3))
    stream.emit({ kind: 'closed' })
    assert.deepEqual(await within(attemptsOf(watched), 'end'), [2, 3])
  })

  for (const [emitted, from] of [
    [KEPT - 1, 1],
    [KEPT, 2], // `closed` is one of those kept.
    [10_000, 10_000 - KEPT + 2],
  ] as const) {
    test(`that did not read for ${emitted} events gets those from ${from} on`, async () => {
      const stream = new StatusStream()
      const watched = stream.watch()
      for (let attempt = 1; attempt <= emitted; attempt++) stream.emit(failure(attempt))
      stream.emit({ kind: 'closed' })
      assert.deepEqual(await within(attemptsOf(watched), 'end'), numbers(from, emitted))
    })
  }

  test('that stops in the middle goes on with the newest', async () => {
    const stream = new StatusStream()
    const iterator = stream.watch()[Symbol.asyncIterator]()
    const next = async () => (await within(iterator.next(), 'status')).value as { attempt: number }
    stream.emit(failure(1))
    assert.equal((await next()).attempt, 1)
    for (let attempt = 2; attempt <= 1_000; attempt++) stream.emit(failure(attempt))
    assert.equal((await next()).attempt, 1_000 - KEPT + 1)
    assert.equal((await next()).attempt, 1_000 - KEPT + 2)
  })

  describe('that missed whether there is a connection is told that first', () => {
    const lost: BrokerStatus = { kind: 'disconnected' }
    const back = { kind: 'connected' } as BrokerStatus
    const many = Array.from({ length: 200 }, (_, i) => failure(i + 1))
    const rows: [title: string, events: readonly BrokerStatus[], first: string[]][] = [
      ['a loss', [lost, ...many], ['disconnected', 'reconnect-failed']],
      ['the newest of several', [lost, ...many, back, ...many], ['connected', 'reconnect-failed']],
      ['none', many, ['reconnect-failed', 'reconnect-failed']],
      ['one that is still kept', [...many, lost], ['reconnect-failed', 'reconnect-failed']],
    ]
    for (const [title, events, first] of rows) {
      test(title, async () => {
        const stream = new StatusStream()
        const watched = stream.watch()
        for (const event of events) stream.emit(event)
        stream.emit({ kind: 'closed' })
        const types: string[] = []
        for await (const { kind: type } of watched) types.push(type)
        assert.deepEqual(types.slice(0, 2), first)
        assert.equal(types.length, first[0] === 'reconnect-failed' ? KEPT : KEPT + 1)
      })
    }

    test('once, and not what it has read', async () => {
      const stream = new StatusStream()
      const iterator = stream.watch()[Symbol.asyncIterator]()
      const next = async () => (await within(iterator.next(), 'status')).value
      stream.emit(lost)
      assert.equal(await next(), lost)
      for (const event of many) stream.emit(event)
      assert.equal(await next(), many.at(-KEPT))
      stream.emit(back)
      for (const event of many) stream.emit(event)
      assert.equal(await next(), back)
      for (const event of many.slice(-KEPT)) assert.equal(await next(), event)
    })
  })

  test('that waits is woken by each event, beside others', async () => {
    const stream = new StatusStream()
    const readers = [attemptsOf(stream.watch()), attemptsOf(stream.watch())]
    for (const attempt of numbers(1, 5)) {
      stream.emit(failure(attempt))
      await Promise.resolve()
    }
    stream.emit({ kind: 'closed' })
    for (const reader of readers) assert.deepEqual(await within(reader, 'end'), numbers(1, 5))
  })

  test('gets nothing after closed, and a late one closed alone', async () => {
    const stream = new StatusStream()
    const early = stream.watch()
    stream.emit(failure(1))
    stream.emit({ kind: 'closed' })
    stream.emit(failure(2))
    assert.deepEqual(await within(attemptsOf(early), 'end'), [1])
    const late: BrokerStatus[] = []
    for await (const status of stream.watch()) late.push(status)
    assert.deepEqual(late, [{ kind: 'closed' }])
  })
})
