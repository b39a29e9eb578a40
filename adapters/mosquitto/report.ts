/**
 * What a reconciliation did.
 *
 * @module
 */
import type { LoginFinding } from './finding.ts'

/** What {@link DynamicSecurity.reconcile} did, in logins: devices and service accounts. */
export interface ReconcileReport {
  readonly created: number
  readonly updated: number
  /** Of them, how many may log in no more. */
  readonly disabled: number
  /** Clients that are in the fleet no more. */
  readonly removed: number
  readonly unchanged: number
  /** Whether what is granted without any role had to be closed. */
  readonly closedDefaults: boolean
  /** What is not as it is in the fleet. */
  readonly findings: readonly LoginFinding[]
}

/** A report in the making. */
export class ReportBuilder {
  readonly counts = { created: 0, updated: 0, disabled: 0, removed: 0, unchanged: 0 }
  readonly findings: LoginFinding[] = []
  closedDefaults = false

  build(): ReconcileReport {
    return { ...this.counts, closedDefaults: this.closedDefaults, findings: this.findings }
  }
}

/** A report as one line. */
export function describeReport(report: ReconcileReport): string {
  const { created, updated, disabled, removed, unchanged, closedDefaults, findings } = report
  const counts = `${created} created, ${updated} updated, ${disabled} disabled, ${removed} removed, ${unchanged} unchanged`
  return `${counts}${closedDefaults ? ', default access closed' : ''}, ${findings.length} findings`
}
