/**
 * Stock Mosquitto without plug-ins of others: its dynamic security kept in step with a fleet, or its
 * files written from it.
 *
 * {@link dynamicSecurity} needs the `Broker` it is given, and nothing else. What writes files needs
 * a runtime that has some: Node, Bun or Deno.
 *
 * @module
 */
export { DynamicSecurityError } from './control.ts'
export {
  type DocumentOptions,
  type DynamicSecurityDocument,
  dynamicSecurityDocument,
} from './document.ts'
export {
  type DynamicSecurity,
  type DynamicSecurityOptions,
  dynamicSecurity,
  type ReconcileOptions,
} from './dynamic-security.ts'
export { type MosquittoFilePart, mosquittoFileParts } from './files.ts'
export type { LoginFinding, LoginFindingCode } from './finding.ts'
export { type MosquittoProcess, MosquittoReloadError } from './reload.ts'
export type { ReconcileReport } from './report.ts'
export {
  type WriteFilesOptions,
  type WrittenFiles,
  writeMosquittoFiles,
} from './write.ts'
