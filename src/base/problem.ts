/**
 * What went wrong, as `application/problem+json` (RFC 9457).
 *
 * @module
 */

/** A problem, as it is answered. Nothing that was sent is to be in it. */
export interface Problem {
  readonly status: number
  /** Stable, to switch on. */
  readonly code: string
  readonly detail: string
  /** Fields beside them, such as `errors`. */
  readonly more?: Readonly<Record<string, unknown>>
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** What pages of other origins are answered. */
export const FOREIGN_PAGE: Problem = {
  status: 403,
  code: 'origin-foreign',
  detail: 'Pages of other origins are not answered',
}

/** As a response. */
export function respondProblem({ status, code, detail, more }: Problem): Response {
  const body = { type: 'about:blank', title: TITLES[status], status, code, detail, ...more }
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(body), { status, headers })
}
