/**
 * Packets of MQTT 5 byte by byte, for what no client library would send.
 *
 * @module
 */

/** A packet from its first byte and its body of at most 16,383 bytes. */
export function packet(first: number, ...body: (number | string | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(
    body.map((part) => {
      if (typeof part === 'number') return Buffer.of(part)
      return typeof part === 'string' ? Buffer.from(part) : part
    }),
  )
  const { length } = bytes
  const size = length < 128 ? [length] : [(length % 128) + 128, length >> 7]
  return Buffer.concat([Buffer.of(first, ...size), bytes])
}

/** A text with its length before it. */
export function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(0, Buffer.byteLength(value)), Buffer.from(value)])
}
