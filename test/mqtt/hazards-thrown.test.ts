/**
 * What a handler throws may have no form as text, and a logger may throw: neither stops the messages
 * that come after.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toError } from '../../src/base/errors.ts'
import { fixture, weatherStation } from '../hub/fixture.ts'
import { Collector, within } from '../support/wait.ts'

describe('an error is made of', () => {
  const values: [title: string, value: unknown][] = [
    ['an object without a prototype', Object.create(null)],
    [
      'an object whose form as text throws',
      {
        toString() {
          throw new Error('no text')
        },
      },
    ],
  ]
  for (const [title, value] of values) {
    test(title, () => {
      const error = toError(value)
      assert.ok(error instanceof Error)
      assert.equal(error.message, 'a thrown object')
    })
  }
})

describe('a logger that throws', () => {
  test('stops no message of the device, and does not keep close from settling', async () => {
    const fail = () => {
      throw new Error('the logger failed')
    }
    const logger = { info() {}, warn: fail, error: fail }
    const { hub, publish } = await fixture({ logger, retry: { attempts: 1 } })
    const handled = new Collector<number>()
    hub.onData(weatherStation, ({ data }) => handled.push(data.temperature))
    await hub.start()
    const topic = 'things/weatherstation/STATION-001/data'
    await publish(topic, { temperature: 'hot' })
    await publish(topic, { temperature: 2 })
    await handled.reach(1, 'handled', 1_000)
    await within(hub.close(), 'close')
    assert.deepEqual(handled.items, [2])
  })
})
