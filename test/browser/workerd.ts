/**
 * workerd with one worker, for as long as a test needs it. It reaches loopback and nothing else.
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
import { within } from '../support/wait.ts'

const START_LIMIT = 30_000
const command = findWorkerd()

/** Why tests that need workerd are skipped, or `false`. Where `CI` is `true` it must be there. */
export const workerdMissing: string | false = command
  ? false
  : 'workerd has no binary for this platform'
if (workerdMissing && process.env.CI === 'true') throw new Error(workerdMissing)

/** A running worker. */
export interface Worker extends AsyncDisposable {
  readonly url: string
}

// No compatibility flag: nothing of Node is there.
const config = (authority: string) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "loopback", network = (
      allow = ["local"],
      tlsOptions = (trustedCertificates = [${JSON.stringify(authority)}]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
  globalOutbound = "loopback",
  durableObjectNamespaces = [(className = "Keeper", uniqueKey = "keeper")],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "KEEPER", durableObjectNamespace = "Keeper")],
);
`

/**
 * Starts workerd. Settles when it listens.
 *
 * @param script The worker's module.
 * @param authority The one it trusts, as PEM text.
 */
export async function startWorker(script: string, authority: string): Promise<Worker> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-workerd-'))
  writeFileSync(join(folder, 'worker.js'), script)
  writeFileSync(join(folder, 'config.capnp'), config(authority))
  const child = spawn(command!, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  // Not to be left behind by a test process that crashes.
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const exited = once(child, 'exit')
  const stop = async () => {
    await end(child, exited)
    process.removeListener('exit', killAtExit)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const failed = exited.then(() => Promise.reject(new Error('it ended')))
    const told = readPort(child.stdio[3] as Readable)
    const port = await within(Promise.race([failed, told]), 'port', START_LIMIT)
    return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw new Error(`workerd does not start:\n${log}`, { cause: error })
  }
}

/** The path of the binary, or `undefined` where there is none. */
function findWorkerd(): string | undefined {
  try {
    const path: string = createRequire(import.meta.url)('workerd').default
    return spawnSync(path, ['--version'], { timeout: START_LIMIT }).status === 0 ? path : undefined
  } catch {
    return undefined // The package throws where there is no binary.
  }
}

function readPort(stream: Readable): Promise<number> {
  return new Promise((resolve) => {
    createInterface(stream).on('line', (line) => {
      const { port } = JSON.parse(line)
      if (typeof port === 'number') resolve(port)
    })
  })
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill()
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await exited.catch(() => {})
  clearTimeout(timer)
}
