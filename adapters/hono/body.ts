/**
 * The body of a broker's request as fields: JSON or a form, within bounds.
 *
 * @module
 */
import type { HonoRequest } from 'hono'
import type { MaybePromise } from '../../src/base/maybe-promise.ts'
import { type Fields, MalformedRequest } from '../../src/product/http/fields.ts'

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c
const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'

/** The reader of a body, in the words that all runtimes share. */
interface BodyStream {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

/** Reads the body of a request, and stops when told to. */
export class BodyReader {
  readonly #request: HonoRequest
  readonly #maxBytes: number
  readonly #wasRead: boolean
  #stream: BodyStream | undefined

  constructor(request: HonoRequest, maxBytes: number) {
    this.#request = request
    this.#maxBytes = maxBytes
    this.#wasRead = isRead(request.bodyCache)
  }

  /**
   * Reads it as fields: a form if it says so, else a JSON object. Hands them on as soon as they are
   * there, and settles with what is made of them.
   *
   * @throws {MalformedRequest} If it is longer than `maxBytes`, is not UTF-8, is neither of them,
   * or gives a field twice.
   */
  read<T>(take: (fields: Fields) => MaybePromise<T>): Promise<T> {
    const request = this.#request
    const isForm = isFormType(request.raw.headers.get('content-type'))
    const failed = (error: unknown) => this.#fail(error)
    // A form that was taken for one has another text from then on.
    if (isForm && this.#wasRead) {
      return request.formData().then((form) => take(toFields(pairsOf(form))), failed)
    }
    return this.#readText().then((text) => {
      if (isLonger(text, this.#maxBytes)) throw tooLong(this.#maxBytes)
      return take(isForm ? parseForm(text) : parseJson(text))
    }, failed)
  }

  /** Reads no further. */
  stop(): void {
    this.#stream?.cancel().catch(() => {})
  }

  #readText(): Promise<string> {
    const length = this.#request.raw.headers.get('content-length')
    // As a whole, where it is known to be short: some servers take ten times as long for a stream.
    const isShort = length !== null && LENGTH.test(length) && Number(length) <= this.#maxBytes
    return isShort || this.#wasRead ? this.#request.text() : this.#readStream()
  }

  async #readStream(): Promise<string> {
    this.#stream = this.#request.raw.body?.getReader()
    const stream = this.#stream
    return new TextDecoder().decode(stream && (await readBytes(stream, this.#maxBytes)))
  }

  #fail(error: unknown): never {
    // Looked at only now: on Node it takes as long as all else.
    if (!(error instanceof MalformedRequest) && !this.#wasRead && this.#request.raw.bodyUsed) {
      throw new Error(TAKEN, { cause: error })
    }
    throw error
  }
}

/** A length that a number holds. */
const LENGTH = /^\d{1,9}$/

function isFormType(type: string | null): boolean {
  if (type === null || type === JSON_TYPE) return false
  return type.split(';')[0]?.trim().toLowerCase() === FORM
}

/** Whether a text has more bytes in UTF-8: each unit of it has 3 at most. */
function isLonger(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes
}

/** For whoever put the middleware there. */
const TAKEN =
  'something read the body of the raw request before, where nobody can read it again: read it by the methods of `context.req`'

/** The types of some runtimes do not know that it can be gone through. */
function pairsOf(form: FormData): readonly [name: string, value: unknown][] {
  const pairs: [string, unknown][] = []
  form.forEach((value, name) => {
    pairs.push([name, value])
  })
  return pairs
}

/** Whether a middleware read the body before, by a method of Hono's. */
function isRead(bodyCache: HonoRequest['bodyCache']): boolean {
  for (const _ in bodyCache) return true
  return false
}

// What decoders put in place of what is no UTF-8. No broker has a name with it.
const REPLACEMENT = '\ufffd'

function parseJson(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the body, and with it the password.
    throw new MalformedRequest('the body is not JSON in UTF-8')
  }
  if (text.includes(REPLACEMENT)) throw new MalformedRequest('the body is not JSON in UTF-8')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedRequest('the body is not a JSON object')
  }
  const fields = value as Fields
  if (countKeys(fields) !== countColons(text)) {
    throw new MalformedRequest('the body gives a field twice')
  }
  return fields
}

/** How many keys there are in a value of JSON, at any depth. */
function countKeys(value: Fields): number {
  let count = 0
  const open = [value]
  for (let next = open.pop(); next; next = open.pop()) {
    const isList = Array.isArray(next)
    for (const key in next) {
      if (!isList) count++
      const inner = next[key]
      if (typeof inner === 'object' && inner !== null) open.push(inner as Fields)
    }
  }
  return count
}

/** How many colons stand outside of the strings of well-formed JSON: one for each key written. */
function countColons(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = findEnd(text, i)
    else if (code === COLON) count++
  }
  return count
}

/** Where the string ends that begins at an index: found natively, since most of a body is strings. */
function findEnd(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1)
    let before = end
    while (text.charCodeAt(before - 1) === BACKSLASH) before--
    // The string has an end, since it was parsed.
    if ((end - before) % 2 === 0) return end
  }
}

function parseForm(text: string): Fields {
  return toFields(readPairs(text))
}

function toFields(pairs: Iterable<readonly [name: string, value: unknown]>): Fields {
  // Without a prototype, so that no name is one of its properties.
  const fields: Record<string, unknown> = Object.create(null)
  for (const [name, value] of pairs) {
    if (name in fields) throw new MalformedRequest('the body gives a field twice')
    fields[name] = value
  }
  return fields
}

/** The pairs of a form (WHATWG URL, section 5.1), where that would put U+FFFD for what is no UTF-8. */
function readPairs(text: string): [name: string, value: string][] {
  const decodePart = (part: string) => decodeURIComponent(part.replaceAll('+', ' '))
  try {
    if (text.includes(REPLACEMENT)) throw new URIError()
    return text
      .split('&')
      .filter(Boolean)
      .map((pair) => {
        const [name = '', ...rest] = pair.split('=')
        return [decodePart(name), decodePart(rest.join('='))]
      })
  } catch {
    throw new MalformedRequest('the body is no form in UTF-8')
  }
}

function tooLong(maxBytes: number): MalformedRequest {
  return new MalformedRequest(`the body is longer than ${maxBytes} bytes`)
}

/** All bytes of a stream. @throws {MalformedRequest} If there are more than `maxBytes`. */
async function readBytes(stream: BodyStream, maxBytes: number): Promise<Uint8Array> {
  const kept: Uint8Array[] = []
  let size = 0
  // A body that is too long is read to its end all the same, and dropped: to leave it unread can
  // break the connection, and a broker takes a broken connection for "ask the next one".
  for (;;) {
    const { done, value } = await stream.read()
    if (done || !value) break
    size += value.byteLength
    if (size <= maxBytes) kept.push(value)
  }
  if (size > maxBytes) throw tooLong(maxBytes)
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of kept) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
