/**
 * The real PostgreSQL as a process of its own, for as long as a test needs it. It listens on 127.0.0.1
 * only, and its data is in a temporary folder; a service of the same machine is not touched.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './mosquitto.ts'
import { deferred, within } from './wait.ts'

const START_LIMIT = 60_000
/** Where Debian puts it, by version. */
const ROOT = '/usr/lib/postgresql'
const programs = (existsSync(ROOT) ? readdirSync(ROOT) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => join(ROOT, version, 'bin'))
  // Beside the server there may be a client of another version.
  .find((folder) => existsSync(join(folder, 'postgres')))

/** Why tests that need PostgreSQL are skipped, or `false`. Where `CI` is `true` it must be there. */
export const postgresMissing: string | false = programs
  ? false
  : 'PostgreSQL is not installed: apt-get install -y --no-install-recommends postgresql'
if (postgresMissing && process.env.CI === 'true') throw new Error(postgresMissing)

/** A running PostgreSQL, with one database and one user, who needs no password. */
export interface Postgres {
  readonly port: number
  /** `postgres://…` of the database. */
  readonly url: string
  /** Stops it at once, without a goodbye to anybody. Its data stays until {@link stop}. */
  kill(): Promise<void>
  /** Starts it again on the same port after {@link kill}. */
  start(): Promise<void>
  /** Ends it, and removes its data. */
  stop(): Promise<void>
}

/** Makes a cluster and starts it. Settles when it takes connections. */
export async function startPostgres(): Promise<Postgres> {
  if (!programs) throw new Error(postgresMissing || '')
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-postgres-'))
  const data = join(folder, 'data')
  const asUser = userOf(folder)
  const initdb = [join(programs, 'initdb'), '-D', data, '-U', 'devicehub', '-A', 'trust', '-N']
  const made = command([...asUser, ...initdb, '-E', 'UTF8', '--locale=C.UTF-8'])
  const { status, stderr } = spawnSync(made.program, made.args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`initdb: ${stderr}`)
  const port = await freePort()
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      fsync: 'off',
    }
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
    const { program, args } = command([
      ...asUser,
      join(programs!, 'postgres'),
      '-D',
      data,
      ...flags,
    ])
    child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    await listening(child)
  }

  async function end(signal: 'SIGQUIT' | 'SIGINT'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await within(exited, 'end of PostgreSQL', START_LIMIT)
  }

  await start()
  return {
    port,
    url: `postgres://devicehub@127.0.0.1:${port}/postgres`,
    kill: () => end('SIGQUIT'),
    start,
    async stop() {
      await end('SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root: what goes before its command then. */
function userOf(folder: string): readonly string[] {
  if (process.getuid?.() !== 0) return []
  const id = (flag: string) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  chownSync(folder, id('-u'), id('-g'))
  chmodSync(folder, 0o700)
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
}

function command([program, ...args]: readonly string[]): { program: string; args: string[] } {
  return { program: program!, args }
}

/** Settles when it takes connections; rejects with its log if it ends before. */
async function listening(child: ChildProcess): Promise<void> {
  const ready = deferred()
  let log = ''
  child.stderr!.on('data', (text: Buffer) => {
    log += text
    if (log.includes('ready to accept connections')) ready.resolve()
  })
  child.once('exit', () => ready.reject(new Error(`PostgreSQL ended: ${log}`)))
  await within(ready.promise, 'start of PostgreSQL', START_LIMIT)
}
