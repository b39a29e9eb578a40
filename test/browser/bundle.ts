/**
 * Bundles a program as a user's bundler does for browsers and edge workers.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const ASSERT = fileURLToPath(new URL('assert.ts', import.meta.url))

/** @param file Relative to this one. Resolves with the bundle's text. */
export async function bundle(file: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-bundle-'))
  try {
    await build({
      config: false,
      entry: { bundle: fileURLToPath(new URL(file, import.meta.url)) },
      outDir: folder,
      outExtension: () => ({ js: '.js' }),
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      noExternal: [/./],
      splitting: false,
      removeNodeProtocol: false,
      silent: true,
      // The one module of Node that the cases import.
      esbuildPlugins: [
        {
          name: 'assert',
          setup(build) {
            build.onResolve({ filter: /^node:assert\/strict$/ }, () => ({ path: ASSERT }))
          },
        },
      ],
    })
    return readFileSync(join(folder, 'bundle.js'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
