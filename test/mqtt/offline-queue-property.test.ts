/**
 * The offline queue against a model that is as plain as its promise: whatever is published, answered
 * and lost in whatever order, the same messages are handed over and every promise ends the same way.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers'
import fc from 'fast-check'
import { BrokerError, type BrokerErrorCode } from '../../src/base/errors.ts'
import type { OutgoingMessage } from '../../src/broker/broker.ts'
import { OfflineQueue, type OfflineQueueConfig } from '../../src/client/offline-queue.ts'

type Config = Required<OfflineQueueConfig>
type Outcome = 'done' | BrokerErrorCode
/** A message that was handed to the connection, and with which expiry. */
type HandedOver = readonly [topic: string, messageExpiry: number | undefined]

type Step =
  | { readonly do: 'publish'; readonly count: number; readonly expiry: number | undefined }
  | { readonly do: 'connect' | 'lose' | 'answer' | 'refuse' | 'close' }
  | { readonly do: 'wait'; readonly seconds: number }

/** How many the broker takes unanswered: only these are lost with a connection. */
const RECEIVE_MAXIMUM = 2
/** No timer of these comes to its end within a test: time is what the steps say. */
const EXPIRIES = [1_000, 2_000, 5_000]

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What both the queue and the model are asked for. */
interface Subject {
  readonly handedOver: readonly HandedOver[]
  readonly outcomes: ReadonlyMap<string, Outcome>
  step(step: Step): void
}

/** The queue over a connection of a few lines. */
class Real implements Subject {
  readonly handedOver: HandedOver[] = []
  readonly outcomes = new Map<string, Outcome>()
  readonly #queue: OfflineQueue
  #now = 0
  #published = 0
  #line: { resolve(): void; reject(error: Error): void }[] = []
  #isConnected = false

  constructor(config: Config) {
    this.#queue = new OfflineQueue(config, () => this.#now)
  }

  step(step: Step): void {
    switch (step.do) {
      case 'publish':
        for (let i = 0; i < step.count; i++) this.#publish(step.expiry)
        break
      case 'connect':
        if (this.#isConnected) break
        this.#isConnected = true
        this.#queue.resume((message) => this.#send(message))
        break
      case 'lose':
        // As a connection does it: first what it was asked for is rejected, then its end is told.
        for (const [i, { reject }] of this.#line.splice(0).entries()) {
          const code =
            i < RECEIVE_MAXIMUM ? 'ERR_BROKER_CONNECTION_LOST' : 'ERR_BROKER_NOT_CONNECTED'
          reject(new BrokerError(code, 'lost'))
        }
        this.#isConnected = false
        this.#queue.pause()
        break
      case 'answer':
        this.#line.shift()?.resolve()
        break
      case 'refuse':
        this.#line.shift()?.reject(new BrokerError('ERR_BROKER_REFUSED', 'refused'))
        break
      case 'close':
        this.#queue.close(undefined)
        break
      case 'wait':
        this.#now += step.seconds * 1000
    }
  }

  #publish(messageExpiry: number | undefined): void {
    const topic = `${this.#published++}`
    const payload = new Uint8Array(1)
    const message = { topic, payload, ...(messageExpiry !== undefined && { messageExpiry }) }
    this.#queue.publish(message).then(
      () => this.outcomes.set(topic, 'done'),
      (error: BrokerError) => this.outcomes.set(topic, error.code),
    )
  }

  #send({ topic, messageExpiry }: OutgoingMessage): Promise<void> {
    this.handedOver.push([topic, messageExpiry])
    return new Promise((resolve, reject) => this.#line.push({ resolve, reject }))
  }
}

interface Item {
  readonly topic: string
  readonly expiry: number | undefined
  readonly expiresAt: number
}

/** Two lists: what waits, and what was handed over. */
class Model implements Subject {
  readonly handedOver: HandedOver[] = []
  readonly outcomes = new Map<string, Outcome>()
  readonly #config: Config
  #now = 0
  #published = 0
  #waiting: Item[] = []
  #line: Item[] = []
  #state: 'connected' | 'lost' | 'closed' = 'lost'

  constructor(config: Config) {
    this.#config = config
  }

  step(step: Step): void {
    switch (step.do) {
      case 'publish':
        for (let i = 0; i < step.count; i++) this.#publish(step.expiry)
        break
      case 'connect':
        if (this.#state !== 'lost') break
        this.#state = 'connected'
        for (const item of this.#waiting.splice(0)) {
          if (item.expiresAt <= this.#now) this.#end(item, 'ERR_BROKER_MESSAGE_EXPIRED')
          else this.#handOver(item, Math.ceil((item.expiresAt - this.#now) / 1000))
        }
        break
      case 'lose':
        if (this.#state === 'connected') this.#state = 'lost'
        for (const [i, item] of this.#line.splice(0).entries()) {
          if (i < RECEIVE_MAXIMUM) this.#end(item, 'ERR_BROKER_CONNECTION_LOST')
          else this.#wait(item)
        }
        break
      case 'answer':
        this.#end(this.#line.shift(), 'done')
        break
      case 'refuse':
        this.#end(this.#line.shift(), 'ERR_BROKER_REFUSED')
        break
      case 'close':
        this.#state = 'closed'
        for (const item of this.#waiting.splice(0)) this.#end(item, 'ERR_BROKER_CLOSED')
        break
      case 'wait':
        this.#now += step.seconds * 1000
    }
  }

  #publish(expiry: number | undefined): void {
    const topic = `${this.#published++}`
    const expiresAt = expiry === undefined ? Infinity : this.#now + expiry * 1000
    const item = { topic, expiry, expiresAt }
    if (this.#state === 'connected') this.#handOver(item, expiry)
    else this.#wait(item)
  }

  #handOver(item: Item, expiry: number | undefined): void {
    this.handedOver.push([item.topic, item.expiry === undefined ? undefined : expiry])
    this.#line.push(item)
  }

  #wait(item: Item): void {
    if (this.#state === 'closed') {
      this.#end(item, 'ERR_BROKER_CLOSED')
      return
    }
    if (item.expiresAt <= this.#now) {
      this.#end(item, 'ERR_BROKER_MESSAGE_EXPIRED')
      return
    }
    if (this.#waiting.length >= this.#config.limit) {
      if (this.#config.whenFull === 'reject') {
        this.#end(item, 'ERR_BROKER_QUEUE_FULL')
        return
      }
      this.#end(this.#waiting.shift(), 'ERR_BROKER_QUEUE_FULL')
    }
    this.#waiting.push(item)
  }

  #end(item: Item | undefined, outcome: Outcome): void {
    if (item) this.outcomes.set(item.topic, outcome)
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 4 }),
      expiry: fc.option(fc.constantFrom(...EXPIRIES), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom<Step>({ do: 'connect' }, { do: 'lose' }) },
  { weight: 4, arbitrary: fc.constantFrom<Step>({ do: 'answer' }, { do: 'refuse' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 999, 1_000, 2_500.5),
    }),
  },
)

describe('the offline queue', () => {
  for (const whenFull of ['reject', 'drop-oldest'] as const) {
    test(`does what the model does: ${whenFull}`, async () => {
      const property = fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 40 }),
        fc.boolean(),
        async (limit, steps, isClosed) => {
          const config = { limit, whenFull }
          const real = new Real(config)
          const model = new Model(config)
          // Everything ends: by closing, or with the last answer.
          const answers = Array.from({ length: 160 }, (): Step => ({ do: 'answer' }))
          const end: Step[] = isClosed
            ? [{ do: 'close' }, { do: 'publish', count: 1, expiry: undefined }, { do: 'lose' }]
            : [{ do: 'connect' }, ...answers]
          for (const one of [...steps, ...end]) {
            real.step(one)
            model.step(one)
            await turn()
          }
          assert.deepEqual(real.handedOver, model.handedOver)
          assert.deepEqual([...real.outcomes].sort(), [...model.outcomes].sort())
          const published = [...steps, ...end].reduce(
            (sum, one) => sum + (one.do === 'publish' ? one.count : 0),
            0,
          )
          assert.equal(real.outcomes.size, published)
        },
      )
      await fc.assert(property, { numRuns: 300 })
    })
  }
})
