/**
 * A feed that is cut without a word, on a clock of the test: it is noticed, and the processes of a fleet
 * send no more for that than one of them alone would.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { type Fleet, type FleetWatch, watchFleet } from '../../src/index.ts'
import { type TestFeed, testFeed } from '../support/feed.ts'
import { makeFleet, pump } from './fixture.ts'

beforeEach((context) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const steady = mock.method(performance, 'now', () => Date.now())
  // Node's type leaves out that hooks get the test's context.
  ;(context as { after(done: () => void): void }).after(() => {
    steady.mock.restore()
    mock.timers.reset()
  })
})

/** Lets seconds pass in small steps, with what comes of each. */
async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds * 10; passed++) {
    mock.timers.tick(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const lines: string[] = []
const write = (line: string) => void lines.push(line)
const logger = { info: write, warn: write, error: write }
const watch = (fleet: Fleet): Promise<FleetWatch> => watchFleet(fleet, { logger })

/** Settles with what does, while the clock goes on. */
async function passing<T>(work: Promise<T>, seconds: number): Promise<T> {
  await pass(seconds)
  return work
}

const echoes = ({ sent }: TestFeed) => sent.filter((text) => / echo \d+$/.test(text)).length

test('a connection that is cut without a word is noticed within 20 seconds', async () => {
  const feed = testFeed()
  const [fleet, other] = [makeFleet({ feed }), makeFleet({ feed })]
  let missed = 0
  fleet.onChange('own', () => {}, { holds: 'own', onMissed: () => missed++ })
  const watching = await passing(watch(fleet), 1)
  assert.equal(missed, 1)
  await pass(10)
  feed.silence()
  await pass(4)
  assert.deepEqual([missed, feed.attempts, watching.isListening], [1, 1, true])
  await pass(16.5)
  assert.deepEqual([missed, feed.attempts, watching.isListening], [2, 2, true])
  assert.match(lines[0]!, /no text of its own heard within 5000 ms/)
  await other.provision(pump, 'P-1')
  await passing(watching.close(), 3)
})

test('while it cannot even send it is not listening, and is back when it can', async () => {
  const feed = testFeed()
  const watching = await passing(watch(makeFleet({ feed })), 1)
  feed.publishing = 'silent'
  await pass(21)
  assert.equal(watching.isListening, false)
  feed.publishing = undefined
  await pass(30)
  assert.equal(watching.isListening, true)
  await passing(watching.close(), 3)
})

test('a connection that is never made is given up after 10 seconds, and tried again', async () => {
  const feed = testFeed()
  feed.listening = 'silent'
  const watching = await passing(watch(makeFleet({ feed })), 10)
  assert.deepEqual([watching.isListening, feed.attempts], [false, 2])
  feed.listening = undefined
  await pass(12)
  assert.equal(watching.isListening, true)
  await passing(watching.close(), 3)
  assert.equal(feed.connections, 0)
})

test('ten that hear each other ask no more often than one', async () => {
  const feed = testFeed()
  const watches: FleetWatch[] = []
  for (let i = 0; i < 10; i++) watches.push(await passing(watch(makeFleet({ feed })), 0.3))
  const before = echoes(feed)
  assert.equal(before, 10)
  await pass(600)
  const sent = echoes(feed) - before
  assert.ok(sent >= 20 && sent <= 45, `${sent} in ten minutes`)
  assert.equal(feed.attempts, 10)
  for (const watching of watches) await passing(watching.close(), 1)
})

test('where changes are told often enough nothing else is sent', async () => {
  const feed = testFeed()
  const [fleet, other] = [makeFleet({ feed }), makeFleet({ feed })]
  await other.provision(pump, 'P-1')
  const watching = await passing(watch(fleet), 1)
  const before = echoes(feed)
  for (let i = 0; i < 20; i++) {
    await pass(7)
    await other.update(pump, 'P-1', { rules: [] })
  }
  assert.equal(echoes(feed), before)
  await passing(watching.close(), 1)
})
