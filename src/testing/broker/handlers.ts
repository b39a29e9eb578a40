/**
 * The cases of handlers.
 *
 * @module
 */

import type { BrokerStatus, MessageHandler } from '../../broker/broker.ts'
import * as assert from '../assert.ts'
import { Collector, deferred, within } from '../wait.ts'
import { type BrokerCases, bytes, type Client, text } from './bench.ts'

/** The next status of a type. */
async function nextStatus<T extends BrokerStatus['kind']>(
  statuses: AsyncIterable<BrokerStatus>,
  type: T,
): Promise<Extract<BrokerStatus, { kind: T }>> {
  const find = async () => {
    for await (const status of statuses) {
      if (status.kind === type) return status as Extract<BrokerStatus, { kind: T }>
    }
    throw new Error(`No ${type} before the end`)
  }
  return within(find(), `status ${type}`)
}

export const handlers: BrokerCases = {
  'at most receiveMaximum handlers run at once, and all messages arrive': async (bench) => {
    const numbers = Array.from({ length: 10 }, (_, n) => `${n}`)
    for (const qos of [0, 1, 2] as const) {
      const turns: (() => void)[] = []
      const begun = new Collector<string>()
      let running = 0
      let most = 0
      const handler: MessageHandler = async (message) => {
        most = Math.max(most, ++running)
        const turn = deferred()
        turns.push(turn.resolve)
        begun.push(text(message))
        await turn.promise
        running--
      }
      const slow = await bench.connect(handler, { receiveMaximum: 2 })
      const [a, quick] = [await bench.connect(), await bench.connect()]
      const topic = bench.topic(`qos/${qos}`)
      for (const { broker } of [slow, quick]) await broker.subscribe([{ filter: topic, qos }])
      for (const n of numbers) await a.broker.publish({ topic, payload: bytes(n), qos })
      await quick.received.reach(10, 'messages elsewhere')
      for (let n = 1; n <= 10; n++) {
        await begun.reach(Math.min(n + 1, 10), 'handlers')
        turns.shift()!()
      }
      assert.equal(most, 2)
      assert.deepEqual(begun.items, numbers)
    }
  },

  'a handler that rejects or throws is reported, and the next message arrives': async (bench) => {
    const b = await bench.connect((message) => {
      if (text(message) === 'throw') throw new Error('thrown')
      return text(message) === 'reject' ? Promise.reject(new Error('rejected')) : Promise.resolve()
    })
    const a = await bench.connect()
    await b.broker.subscribe([{ filter: bench.topic('x'), qos: 2 }])
    for (const qos of [0, 1, 2] as const) {
      for (const body of ['reject', 'throw']) {
        const failed = nextStatus(b.broker.status(), 'error')
        await a.broker.publish({ topic: bench.topic('x'), payload: bytes(body), qos })
        const { error } = await failed
        assert.equal(error.message, body === 'throw' ? 'thrown' : 'rejected')
      }
    }
    await a.broker.publish({ topic: bench.topic('x'), payload: bytes('fine') })
    const messages = await b.received.reach(7, 'messages')
    assert.equal(text(messages[6]!), 'fine')
    assert.equal(messages.length, 7)
  },

  'handlers may publish and wait for that, in every slot of the window': async (bench) => {
    const a = await bench.connect()
    const b: Client = await bench.connect(
      async (message) => {
        const topic = bench.topic('reply')
        await b.broker.publish({ topic, payload: message.payload, qos: message.qos })
      },
      { receiveMaximum: 2 },
    )
    await a.broker.subscribe([{ filter: bench.topic('reply'), qos: 2 }])
    await b.broker.subscribe([{ filter: bench.topic('x'), qos: 2 }])
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        a.broker.publish({
          topic: bench.topic('x'),
          payload: bytes(`${n}`),
          qos: (n % 3) as 0 | 1 | 2,
        }),
      ),
    )
    const replies = await a.received.reach(60, 'replies', 15_000)
    assert.equal(new Set(replies.map(text)).size, 60)
  },

  'a handler may subscribe and wait for that': async (bench) => {
    const a = await bench.connect()
    const b: Client = await bench.connect(
      async (message) => {
        await b.broker.subscribe([{ filter: bench.topic(`more/${text(message)}`) }])
        await a.broker.publish({ topic: bench.topic('done'), payload: message.payload })
      },
      { receiveMaximum: 1 },
    )
    await a.broker.subscribe([{ filter: bench.topic('done') }])
    await b.broker.subscribe([{ filter: bench.topic('x') }])
    await Promise.all(
      ['0', '1', '2'].map((n) => a.broker.publish({ topic: bench.topic('x'), payload: bytes(n) })),
    )
    await a.received.reach(3, 'handlers done')
  },
}
