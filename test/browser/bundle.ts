/**
 * Bundles the cases as a user's bundler does for browsers and edge workers.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Options } from 'tsup'
import { browserBundle } from '../support/browser-bundle.ts'

const ASSERT = fileURLToPath(new URL('assert.ts', import.meta.url))

const OPTIONS: Options = {
  removeNodeProtocol: false,
  // The one module of Node that the cases import.
  esbuildPlugins: [
    {
      name: 'assert',
      setup(build) {
        build.onResolve({ filter: /^node:assert\/strict$/ }, () => ({ path: ASSERT }))
      },
    },
  ],
}

/** @param file Relative to this one. Resolves with the bundle's text. */
export function bundle(file: string): Promise<string> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return browserBundle(path, OPTIONS, (folder) => readFileSync(join(folder, 'program.js'), 'utf8'))
}
