/**
 * What is written in pieces is sent as it was written, whatever the pieces are.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { WriteBuffer } from '../../adapters/mqtt/write-buffer.ts'

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 5_000, maxLength: 20_000 }),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
)
const encode = (one: string | Uint8Array) =>
  typeof one === 'string' ? new TextEncoder().encode(one) : one
const joined = (all: readonly (string | Uint8Array)[]) => Buffer.concat(all.map(encode))

describe('a write buffer', () => {
  test('hands out all that was written, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(piece)), (turns) => {
        const buffer = new WriteBuffer()
        for (const pieces of turns) {
          for (const one of pieces) buffer.append(one)
          assert.equal(buffer.length, joined(pieces).length)
          assert.deepEqual(Buffer.from(buffer.take()), joined(pieces))
          assert.equal(buffer.length, 0)
        }
      }),
    )
  })

  test('does not change what it has handed out', () => {
    fc.assert(
      fc.property(fc.array(fc.array(piece)), (turns) => {
        const buffer = new WriteBuffer()
        const taken = turns.map((pieces) => {
          for (const one of pieces) buffer.append(one)
          return buffer.take()
        })
        assert.deepEqual(
          taken.map((bytes) => Buffer.from(bytes)),
          turns.map(joined),
        )
      }),
    )
  })

  test('keeps nothing of a piece that changes afterwards', () => {
    const buffer = new WriteBuffer()
    const bytes = new Uint8Array([1, 2, 3])
    buffer.append(bytes)
    bytes.fill(9)
    assert.deepEqual([...buffer.take()], [1, 2, 3])
  })
})
