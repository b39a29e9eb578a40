/**
 * What went wrong, as `application/problem+json` (RFC 9457). Nothing that was sent is in it.
 *
 * @module
 */
import { DeviceHubError } from '../../src/base/errors.ts'
import { ChangeError } from '../../src/fleet/changes.ts'

/** A problem, as it is answered. */
export interface Problem {
  readonly status: number
  /** Stable, to switch on. */
  readonly code: string
  readonly detail: string
  /** Fields beside them, such as `errors`. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** Ends a request with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(status: number, code: string, detail: string, more?: Problem['more']) {
    super(detail)
    this.problem = { status, code, detail, ...(more && { more }) }
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** The status of each error that a call of the fleet is refused with. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_CONFIG: 400,
  ERR_NAME_INVALID: 400,
  ERR_TOPIC_INVALID: 400,
  ERR_QUERY_UNSUPPORTED: 400,
  ERR_DEVICE_UNKNOWN: 404,
  ERR_DEVICE_TYPE_UNKNOWN: 404,
  ERR_CREDENTIAL_UNKNOWN: 404,
  ERR_DEVICE_EXISTS: 409,
  ERR_DEVICE_REVOKED: 409,
  ERR_REVISION_CONFLICT: 409,
}

/** What an error is to whoever asked. `undefined` for one that is nobody's but the operator of the server. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof ProblemError) return error.problem
  if (error instanceof ChangeError) return incomplete(error)
  if (!(error instanceof DeviceHubError)) return undefined
  const { code } = error as DeviceHubError & { readonly code: string }
  const status = STATUS[code]
  if (status === undefined) return undefined
  const { key, field } = error as { readonly key?: string; readonly field?: string }
  const more = { ...(key !== undefined && { key }), ...(field !== undefined && { field }) }
  return { status, code, detail: error.message, more }
}

/** The change is on record, and something that had to act on it did not: told with all that was done. */
function incomplete({ code, message, report }: ChangeError): Problem {
  const failed = report.failed.map(({ name, error }) => ({ name, problem: error.message }))
  return { status: 502, code, detail: message, more: { report: { ...report, failed } } }
}

/** As a response. */
export function respondProblem({ status, code, detail, more }: Problem): Response {
  const body = { type: 'about:blank', title: TITLES[status], status, code, detail, ...more }
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(body), { status, headers })
}
