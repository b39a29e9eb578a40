/**
 * workerd with one worker, for as long as a test needs it. It reaches loopback and nothing else.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findWorkerd, serve } from '../support/serve.ts'

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
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const server = await serve(command!, ['serve', join(folder, 'config.capnp'), '--control-fd=3'])
    return {
      url: `http://127.0.0.1:${server.port}/`,
      async [Symbol.asyncDispose]() {
        await server.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
