/**
 * The package that the embedded broker is made of.
 *
 * @module
 */
import type { Aedes } from 'aedes'
import { loadPackage } from '../../src/base/load-package.ts'

/** What to install: a pre-release is not the latest. */
export const AEDES_TO_INSTALL = 'aedes@2.0.0-beta.1'

/** @throws {MissingDependencyError} If it is not installed. */
export function loadAedes(): Promise<{ Aedes: typeof Aedes }> {
  return loadPackage('aedes', () => import('aedes'), AEDES_TO_INSTALL)
}
