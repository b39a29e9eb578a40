/**
 * The real Redis as a process of its own, for as long as a test needs it. It listens on 127.0.0.1 only,
 * keeps nothing on disk unless told to, and does not touch a service of the same machine.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './mosquitto.ts'
import { deferred, within } from './wait.ts'

const START_LIMIT = 20_000
const command = 'redis-server'

/** Why tests that need Redis are skipped, or `false`. Where `CI` is `true` it must be there. */
export const redisMissing: string | false = spawnSync(command, ['--version']).error
  ? 'Redis is not installed: apt-get install -y --no-install-recommends redis-server'
  : false
if (redisMissing && process.env.CI === 'true') throw new Error(redisMissing)

/** A running Redis. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it, and removes its folder. */
  stop(): Promise<void>
  /** Ends it without a chance to say goodbye. */
  kill(): Promise<void>
  /** Starts it again on the same port after {@link kill}: empty, unless it keeps what it has. */
  restart(): Promise<void>
  /** Stops it where it is: it answers nothing any more. */
  freeze(): void
  /** Lets it go on. */
  thaw(): void
}

/**
 * Starts Redis. Settles when it listens.
 *
 * @param more Settings by their names, such as `{ appendonly: 'yes' }`. Default: it keeps nothing on disk.
 */
export async function startRedis(
  more: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  if (redisMissing) throw new Error(redisMissing)
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-redis-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  let running: Running
  try {
    running = await run(folder, port, more)
  } catch (error) {
    remove()
    throw error
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      await end(running)
      remove()
    },
    kill: () => end(running),
    async restart() {
      running = await run(folder, port, more)
    },
    freeze: () => signal(running, 'SIGSTOP'),
    thaw: () => signal(running, 'SIGCONT'),
  }
}

interface Running {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
}

async function run(
  folder: string,
  port: number,
  more: Readonly<Record<string, string>>,
): Promise<Running> {
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no', ...more }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  // Not to be left behind by a test process that crashes.
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const ready = deferred()
  let log = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    log += text
    if (log.includes('Ready to accept connections')) ready.resolve()
  })
  const exited = once(child, 'exit').then(() => {
    process.removeListener('exit', killAtExit)
    ready.reject(new Error('it ended'))
  })
  const running: Running = { child, exited }
  try {
    await within(ready.promise, 'start of Redis', START_LIMIT)
  } catch (error) {
    await end(running)
    throw new Error(`Redis does not start:\n${log}`, { cause: error })
  }
  return running
}

async function end(running: Running): Promise<void> {
  signal(running, 'SIGKILL')
  await running.exited
}

/** Not by `child.kill`, which on Deno sends no second signal. */
function signal({ child }: Running, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, name)
}
