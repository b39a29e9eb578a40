/**
 * Bytes as the tests of packets write and cut them.
 *
 * @module
 */
import type { PacketReader } from '../../src/packet/reader.ts'

/** Chunks as one. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/**
 * Cuts bytes.
 *
 * @param sizes Of the chunks, again from the first when they are used up.
 */
export function cut(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, sizes[chunks.length % sizes.length] ?? bytes.length)
    chunks.push(bytes.slice(at, at + size))
    at += size
  }
  return chunks
}

/** All packets that a reader has ready. */
export function drain<P>(reader: PacketReader<P>): readonly P[] {
  const packets: P[] = []
  for (let packet = reader.next(); packet !== undefined; packet = reader.next())
    packets.push(packet)
  return packets
}

/** Bytes written as hexadecimal digits, with blanks where one likes. */
export function hex(digits: string): Uint8Array {
  const bytes = digits.replaceAll(/\s/g, '').match(/../g) ?? []
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16))
}

/** What a field is written as: a text with its length, a byte, or bytes as they are. */
export type Part = string | number | readonly number[] | Uint8Array

/** Fields one after the other. */
export function fields(...parts: readonly Part[]): Uint8Array {
  return joined(
    parts.map((part) => {
      if (typeof part === 'number') return Uint8Array.of(part)
      if (typeof part !== 'string') return Uint8Array.from(part)
      const text = new TextEncoder().encode(part)
      return joined([Uint8Array.of(text.length >> 8, text.length), text])
    }),
  )
}

/** Fields with their length before them as one variable byte integer: properties. */
export function counted(...parts: readonly Part[]): Uint8Array {
  const all = fields(...parts)
  const length: number[] = []
  let rest = all.length
  for (; rest > 0x7f; rest >>= 7) length.push((rest & 0x7f) | 0x80)
  return joined([Uint8Array.of(...length, rest), all])
}

/** A packet of which only what follows the fixed header is given. */
export function packet(first: number, ...parts: readonly Part[]): Uint8Array {
  return joined([Uint8Array.of(first), counted(...parts)])
}
