/**
 * What `npx vite build` does, into a folder that is removed at the end.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Builds the page of an example. */
export async function buildPage(
  example: URL,
): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'devicehub-page-'))
  await build({ root: fileURLToPath(example), build: { outDir: folder, emptyOutDir: true } })
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
