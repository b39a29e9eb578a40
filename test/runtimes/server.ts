/**
 * The routes of `test/hono/site.ts` on each runtime, served over HTTP on 127.0.0.1 by a process of
 * its own for as long as a test needs it.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { findVersion, runtimes } from '../runner/runtime.ts'
import { within } from '../support/wait.ts'

const START_LIMIT = 30_000
const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process that serves the routes. */
export interface Server {
  readonly port: number
  /** Settles when the process has ended. */
  stop(): Promise<void>
}

/** A runtime that can serve them. */
export interface Host {
  readonly name: string
  /** Why it cannot here, or `false`. Where `CI` is `true` it must. */
  readonly missing: string | false
  /** Settles when it listens. */
  start(): Promise<Server>
}

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  Node: ['--import=tsx'],
  Bun: ['run'],
  Deno: ['run', '-A', '--no-check', '--no-lock'],
}

function processHost({ name, command }: (typeof runtimes)[number]): Host {
  const version = findVersion({ name, command, args: () => [] }, root)
  const file = `test/runtimes/${name.toLowerCase()}.ts`
  return {
    name,
    missing: needed(version === undefined && `${name} is not installed: npm ci`),
    start: () => serve(command, [...(ARGUMENTS[name] ?? []), file]),
  }
}

/** @param entry What the worker is made of, beside this file. */
function workerdHost(name: string, entry: string): Host {
  const command = findWorkerd()
  return {
    name,
    missing: needed(command === undefined && 'workerd has no binary for this platform'),
    async start() {
      const folder = mkdtempSync(join(tmpdir(), 'devicehub-workerd-'))
      try {
        await bundle(entry, folder)
        const config = join(folder, 'config.capnp')
        writeFileSync(config, WORKERD_CONFIG)
        const server = await serve(command!, ['serve', config, '--control-fd=3'])
        return {
          port: server.port,
          async stop() {
            await server.stop()
            rmSync(folder, { recursive: true, force: true })
          },
        }
      } catch (error) {
        rmSync(folder, { recursive: true, force: true })
        throw error
      }
    },
  }
}

/** The routes on all runtimes. */
export const hosts: readonly Host[] = [
  ...runtimes.map(processHost),
  workerdHost('workerd', 'workerd.ts'),
]

/** See `workerd-bounded.ts`. */
export const boundedHost: Host = workerdHost('workerd, bounded', 'workerd-bounded.ts')

// No compatibility flag: nothing of Node is there.
const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "site", worker = .site)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "site")],
);
const site :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
);
`

function needed(missing: string | false): string | false {
  if (missing !== false && process.env.CI === 'true') throw new Error(missing)
  return missing
}

/** The path of the binary, or `undefined` where there is none. */
function findWorkerd(): string | undefined {
  try {
    const command: string = createRequire(import.meta.url)('workerd').default
    return spawnSync(command, ['--version'], { timeout: START_LIMIT }).status === 0
      ? command
      : undefined
  } catch {
    return undefined // The package throws where there is no binary.
  }
}

async function bundle(entry: string, folder: string): Promise<void> {
  await build({
    config: false,
    entry: { worker: join(root, 'test', 'runtimes', entry) },
    outDir: folder,
    format: 'esm',
    outExtension: () => ({ js: '.js' }),
    platform: 'neutral',
    target: 'es2022',
    noExternal: [/./],
    splitting: false,
    silent: true,
  })
}

/** Starts a process that tells its port in a line of JSON, and ends with its input. */
async function serve(command: string, args: readonly string[]): Promise<Server> {
  const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const exited = once(child, 'exit')
  // Not to be left behind by a test process that crashes.
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const stop = async () => {
    await end(child, exited)
    process.removeListener('exit', killAtExit)
  }
  try {
    const failed = exited.then(() => Promise.reject(new Error('it ended')))
    const told = [child.stdout, child.stdio[3] as Readable].map(readPort)
    return { port: await within(Promise.race([failed, ...told]), 'port', START_LIMIT), stop }
  } catch (error) {
    await stop()
    throw new Error(`${command} does not serve the routes:\n${log}`, { cause: error })
  }
}

function readPort(stream: Readable): Promise<number> {
  return new Promise((resolve) => {
    createInterface(stream).on('line', (line) => {
      const found = /^\{.*"port":(\d+)\}$/.exec(line)
      if (found) resolve(Number(found[1]))
    })
  })
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill()
  // Where that was a script which starts the runtime, the runtime ends with its input.
  child.stdin!.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await exited.catch(() => {})
  clearTimeout(timer)
}
