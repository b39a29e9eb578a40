/**
 * JSON of devices: whatever one sends, and whoever reads it.
 *
 * @module
 */
import { PayloadError } from '../base/errors.ts'

/** The bytes are no JSON text, or one with a number that cannot be read. */
export class MalformedPayloadError extends PayloadError {}

const decoder = /* @__PURE__ */ new TextDecoder()
const strictDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true })

/** On some runtimes a strict decoder takes twice the time, and this character is what it is there for. */
function decodeText(bytes: Uint8Array): string {
  const text = decoder.decode(bytes)
  return text.includes('\uFFFD') ? strictDecoder.decode(bytes) : text
}

/** Reads a JSON text in UTF-8, whatever its numbers are. @throws If the bytes are not that. */
export function parseJson(payload: Uint8Array): unknown {
  return JSON.parse(decodeText(payload))
}

/**
 * Reads a JSON text in UTF-8.
 *
 * @throws {MalformedPayloadError} If the bytes are not that, or a number in it is beyond 1.8e308: it would
 * be read as `Infinity`, which JSON does not have and no device has measured.
 */
export function decodeJson(payload: Uint8Array, what: string): unknown {
  let value: unknown
  try {
    value = parseJson(payload)
  } catch {
    throw new MalformedPayloadError(what, [{ path: '', message: 'is no JSON text in UTF-8' }])
  }
  const path = findInfinity(value)
  if (path === undefined) return value
  throw new MalformedPayloadError(what, [{ path, message: 'is a number too large to be read' }])
}

/** Writes a value as JSON in UTF-8. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** A list or object whose parts are still to be looked at. */
interface Open {
  readonly parts: object
  /** Its own path with a dot behind it; empty for the whole. */
  readonly prefix: string
}

/** The dotted path to the first infinite number, if there is one. A text may be nested very deeply. */
function findInfinity(value: unknown): string | undefined {
  if (isInfinite(value)) return ''
  const open: Open[] = []
  for (let next = openOf(value, ''); next; next = open.pop()) {
    const { parts, prefix } = next
    for (const key of Object.keys(parts)) {
      const part = (parts as Readonly<Record<string, unknown>>)[key]
      if (isInfinite(part)) return prefix + key
      const inner = openOf(part, prefix, key)
      if (inner) open.push(inner)
    }
  }
  return undefined
}

function openOf(value: unknown, prefix: string, key?: string): Open | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return { parts: value, prefix: key === undefined ? prefix : `${prefix}${key}.` }
}

function isInfinite(value: unknown): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
}
