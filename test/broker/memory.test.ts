/**
 * The broker in memory, beyond the contract that all brokers share.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { memoryBroker, memoryServer } from '../../src/broker/memory.ts'
import { Collector } from '../support/wait.ts'

test('a payload is as it was published, though its bytes are used again: a Buffer too', async () => {
  const server = memoryServer()
  const received = new Collector<string>()
  await using receiver = memoryBroker(server)
  await using sender = memoryBroker(server)
  await receiver.connect({ onMessage: ({ payload }) => received.push(`${Buffer.from(payload)}`) })
  await receiver.subscribe([{ filter: 'a' }])
  await sender.connect({ onMessage() {} })
  for (const payload of [new Uint8Array(Buffer.from('before')), Buffer.from('before')]) {
    const published = sender.publish({ topic: 'a', payload })
    payload.fill(0)
    await published
  }
  assert.deepEqual(await received.reach(2, 'messages'), ['before', 'before'])
})

test('options that are none are refused', () => {
  for (const [options, key] of [
    [{ receiveMaximum: 0 }, 'receiveMaximum'],
    [{ receiveMaximum: '64' }, 'receiveMaximum'],
    [{ shared: true }, 'shared'],
    [null, 'options'],
  ] as const) {
    const make = () => memoryBroker(memoryServer(), options as never)
    assert.throws(make, { name: 'ConfigError', key })
  }
})
