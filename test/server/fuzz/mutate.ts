/**
 * Bytes that are no longer what they were, and bytes that are cut.
 *
 * @module
 */
import { joined } from '../../packet/bytes.ts'
import type { Draw } from '../../support/fuzz-seed.ts'

/** Changes some bytes. */
export function mutate(bytes: Uint8Array, { below }: Draw): Uint8Array {
  const at = below(bytes.length)
  const before = bytes.subarray(0, at)
  switch (below(6)) {
    case 0:
      return before
    case 1:
      return joined([before, garbage(1 + below(5), below), bytes.subarray(at)])
    case 2:
      return joined([before, bytes.subarray(Math.min(at + 1 + below(3), bytes.length))])
    case 3:
      return joined([bytes, bytes])
    case 4:
      return garbage(1 + below(20), below)
    default: {
      const changed = bytes.slice()
      for (let i = 0; i <= below(3); i++) changed[below(changed.length)] = below(256)
      return changed
    }
  }
}

/** Cuts bytes into chunks, of which most are whole. */
export function cutAtRandom(bytes: Uint8Array, { below }: Draw): readonly Uint8Array[] {
  if (below(3) > 0) return [bytes]
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + below(below(2) === 0 ? 4 : 60)
    chunks.push(bytes.slice(at, at + size))
    at += size
  }
  return chunks
}

function garbage(size: number, below: Draw['below']): Uint8Array {
  return Uint8Array.from({ length: size }, () => below(256))
}
