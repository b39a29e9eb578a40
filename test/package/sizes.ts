/**
 * What a user's bundler takes of the installed package: of each entry point all of it, and of some what
 * one import needs. The numbers that are known are in `bench/bundle/sizes.json`.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { browserBundle } from '../support/browser-bundle.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const FILE = join(root, 'bench', 'bundle', 'sizes.json')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Bytes of a bundle. */
export interface BundleSize {
  readonly minified: number
  readonly gzip: number
}

/** An import. */
export interface Use {
  readonly specifier: string
  /** What is imported. Default: all of it. */
  readonly names?: readonly string[]
}

const entries: readonly string[] = Object.keys(
  JSON.parse(readFileSync(join(root, 'deno.json'), 'utf8')).exports,
).map((key) => key.replace('.', manifest.name))

const ONE: readonly Use[] = [
  { specifier: 'devicehub', names: ['covers'] },
  { specifier: 'devicehub', names: ['defineDeviceType'] },
  { specifier: 'devicehub', names: ['createFleet', 'memoryStore'] },
  { specifier: 'devicehub/products', names: ['emqx'] },
  { specifier: 'devicehub/browser', names: ['browserBroker'] },
  { specifier: 'devicehub/browser', names: ['browserBroker', 'guardedBroker'] },
]

/** A program for a page, and most of its bytes. */
export interface Program {
  /** A file of `bench/bundle`. */
  readonly file: string
  /** With gzip. */
  readonly most: number
}

/**
 * Programs for pages, by what they do. The schemas of the user are not counted, nor is valibot. The first two
 * are to become smaller yet: 10 and 14 KiB are the aim.
 */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  'connects, subscribes and publishes': { file: 'browser.ts', most: 11_264 },
  'watches a device type': { file: 'watching.ts', most: 18_816 },
  'refuses by itself what is not granted, and explains it': { file: 'guarded.ts', most: 20_480 },
}

/** What is measured, by what it is called. */
export const USES: Readonly<Record<string, Use>> = Object.fromEntries(
  [...entries.map((specifier): Use => ({ specifier })), ...ONE].map((use) => [
    use.names ? `${use.specifier}: ${use.names.join(', ')}` : use.specifier,
    use,
  ]),
)

/** The numbers that are known. */
export function readSizes(): Readonly<Record<string, BundleSize>> {
  return JSON.parse(readFileSync(FILE, 'utf8'))
}

/** In words, what has changed by a tenth or more, if anything has. */
export function changeOf(known: BundleSize, taken: BundleSize): string | undefined {
  const form = (['minified', 'gzip'] as const).find(
    (one) => Math.abs(taken[one] - known[one]) * 10 >= known[one],
  )
  if (!form) return undefined
  return `${known[form]} bytes (${form}) have become ${taken[form]}: renew them, or find out why. See CONTRIBUTING.md, "Dependencies"`
}

/** Makes a number known, in the order of {@link USES}; what is no longer measured goes. */
export function writeSize(use: string, size: BundleSize): void {
  const sizes = { ...readSizes(), [use]: size }
  const sorted = Object.keys(USES).flatMap((key) => (sizes[key] ? [[key, sizes[key]]] : []))
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`)
}

/**
 * Bundles and minifies one import for browsers. The packages that are installed beside devicehub are
 * left out, since they are not its own.
 *
 * @param folder Where the package is installed.
 */
export function bundleSize(
  folder: string,
  specifier: string,
  names: readonly string[] | undefined,
): Promise<BundleSize> {
  const text = `export ${names ? `{ ${names.join(', ')} }` : '*'} from '${specifier}'\n`
  return sizeOf(folder, 'use.js', text, Object.keys(manifest.dependencies))
}

/** Bundles and minifies a program for pages in the same way. @returns Bytes with gzip. */
export async function programSize(folder: string, { file }: Program): Promise<number> {
  const text = readFileSync(join(root, 'bench', 'bundle', file), 'utf8')
  const others = Object.keys(manifest.dependencies).filter((name) => name !== 'valibot')
  const { gzip } = await sizeOf(folder, file, text, others)
  return gzip
}

/** @param dependencies Those that are counted. */
function sizeOf(
  folder: string,
  name: string,
  text: string,
  dependencies: readonly string[],
): Promise<BundleSize> {
  const source = join(folder, 'sizes')
  mkdirSync(source, { recursive: true })
  // Else the one of this repository would lead to the sources.
  const tsconfig = join(source, 'tsconfig.json')
  writeFileSync(tsconfig, '{}')
  const file = join(source, name)
  writeFileSync(file, text)
  const external = [/^node:/, ...Object.keys(manifest.peerDependencies)]
  if (!dependencies.includes('valibot')) external.push('valibot')
  const noExternal = [manifest.name, ...dependencies].map((one) => new RegExp(`^${one}(/|$)`))
  const options = { minify: true, tsconfig, external, noExternal }
  return browserBundle(file, options, (out) => {
    const code = readFileSync(join(out, 'program.js'))
    return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length }
  })
}
