/**
 * The package as a tarball, built from the sources as they are.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What is built, and what is packed beside it. */
const PARTS = [
  'src',
  'adapters',
  'package.json',
  'deno.json',
  'tsconfig.json',
  'tsup.config.ts',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
]
const LIMIT = 240_000

/**
 * Builds and packs the package, and returns the path of the tarball. It is what is published but for
 * the declarations, which take most of the time and which no runtime reads. All is done in a copy of
 * the sources: a test that packs at the same time would clear this one's `dist/`.
 *
 * @param folder Where the tarball is put.
 */
export function packTo(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'devicehub-source-'))
  try {
    for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
    mkdirSync(folder, { recursive: true })
    run(copy, join(root, 'node_modules', '.bin', 'tsup'), '--no-dts', '--silent')
    run(copy, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return join(folder, `${name}-${version}.tgz`)
}

/**
 * Installs the package in a folder as a user has it, with what it depends on beside it. Returns the path of
 * its command.
 *
 * @param beside Optional packages that are installed too.
 */
export function installTo(folder: string, beside: readonly string[]): string {
  const installed = join(folder, 'node_modules')
  const tarball = packTo(folder)
  // By it Deno knows what is installed beside it.
  const manifest = JSON.stringify({ dependencies: { devicehub: '*' } })
  writeFileSync(join(folder, 'package.json'), manifest)
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of [...Object.keys(dependencies), ...beside]) {
    const target = join(installed, name)
    mkdirSync(join(target, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), target, 'junction')
  }
  run(folder, 'tar', '-xzf', tarball, '-C', installed)
  renameSync(join(installed, 'package'), join(installed, 'devicehub'))
  return join(installed, 'devicehub', 'dist', 'bin.js')
}

function run(cwd: string, command: string, ...args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: LIMIT,
  })
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${error?.message ?? ''}${stdout}${stderr}`)
}
