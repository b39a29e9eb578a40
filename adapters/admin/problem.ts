/**
 * What went wrong, for whoever asked. Nothing that was sent is in it.
 *
 * @module
 */
import { DeviceHubError } from '../../src/base/errors.ts'
import type { Problem } from '../../src/base/problem.ts'
import { ChangeError } from '../../src/fleet/changes.ts'

/** Ends a request with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(status: number, code: string, detail: string, more?: Problem['more']) {
    super(detail)
    this.problem = { status, code, detail, ...(more && { more }) }
  }
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
  // A credential is named by what was sent, and somebody may have sent a password.
  const isNamed = code === 'ERR_CREDENTIAL_UNKNOWN'
  const detail = isNamed
    ? 'The device has no such credential; its record names those'
    : error.message
  return { status, code, detail, more }
}

/** The change is on record, and something that had to act on it did not: told with all that was done. */
function incomplete({ code, message, report }: ChangeError): Problem {
  const failed = report.failed.map(({ name, error }) => ({ name, problem: error.message }))
  return { status: 502, code, detail: message, more: { report: { ...report, failed } } }
}
