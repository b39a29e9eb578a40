/**
 * The operator's routes, asked.
 *
 * @module
 */
import { PATHS } from '../wire.ts'

/** The address of the page, wherever it is mounted: its scripts are in a folder below. */
export const ROOT = new URL('..', import.meta.url)

/** Milliseconds: longer than an answer may take there. */
const LIMIT = 35_000

/** What was not done, and who has to know. */
export interface Report {
  readonly done?: readonly string[]
  readonly failed?: readonly {
    readonly name: string
    readonly problem?: string
    readonly code?: string
  }[]
  /** Shown once: nobody can read it again. */
  readonly password?: string
}

/** A problem as the routes tell it (RFC 9457), or that none could be asked. */
export class Problem extends Error {
  override readonly name = 'Problem'
  /** The status of HTTP; 0 where there was no answer. */
  readonly status: number
  readonly code: string
  readonly errors: readonly { readonly path: string; readonly problem: string }[]
  /** What was done all the same. */
  readonly report: Report | undefined

  constructor(status: number, code: string, detail: string, more: Partial<Problem> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = more.errors ?? []
    this.report = more.report
  }

  /** Whether the same may be answered in a while. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502
  }
}

/** Anything that was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(500, 'page-failed', error instanceof Error ? error.message : String(error))
}

/** Called where it turns out that nobody is let in any more. */
let onStranger = () => {}

/** Says what to do once the session has ended. */
export function whenStranger(listener: () => void): void {
  onStranger = listener
}

/**
 * Asks a route.
 *
 * @param path Below `api/`, such as `devices/pump/PUMP-1`, each part encoded.
 * @throws {Problem} If it is refused, or cannot be asked.
 */
export async function ask<T>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  let response: Response
  let answer: unknown
  try {
    response = await fetch(new URL(`${PATHS.api}/${path}`, ROOT), {
      method,
      signal: AbortSignal.timeout(LIMIT),
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    answer = await response.json().catch(() => undefined)
  } catch {
    throw new Problem(0, 'unreachable', 'The server does not answer.')
  }
  if (response.ok && answer !== undefined) return answer as T
  if (response.status === 401) onStranger()
  const { code = 'failed', detail, ...more } = (answer ?? {}) as Record<string, never>
  throw new Problem(
    response.ok ? 502 : response.status,
    String(code),
    String(detail ?? `The server answered with ${response.status}.`),
    more,
  )
}

/** The address of a device among the routes. */
export function devicePath(type: string, id: string): string {
  return `devices/${encodeURIComponent(type)}/${encodeURIComponent(id)}`
}
