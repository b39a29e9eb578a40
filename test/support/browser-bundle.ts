/**
 * A program bundled whole, as a user's bundler does for browsers.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Options } from 'tsup'

/**
 * Bundles a file.
 *
 * @param read Takes what is wanted out of the folder with `program.js`, which is removed then.
 */
export async function browserBundle<T>(
  file: string,
  options: Options,
  read: (folder: string) => T,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-bundle-'))
  try {
    await build({
      config: false,
      entry: { program: file },
      outDir: folder,
      outExtension: () => ({ js: '.js' }),
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      noExternal: [/./],
      splitting: false,
      silent: true,
      ...options,
    })
    return read(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
