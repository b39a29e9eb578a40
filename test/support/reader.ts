/**
 * A machine for whoever follows a page from an empty folder: the runtimes, a registry that has the
 * packed package, and nothing that is installed, configured or cached here.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newestNode, type Runtime } from '../runner/runtime.ts'
import { freePort } from './mosquitto.ts'
import { packTo } from './pack.ts'
import { type Registry, startRegistry } from './registry.ts'
import type { Place } from './shell.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Milliseconds that packing, or installing, may take. */
export const INSTALL_LIMIT = 180_000
/** Milliseconds that a command may take. */
export const LIMIT = 120_000

/** What a shell does not inherit: settings of package managers, and those that the pages set. */
const OWN =
  /^(npm|pnpm|bun|deno|node|xdg)_|^(PEPPER|SEALING_KEY|(HUB|ADMIN)_PASSWORD|BROKER|BROKER_SECRET|API_TOKEN)$/i

/** The machine. */
export class ReadersMachine {
  /** For the reader's folders. */
  readonly folder: string
  readonly #home: string
  #registry: Registry | undefined

  /** @param page What the folder is called after. */
  constructor(page: string) {
    this.folder = mkdtempSync(join(tmpdir(), `devicehub-${page}-`))
    this.#home = join(this.folder, 'home')
  }

  /** Packs the package and starts the registry. Settles when it listens. */
  async start(): Promise<void> {
    mkdirSync(this.#home)
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    this.#registry = await startRegistry(manifest.name, manifest, packTo(this.folder))
    writeFileSync(join(this.#home, '.npmrc'), `registry=${this.#registry.url}\n`)
  }

  /** Stops the registry, and removes all folders. */
  async stop(): Promise<void> {
    await this.#registry?.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A shell in a folder, in which `node` is that runtime if it is a Node. */
  shell(runtime: Runtime, cwd: string): Place {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)))
    const path = [
      dirname(runtime === newestNode ? join(root, runtime.command) : process.execPath),
      join(root, 'node_modules', '.bin'), // bun, deno, pnpm
      env.PATH,
      '/usr/sbin', // mosquitto
    ].join(':')
    const own = { PATH: path, HOME: this.#home, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' }
    return { cwd, env: { ...env, ...own } }
  }
}

/** Ports of one reader's own, in the place of those that a page names: another could use them. */
export class OwnPorts {
  readonly #named: readonly number[]
  readonly #own = new Map<number, number>()

  constructor(...named: readonly number[]) {
    this.#named = named
  }

  /** Finds free ones. */
  async take(): Promise<void> {
    for (const port of this.#named) this.#own.set(port, await freePort())
  }

  /** What has the place of a port. */
  of(port: number): number | undefined {
    return this.#own.get(port)
  }

  /** A text with the own ports. */
  in(text: string): string {
    const named = new RegExp(`\\b(${this.#named.join('|')})\\b`, 'g')
    return text.replaceAll(named, (port) => `${this.of(Number(port))}`)
  }
}
