/**
 * The package built from the sources as they are, for Node, which starts it several times as fast as
 * sources that it first has to have transpiled.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folder of the package: where the packages that it needs are found. It is removed at the end. */
const path = mkdtempSync(join(root, 'node_modules', '.devicehub-'))
process.once('exit', () => rmSync(path, { recursive: true, force: true }))

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const sources: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'deno.json'), 'utf8'),
).exports
await build({
  absWorkingDir: root,
  entryPoints: [
    ...Object.entries(sources).map(([key, file]) => ({
      in: file,
      out: key === '.' ? 'index' : key.slice(2),
    })),
    { in: 'adapters/cli/main.ts', out: 'bin' },
  ],
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  packages: 'external',
  external: ['node:*', 'bun:*', 'cloudflare:*'],
  outdir: join(path, 'dist'),
  logLevel: 'error',
})
const manifest = { name: 'devicehub', type: 'module', exports }
writeFileSync(join(path, 'package.json'), JSON.stringify(manifest))

/** The program of the command. */
export const builtCommand: string = join(path, 'dist', 'bin.js')

/** Has `devicehub` found in a folder, as where it is installed. */
export function installBuilt(folder: string): void {
  symlinkSync(path, join(folder, 'node_modules', 'devicehub'), 'junction')
}
