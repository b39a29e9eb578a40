/**
 * The size of the smallest programs for a browser that connect, subscribe and publish, and what
 * of one is the `mqtt` package.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Options } from 'tsup'
import { browserBundle } from '../test/support/browser-bundle.ts'
import { grouped, table } from './table.ts'

interface Bundle {
  readonly code: Buffer
  /** Bytes of the minified code by where they come from. */
  readonly parts: ReadonlyMap<string, number>
}

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }
    >
  >
}

/** Bundles, which takes no effort. Returns Markdown. */
export async function bench(): Promise<string> {
  const [bare, own] = [await bundle('bare'), await bundle('devicehub')]
  const [small, guarded] = [await bundle('browser'), await bundle('guarded')]
  const watching = await bundle('watching', { external: ['valibot'], noExternal: [/^devicehub/] })
  const sizes = table(
    ['A program with', 'Minified', 'gzip', 'Brotli'],
    [
      ['bare `mqtt`', ...sizesOf(bare.code)],
      ['`devicehub/mqtt`', ...sizesOf(own.code)],
      ['`devicehub/browser`', ...sizesOf(small.code)],
      ['`devicehub/browser`, watching a type (without `valibot`)', ...sizesOf(watching.code)],
      ['`devicehub/browser` and `guardedBroker`', ...sizesOf(guarded.code)],
    ],
  )
  const parts = table(
    ['Part of the one with `devicehub/mqtt`', 'Minified', 'Share'],
    [...own.parts]
      .sort(([, a], [, b]) => b - a)
      .map(([name, bytes]) => [
        name,
        `${grouped(bytes)} B`,
        `${((bytes / own.code.length) * 100).toFixed(1)} %`,
      ]),
  )
  return `${sizes}\n\n${parts}`
}

function sizesOf(code: Buffer): string[] {
  return [code, gzipSync(code, { level: 9 }), brotliCompressSync(code)].map(
    ({ length }) => `${grouped(length)} B`,
  )
}

function bundle(name: string, options: Options = {}): Promise<Bundle> {
  const file = fileURLToPath(new URL(`bundle/${name}.ts`, import.meta.url))
  return browserBundle(file, { minify: true, metafile: true, ...options }, (folder) => {
    const { outputs }: Metafile = JSON.parse(
      readFileSync(join(folder, 'metafile-esm.json'), 'utf8'),
    )
    const code = readFileSync(join(folder, 'program.js'))
    return { code, parts: partsOf(Object.values(outputs)[0]!.inputs, code.length) }
  })
}

function partsOf(
  inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>,
  total: number,
): ReadonlyMap<string, number> {
  const parts = new Map<string, number>()
  let rest = total
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]
    const part = name === undefined ? 'devicehub' : `\`${name}\``
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput)
    rest -= bytesInOutput
  }
  return parts.set('between the files', rest)
}
