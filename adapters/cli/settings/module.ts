/**
 * Imports a module of the user's, whatever it is written in.
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { loadPackage } from '../../../src/base/load-package.ts'

/** What a runtime answers that does not take TypeScript, or not all of it. */
const NO_TYPESCRIPT: readonly unknown[] = [
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
]

/**
 * Imports a module. TypeScript is left to the runtime where it takes it, as Bun, Deno and Node from
 * 22.18 on do; elsewhere the `jiti` package reads it.
 *
 * @throws {MissingDependencyError} If that is not installed. Whatever the module throws.
 */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    if (!NO_TYPESCRIPT.includes((error as { code?: unknown } | null)?.code)) throw error
    return importTranspiled(path)
  }
}

async function importTranspiled(path: string): Promise<Record<string, unknown>> {
  const { createJiti } = await loadPackage('jiti', () => import('jiti'))
  const jiti = createJiti(path, {
    fsCache: false, // A copy of the sources, and of a password in them, is not to be left behind.
    interopDefault: false,
    nativeModules: ['devicehub'], // So that it is the one that is running.
  })
  return jiti.import(path)
}
