/**
 * Values in the messages of errors.
 *
 * @module
 */
import { printable } from '../base/quote.ts'

const MAX_LENGTH = 600

/** A value as one line of at most 600 characters. */
export function show(value: unknown): string {
  return printable(inWords(value), MAX_LENGTH)
}

function inWords(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as { readonly code?: unknown }
    return `${value.name}${typeof code === 'string' ? ` (${code})` : ''}: ${value.message}`
  }
  if (typeof value === 'string' || (typeof value === 'object' && value !== null)) {
    return JSON.stringify(value, (_, part: unknown) => readable(part))
  }
  return String(value)
}

/** What JSON has no word for. */
function readable(part: unknown): unknown {
  if (part instanceof Uint8Array) return `bytes ${[...part.subarray(0, 32)].join(' ')}`
  return part === undefined || typeof part === 'bigint' ? String(part) : part
}
