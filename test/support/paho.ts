/**
 * paho-mqtt, the client of Python, as a process of its own that does what it is told.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { within } from './wait.ts'

const PROGRAM = fileURLToPath(new URL('../embedded/paho_client.py', import.meta.url))
const LIMIT = 30_000

/** A Debian package gives it to the system's own Python. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import paho.mqtt.client']).status === 0,
)

/** Why tests that need it are skipped, or `false`. Where `CI` is `true` it must be there. */
export const pahoMissing: string | false = python
  ? false
  : 'paho-mqtt is not installed: apt-get install -y --no-install-recommends python3-paho-mqtt'
if (pahoMissing && process.env.CI === 'true') throw new Error(pahoMissing)

/** Who connects, and how. */
export interface PahoOptions {
  readonly port: number
  readonly version: 5 | 4
  readonly username: string
  readonly password: string
  readonly clientId: string
}

/** What it is told to do. */
export type PahoStep =
  | { readonly do: 'connect'; readonly will?: string }
  | { readonly do: 'subscribe'; readonly topic: string; readonly qos: 0 | 1 | 2 }
  | {
      readonly do: 'publish'
      readonly topic: string
      readonly text: string
      readonly qos: 0 | 1 | 2
    }
  | { readonly do: 'disconnect' }
  /** Ends its process without a word to anybody. */
  | { readonly do: 'die' }

/** A client of paho-mqtt. */
export interface PahoClient extends AsyncDisposable {
  do(step: PahoStep): void
  /** Settles with the next thing that it tells. */
  next(): Promise<unknown>
}

/** Starts one, which does nothing yet. */
export function startPaho(options: PahoOptions): PahoClient {
  const { port, version, username, password, clientId } = options
  const args = [PROGRAM, `${port}`, `${version}`, username, password, clientId]
  const child = spawn(python!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  child.stdin.on('error', () => {})
  return {
    do: (step) => void child.stdin.write(`${JSON.stringify(step)}\n`),
    async next() {
      const { value, done } = await within(lines.next(), 'word of paho-mqtt', LIMIT)
      if (done) throw new Error('paho-mqtt has ended')
      return JSON.parse(value)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
