/**
 * Bundles what a browser loads of the page, and writes it as a module that any runtime can serve:
 * `npm run page`. It is made, not kept: `assets.ts` is in no commit, and in both packages.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Metafile } from 'esbuild'

/** A file that the page loads. */
export interface Asset {
  readonly contentType: string
  readonly text: string
  /** As the header of that name has it, with its quotes. */
  readonly etag: string
}

const CLIENT = fileURLToPath(new URL('client/', import.meta.url))
const TARGET = fileURLToPath(new URL('assets.ts', import.meta.url))
/** Under the address of the page. */
const FOLDER = 'assets'
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
}

/**
 * Bundles the page. All names but that of `index.html` change with what is in the file, so that a browser
 * may keep it for good.
 *
 * @returns The files by name; `index.html` loads the others from `assets/` beside it.
 */
export async function bundlePage(): Promise<Readonly<Record<string, Asset>>> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: CLIENT,
    entryPoints: { page: 'main.ts', style: 'style.css', icon: 'icon.svg' },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    outdir: CLIENT,
    loader: { '.svg': 'copy' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none', // The licences are a file of their own.
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const made = outputFiles.map(({ path, text }) => [basename(path), text] as const)
  const nameOf = (start: string, end: string) =>
    made.map(([name]) => name).find((name) => name.startsWith(start) && name.endsWith(end))!
  const shell = readFileSync(join(CLIENT, 'index.html'), 'utf8')
    .replace('{style}', `${FOLDER}/${nameOf('style-', '.css')}`)
    .replace('{script}', `${FOLDER}/${nameOf('page-', '.js')}`)
    .replace('{icon}', `${FOLDER}/${nameOf('icon-', '.svg')}`)
  const all = [
    ['index.html', shell] as const,
    ...made,
    ['licenses.txt', licensesOf(metafile)] as const,
  ]
  return Object.fromEntries(all.map(([name, text]) => [name, assetOf(name, text)]))
}

function assetOf(name: string, text: string): Asset {
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22)
  return { contentType: TYPES[name.split('.').at(-1)!]!, text, etag: `"${digest}"` }
}

/** The licences of the packages that are bundled, as they demand. */
function licensesOf({ inputs }: Metafile): string {
  const paths = Object.keys(inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  )
  return [...new Set(paths)]
    .sort()
    .map((path) => {
      const folder = join(CLIENT, path)
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      return `${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

/** Writes `assets.ts`, whole or not at all, unless it is what it would be. */
export async function writeAssets(): Promise<void> {
  const assets = await bundlePage()
  const source = `// Made by build.ts: npm run page
/** What a browser loads of the page, by name. */
export const ASSETS: Readonly<
  Record<string, { readonly contentType: string; readonly text: string; readonly etag: string }>
> = ${JSON.stringify(assets, undefined, 2)}
`
  if (existsSync(TARGET) && readFileSync(TARGET, 'utf8') === source) return
  const draft = `${TARGET}.${process.pid}.tmp`
  writeFileSync(draft, source)
  renameSync(draft, TARGET)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await writeAssets()
