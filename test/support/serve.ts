/**
 * Processes that serve HTTP on 127.0.0.1 for as long as a test needs them.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { within } from './wait.ts'

const START_LIMIT = 30_000
const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process that serves. */
export interface Server {
  readonly port: number
  /** Settles when the process has ended. */
  stop(): Promise<void>
}

/** The path of workerd's binary, or `undefined` where there is none. */
export function findWorkerd(): string | undefined {
  try {
    const command: string = createRequire(import.meta.url)('workerd').default
    return spawnSync(command, ['--version'], { timeout: START_LIMIT }).status === 0
      ? command
      : undefined
  } catch {
    return undefined // The package throws where there is no binary.
  }
}

/** Starts a process that tells its port in a line of JSON, and ends with its input. */
export async function serve(command: string, args: readonly string[]): Promise<Server> {
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
    throw new Error(`${command} does not serve:\n${log}`, { cause: error })
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
