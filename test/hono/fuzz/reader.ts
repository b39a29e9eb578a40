/**
 * A strict reader of JSON (RFC 8259) and of forms, written after their grammars and nothing else: a
 * name given twice, at any depth, is an error.
 *
 * @module
 */

/** The text cannot be read. */
export class Unreadable extends Error {}

/**
 * Bytes as text, without the byte order mark at its beginning, or two of them: a platform takes off
 * either.
 *
 * @throws {Unreadable} If they are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.startsWith('\ufeff') ? text.slice(1) : text
  } catch {
    throw new Unreadable('UTF-8')
  }
}

/** The fields of an object in JSON. @throws {Unreadable} */
export function readJson(text: string): Record<string, unknown> {
  const reader = new JsonReader(text)
  const value = reader.document()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Unreadable('no object')
  }
  return value as Record<string, unknown>
}

class JsonReader {
  #at = 0
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }

  document(): unknown {
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw new Unreadable('more than one value')
    return value
  }

  #value(depth: number): unknown {
    if (depth > 1_000) throw new Unreadable('too deep for this reader')
    this.#space()
    const next = this.#text[this.#at]
    if (next === '{') return this.#object(depth)
    if (next === '[') return this.#array(depth)
    if (next === '"') return this.#string()
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    }
    return Number(this.#take(/-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y))
  }

  #object(depth: number): object {
    // No name means anything by itself, `__proto__` neither.
    const fields: Record<string, unknown> = Object.create(null)
    this.#list('}', () => {
      this.#space()
      const name = this.#string()
      this.#space()
      this.#take(/:/y)
      if (name in fields) throw new Unreadable('twice')
      fields[name] = this.#value(depth + 1)
    })
    return fields
  }

  #array(depth: number): unknown[] {
    const values: unknown[] = []
    this.#list(']', () => values.push(this.#value(depth + 1)))
    return values
  }

  #list(end: string, readOne: () => void): void {
    this.#at++
    this.#space()
    if (this.#text[this.#at] === end) {
      this.#at++
      return
    }
    for (;;) {
      readOne()
      this.#space()
      const next = this.#take(/[,\]}]/y)
      if (next === end) return
      if (next !== ',') throw new Unreadable('unbalanced')
    }
  }

  #string(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON excludes these.
    const raw = this.#take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y)
    return raw.slice(1, -1).replace(/\\(u(....)|.)/g, (_, one: string, hex: string) => {
      if (hex) return String.fromCharCode(Number.parseInt(hex, 16))
      return { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[one] ?? one
    })
  }

  #space(): void {
    this.#take(/[ \t\n\r]*/y)
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw new Unreadable(`at ${this.#at}`)
    this.#at += found.length
    return found
  }
}

/** The fields of a form. @throws {Unreadable} */
export function readForm(text: string): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null)
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const end = pair.includes('=') ? pair.indexOf('=') : pair.length
    const name = unescapeForm(pair.slice(0, end))
    if (name in fields) throw new Unreadable('twice')
    fields[name] = unescapeForm(pair.slice(end + 1))
  }
  return fields
}

function unescapeForm(text: string): string {
  const bytes: number[] = []
  for (let i = 0; i < text.length; i++) {
    const character = text.codePointAt(i)!
    if (character === 0x2b) bytes.push(0x20)
    else if (character === 0x25) {
      const hex = text.slice(i + 1, i + 3)
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new Unreadable('percent')
      bytes.push(Number.parseInt(hex, 16))
      i += 2
    } else {
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(character)))
      if (character > 0xffff) i++
    }
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(Uint8Array.from(bytes))
  } catch {
    throw new Unreadable('UTF-8')
  }
}
