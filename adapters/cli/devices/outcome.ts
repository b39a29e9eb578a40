/**
 * What the library tells of a change, as the command has it from a service too.
 *
 * @module
 */
import { AdapterError, DeviceHubError, toError } from '../../../src/base/errors.ts'
import { ChangeError, type ChangeReport } from '../../../src/fleet/changes.ts'
import type { ProvisionOutcome } from '../../../src/fleet/fleet.ts'
import { firstLine } from '../failure.ts'
import { type Outcome, Refusal, type Report } from './operated.ts'

/** An error as a refusal; `undefined` if something failed. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  // Those of adapters say that a database fails.
  if (!(error instanceof DeviceHubError) || error instanceof AdapterError) return undefined
  const { field } = error as { readonly field?: string }
  return new Refusal(error.code, firstLine(error), field)
}

/** @throws {Error} If it is not known whether the device is on record. */
export function outcomeOf({ id, device, error }: ProvisionOutcome): Outcome {
  if (device) return { report: reportOf({ ...device, kind: 'provisioned' }) }
  const report = reportIn(error)
  if (report) return { report }
  const refusal = refusalOf(error)
  if (refusal) return { refusal }
  throw new Error(`${id}: ${firstLine(toError(error))}`, { cause: error })
}

/** What an error tells of a change of a device that is on record; `undefined` if it is of another kind. */
export function reportIn(error: unknown): Report | undefined {
  if (!(error instanceof ChangeError) || error.report.kind === 'tokens-revoked') return undefined
  return reportOf(error.report)
}

/** What there is to tell of a change. */
export function reportOf({ type, id, username, password, done, failed }: ChangeReport): Report {
  return {
    type,
    id,
    username,
    ...(password !== undefined && { password }),
    done,
    failed: failed.map(({ name, error }) => ({ name, problem: firstLine(error) })),
  }
}
