/**
 * What a reader refuses, each beside the nearest that it reads.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketError } from '../../src/packet/error.ts'
import type { PacketReader } from '../../src/packet/reader.ts'
import { drain } from './bytes.ts'

/** A packet that cannot be read. */
export const MALFORMED = 0x81

/** A packet that can be read, and is not allowed. */
export const PROTOCOL = 0x82

/** What is read, what is refused, and with which reason code. */
export type Row = readonly [what: string, read: Uint8Array, refused: Uint8Array, code: number]

/** Tests rows, each on readers of their own. */
export function checkRows(
  reader: () => PacketReader<{ readonly kind: string }>,
  rows: readonly Row[],
): void {
  for (const [what, good, bad, code] of rows) {
    test(what, () => {
      const ofGood = reader()
      ofGood.push(good)
      assert.equal(drain(ofGood).length, 1)
      assert.equal(ofGood.heldBytes, 0)
      const ofBad = reader()
      ofBad.push(bad)
      const error = refusal(() => ofBad.next())
      assert.equal(error.reasonCode, code, error.message)
      // And from then on.
      ofBad.push(good)
      assert.equal(ofBad.heldBytes, 0)
      assert.throws(
        () => ofBad.next(),
        (again) => again === error,
      )
    })
  }
}

/** The error that something is refused with. */
export function refusal(run: () => unknown): PacketError {
  try {
    run()
  } catch (error) {
    if (error instanceof PacketError) return error
    throw error
  }
  assert.fail('it was read')
}
