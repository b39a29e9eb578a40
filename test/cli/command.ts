/**
 * The `devicehub` command as a process of its own, in a folder with files of a user's: built on Node,
 * where users have it so, and from source on the others.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findVersion, newestNode as newest, type Runtime, runtimes } from '../runner/runtime.ts'
import { deferred, within } from '../support/wait.ts'
import { builtCommand, installBuilt } from './built.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'adapters', 'cli', 'main.ts')

/** How the command is started on a runtime. */
export interface Host {
  readonly name: string
  /** Why it is not there, or `false`. */
  readonly missing: string | false
  readonly command: readonly string[]
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  Node: [process.execPath, builtCommand],
  'Newest Node': [join(root, newest.command), builtCommand],
  Bun: [join(root, 'node_modules', '.bin', 'bun'), main],
  Deno: [join(root, 'node_modules', '.bin', 'deno'), 'run', '-A', '--no-lock', main],
}

/** The runtimes the command runs on. */
export const hosts: readonly Host[] = runtimes.map(hostOf)

function hostOf(runtime: Runtime): Host {
  const isThere = findVersion(runtime, root) !== undefined || process.env.CI === 'true'
  const missing = isThere ? false : `no ${runtime.name} here`
  return { name: runtime.name, missing, command: COMMANDS[runtime.name]! }
}

export const node: Host = hosts[0]!

/** The newest Node, which has SQLite itself. */
export const newestNode: Host = hostOf(newest)
/** The runtimes that have SQLite themselves. Of Node that is not the oldest one that the command takes. */
export const sqliteHosts: readonly Host[] = [newestNode, ...hosts.slice(1)]

/** A folder of a user's, where `devicehub` can be imported. */
export interface Folder extends Disposable {
  readonly path: string
  write(file: string, text: string): void
}

export function userFolder(files: Readonly<Record<string, string>> = {}): Folder {
  // Below the tests, so that the entry points and the packages are found by their names.
  const path = mkdtempSync(join(root, 'test', '.programs-cli-'))
  const write = (file: string, text: string) => writeFileSync(join(path, file), text)
  // A package of its own, or `devicehub` would be the one around it.
  write('package.json', '{ "type": "module" }')
  mkdirSync(join(path, 'node_modules'))
  installBuilt(path)
  for (const [file, text] of Object.entries(files)) write(file, text)
  return {
    path,
    write,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** The same host, with a program of a folder in the place of the command. */
export function running(host: Host, program: string): Host {
  return { ...host, command: [...host.command.slice(0, -1), program] }
}

/** A run of the command. */
export interface Run {
  readonly process: ChildProcess
  /** The whole lines of its output so far. */
  readonly lines: () => readonly string[]
  readonly stderr: () => string
  /** Settles when so many lines of its output match, by default one. */
  until(pattern: RegExp, count?: number): Promise<void>
  /** Settles with the exit code. */
  exit(): Promise<number | null>
}

/** Starts the command. */
export function start(
  { command: [program, ...before] }: Host,
  folder: Folder,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Run {
  const { NODE_TEST_CONTEXT, FORCE_COLOR, DEBUG, ...inherited } = process.env
  const child = spawn(program!, [...before, ...args], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', ...env },
  })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of waiting) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const lines = () => stdout.split('\n').slice(0, -1)
  return {
    process: child,
    lines,
    stderr: () => stderr,
    async until(pattern, count = 1) {
      const seen = deferred()
      const look = () => {
        if (lines().filter((line) => pattern.test(line)).length >= count) seen.resolve()
      }
      waiting.add(look)
      look()
      const ended = closed.then(() => {
        throw new Error(`It ended without ${pattern}:\n${stdout}\n${stderr}`)
      })
      await within(Promise.race([seen.promise, ended]), `${pattern} in the output`, 30_000)
      waiting.delete(look)
    },
    async exit() {
      try {
        return await within(closed, `end of the command:\n${stdout}\n${stderr}`, 30_000)
      } finally {
        child.kill('SIGKILL')
      }
    },
  }
}

/** What a run of the command that ends by itself printed. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command to its end. */
export async function run(
  host: Host,
  folder: Folder,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const running = start(host, folder, args, env)
  const code = await running.exit()
  const stdout = running.lines().map((line) => `${line}\n`)
  return { code, stdout: stdout.join(''), stderr: running.stderr() }
}
