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

/** An answer of JSON. */
export function json(value: unknown, status = 200): Answer {
  return {
    status,
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  }
}

/** An answer of plain text, without a line end. */
export function plain(body: string, status = 200): Answer {
  return { status, body, headers: { 'content-type': 'text/plain' } }
}
