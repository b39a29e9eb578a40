/**
 * The routes of `test/hono/site.ts` on each runtime, served over HTTP on 127.0.0.1 by a process of
 * its own for as long as a test needs it.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { findVersion, type Runtime, runtimes } from '../runner/runtime.ts'
import { findWorkerd, type Server, serve } from '../support/serve.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

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

function processHost(runtime: Runtime): Host {
  const { name, key, command } = runtime
  const version = findVersion(runtime, root)
  const file = `test/runtimes/${key}.ts`
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

/** See `cloudflare.ts`. */
export const cloudflareHost: Host = workerdHost('workerd as on Cloudflare', 'cloudflare-routes.ts')

/** The fleets of `migrated.ts` in workerd. */
export const migratedHosts: readonly Host[] = [
  workerdHost('workerd', 'workerd-migrated.ts'),
  workerdHost('workerd as on Cloudflare', 'cloudflare-migrated.ts'),
]

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
