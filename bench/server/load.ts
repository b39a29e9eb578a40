/**
 * Loads a server, in a process of its own: does each {@link Task} that it is sent, one after another.
 *
 * @module
 */
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { RawClient } from './client.ts'
import { Pair, publishBytes } from './pair.ts'
import { type LoadReport, otherFilter, type Task, topicOf } from './task.ts'

type Of<K extends Task['kind']> = Extract<Task, { kind: K }>

/** A task whose messages do not come is given up after so many milliseconds without one. */
const PATIENCE = 10_000
/** Clients that connect at once. */
const AT_ONCE = 50
/** Retained messages that are on their way at once. */
const RETAIN_WINDOW = 50
const ACK_BYTES = 4

/** Those of the task, which end before the next one. */
let clients: RawClient[] = []
/** Keeps the client ids of tasks apart. */
let run = 0

/** When what is counted began, in milliseconds. */
let start = 0

function tell(report: LoadReport): void {
  process.send?.(report)
}

function begin(): void {
  tell({ kind: 'begun' })
  start = performance.now()
}

async function connectAll(port: number, count: number): Promise<readonly RawClient[]> {
  const id = ++run
  let next = 0
  const connectSome = async () => {
    while (next < count) clients.push(await RawClient.connect(port, `c${id}-${next++}`))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, connectSome))
  return clients
}

/** Waits until nothing is on its way. */
async function arrived(onItsWay: () => number): Promise<void> {
  let before = Infinity
  let since = performance.now()
  for (let left = onItsWay(); left > 0; left = onItsWay()) {
    if (left < before) since = performance.now()
    if (performance.now() - since > PATIENCE) throw new Error(`${left} messages did not come`)
    before = left
    await setTimeout(1)
  }
}

async function publishInPairs(task: Of<'pairs'>): Promise<number> {
  const { port, qos, filters, time } = task
  const all = await connectAll(port, 2 * task.pairs)
  const pairs: Pair[] = []
  for (let i = 0; i < task.pairs; i++) {
    const [publisher, subscriber] = [all[2 * i]!, all[2 * i + 1]!]
    const others = Array.from({ length: filters - 1 }, (_, at) => otherFilter(at))
    await subscriber.subscribe([topicOf(i), ...others], qos)
    pairs.push(new Pair(publisher, subscriber, topicOf(i), task))
  }
  begin()
  for (const pair of pairs) pair.goOn()
  await setTimeout(time * 1_000)
  for (const pair of pairs) pair.stop()
  await arrived(() => sum(pairs.map(({ onItsWay }) => onItsWay)))
  return sum(pairs.map(({ received }) => received))
}

async function fanOut({ port, subscribers: count, window, time }: Of<'fan-out'>): Promise<number> {
  const [publisher, ...subscribers] = await connectAll(port, count + 1)
  const topic = topicOf(0)
  const packet = publishBytes(topic, 0, 1)
  let isOver = false
  let sent = 0
  let bytes = 0
  const received = () => Math.floor(bytes / packet.length)
  const goOn = () => {
    const onItsWay = sent - Math.floor(received() / count)
    if (isOver || onItsWay > window / 2) return
    sent += window - onItsWay
    publisher!.write(Buffer.concat(new Array<Buffer>(window - onItsWay).fill(packet)))
  }
  for (const subscriber of subscribers) {
    await subscriber.subscribe([topic], 0)
    subscriber.listen((chunk) => {
      bytes += chunk.length
      goOn()
    })
  }
  begin()
  goOn()
  await setTimeout(time * 1_000)
  isOver = true
  await arrived(() => sent * count - received())
  return received()
}

async function connectAgain({ port, time }: Of<'connect'>): Promise<number> {
  const end = performance.now() + time * 1_000
  const id = ++run
  let count = 0
  const connectSome = async () => {
    while (performance.now() < end) {
      const client = await RawClient.connect(port, `c${id}-${count++}`)
      client.close()
    }
  }
  begin()
  await Promise.all(Array.from({ length: AT_ONCE }, connectSome))
  return count
}

async function hold({ port, connections }: Of<'hold'>): Promise<number> {
  begin()
  await connectAll(port, connections)
  for (const [i, client] of clients.entries()) await client.subscribe([topicOf(i)], 1)
  // All of them are there still.
  for (const client of clients) await client.ping()
  return clients.length
}

async function retain({ port, messages }: Of<'retain'>): Promise<number> {
  const [client] = await connectAll(port, 1)
  let bytes = 0
  let sent = 0
  const goOn = () => {
    const acknowledged = Math.floor(bytes / ACK_BYTES)
    for (; sent < messages && sent - acknowledged < RETAIN_WINDOW; sent++) {
      client!.write(publishBytes(topicOf(sent), 1, sent + 1, true))
    }
  }
  client!.listen((chunk) => {
    bytes += chunk.length
    goOn()
  })
  begin()
  goOn()
  await arrived(() => messages - Math.floor(bytes / ACK_BYTES))
  return messages
}

function doTask(task: Task): Promise<number> {
  switch (task.kind) {
    case 'pairs':
      return publishInPairs(task)
    case 'fan-out':
      return fanOut(task)
    case 'connect':
      return connectAgain(task)
    case 'hold':
      return hold(task)
    case 'retain':
      return retain(task)
    case 'leave':
      return Promise.resolve(0)
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

process.on('message', async (task: Task) => {
  for (const client of clients) client.close()
  clients = []
  try {
    const count = await doTask(task)
    tell({ kind: 'done', count, ms: performance.now() - start })
  } catch (error) {
    tell({ kind: 'failed', text: `${task.kind}: ${String(error)}` })
  }
})
