/**
 * Requests that are no HTTP, or break off.
 *
 * @module
 */

import type { Draw } from '../../support/fuzz-seed.ts'
import { head } from './http.ts'

/** Makes one of each kind around a good question: by name, what is sent. */
export function brokenRequests(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  random: Draw,
): readonly (readonly [name: string, Uint8Array])[] {
  const half = body.slice(0, random.below(body.length))
  const join = (...parts: (string | Uint8Array)[]) =>
    Buffer.concat(parts.map((one) => Buffer.from(one as Uint8Array)))
  const told = (length: number | string) =>
    head('POST', path, { ...headers, 'content-length': String(length) })
  const chunked = head('POST', path, { ...headers, 'transfer-encoding': 'chunked' })
  const size = body.length.toString(16)
  return [
    ['cut off', join(told(body.length), half)],
    ['a length that is too large', join(told(body.length + 1 + random.below(100)), body)],
    ['no length', join(head('POST', path, headers), body)],
    ['a length that is none', join(told('x'), body)],
    ['a length below zero', join(told('-1'), body)],
    [
      'two lengths',
      join(head('POST', path, { ...headers, 'content-length': '1', 'Content-Length': '2' }), body),
    ],
    [
      'a length and chunks',
      join(
        head('POST', path, { ...headers, 'content-length': '1', 'transfer-encoding': 'chunked' }),
        body,
      ),
    ],
    ['chunks that are none', join(chunked, body)],
    ['a chunk that is cut off', join(chunked, `${size}\r\n`, half)],
    ['chunks without an end', join(chunked, `${size}\r\n`, body, '\r\n')],
    ['a chunk that is too long', join(chunked, `1\r\n`, body, '\r\n0\r\n\r\n')],
    ['a header with a line end', join(head('POST', path, { ...headers, x: 'a\nb' }), body)],
    ['a header with NUL', join(head('POST', path, { ...headers, x: 'a\0b' }), body)],
    ['a header of 40 kB', join(head('POST', path, { ...headers, x: 'x'.repeat(40_000) }), body)],
    ['no version', join(`POST ${path}\r\n\r\n`, body)],
    ['a path with a space', join(head('POST', `${path} x`, headers), body)],
    ['random bytes', Uint8Array.from({ length: 200 }, () => random.below(256))],
  ]
}
