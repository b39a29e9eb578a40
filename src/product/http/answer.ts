/**
 * An answer in a broker's language.
 *
 * @module
 */

/** What a broker is answered. */
export interface Answer {
  readonly status: number
  /** Nothing at all for the empty text. */
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

const JSON_HEADERS: Readonly<Record<string, string>> = { 'content-type': 'application/json' }

/** An answer of JSON. */
export function json(value: unknown, status = 200): Answer {
  return jsonText(JSON.stringify(value), status)
}

/** An answer of JSON that is written already. */
export function jsonText(body: string, status = 200): Answer {
  return { status, body, headers: JSON_HEADERS }
}

/** An answer of plain text, without a line end. */
export function plain(body: string, status = 200): Answer {
  return { status, body, headers: { 'content-type': 'text/plain' } }
}
