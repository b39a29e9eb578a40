/**
 * The real Mosquitto as a process of its own, for as long as a test needs it. It listens on
 * 127.0.0.1 only.
 *
 * With `MOSQUITTO=/path/to/sbin/mosquitto` in the environment the tests run on that one, with the
 * plugin and the `mosquitto_ctrl` that were installed beside it.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_LIMIT = 10_000
/** The one that is asked for. */
export const askedFor: string | undefined = process.env.MOSQUITTO
/** Debian puts it where only root's path leads. */
const candidates = askedFor ? [askedFor] : ['mosquitto', '/usr/sbin/mosquitto']
const help = (name: string) => spawnSync(name, ['-h'], { timeout: START_LIMIT, encoding: 'utf8' })
const command = candidates.find((name) => help(name).error === undefined)

/** What the one that is there begins its version with, such as `2.0`. */
export const mosquittoVersion: string | undefined =
  command && /version (\d+\.\d+)/.exec(help(command).stdout)?.[1]

/** Whether it writes that it runs, when it has all its ports. */
const SAYS_RUNNING = mosquittoVersion !== undefined && !mosquittoVersion.startsWith('1.')
/** What it writes where it cannot have one. */
const TAKEN = 'Address already in use'

/** Why tests that need Mosquitto are skipped, or `false`. Where `CI` is `true` it must be there. */
export const mosquittoMissing: string | false = command
  ? false
  : 'Mosquitto is not installed: apt-get install -y mosquitto mosquitto-clients'
if (mosquittoMissing && process.env.CI === 'true') throw new Error(mosquittoMissing)

/** What a listener with TLS shows and asks for. */
export interface TlsListener {
  /** The broker's certificate and its key, as PEM text. */
  readonly cert: string
  readonly key: string
  /** Whoever connects needs a certificate of this authority, as PEM text. */
  readonly clientAuthority?: string
}

/** A listener beside the plain one over TCP. */
export interface Listener {
  /** Default: TCP. */
  readonly protocol?: 'websockets'
  readonly tls?: TlsListener
}

/** What {@link startMosquitto} takes. */
export interface MosquittoOptions {
  /** User names and passwords. Without any, whoever comes is let in. */
  readonly logins?: Readonly<Record<string, string>>
  /** Lines of an ACL file. */
  readonly acl?: readonly string[]
  /** More listeners, by a name for each. */
  readonly listeners?: Readonly<Record<string, Listener>>
  /** More lines of configuration. */
  readonly config?: readonly string[]
  /** Who it becomes, when it is started as root. Default: root. */
  readonly user?: string
}

/** A running Mosquitto. */
export interface Mosquitto {
  readonly port: number
  readonly url: string
  /** Of the process that runs now. */
  readonly pid: number
  /** The ports of {@link MosquittoOptions.listeners}. */
  readonly ports: ReadonlyMap<string, number>
  /** Ends it, and removes its files. */
  stop(): Promise<void>
  /** Ends it as an operator does, so that it saves its state where it is told to. */
  halt(): Promise<void>
  /** Ends it without a chance to say goodbye. */
  kill(): Promise<void>
  /** Stops it where it is: it answers nothing any more. */
  freeze(): void
  /** Starts it again on the same port, after {@link halt} or {@link kill}. */
  restart(): Promise<void>
}

/** How often other ports are tried. */
const ATTEMPTS = 3

/** Starts Mosquitto. Settles when it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(options)
    } catch (error) {
      // A neighbour may have taken a port meanwhile.
      if (attempt === ATTEMPTS || !String(error).includes(TAKEN)) throw error
    }
  }
}

async function start(options: MosquittoOptions): Promise<Mosquitto> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-mosquitto-'))
  const ports = new Map<string, number>()
  for (const name of Object.keys(options.listeners ?? {})) ports.set(name, await freePort())
  writeConfig(folder, port, ports, options)
  let running: Running
  try {
    running = await run(folder, port)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    get pid() {
      return running.child.pid!
    },
    ports,
    async stop() {
      await end(running, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
    halt: () => end(running, 'SIGTERM'),
    kill: () => end(running, 'SIGKILL'),
    freeze() {
      process.kill(running.child.pid!, 'SIGSTOP')
    },
    async restart() {
      running = await run(folder, port)
    },
  }
}

function writeConfig(
  folder: string,
  port: number,
  ports: ReadonlyMap<string, number>,
  options: MosquittoOptions,
): void {
  const { logins, acl, listeners = {}, config = [], user = 'root' } = options
  const lines = [
    // The plain one last: when it listens, all do.
    ...Object.entries(listeners).flatMap(([name, { protocol, tls }]) => [
      `listener ${ports.get(name)} 127.0.0.1`,
      // Without the first of these it would listen on every address.
      ...(protocol ? ['socket_domain ipv4', `protocol ${protocol}`] : []),
      ...(tls ? tlsLines(folder, name, tls) : []),
    ]),
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${logins === undefined}`,
    // As root it would become a user of the system's choice, who may not read this folder.
    ...(process.getuid?.() === 0 ? [`user ${user}`] : []),
    'set_tcp_nodelay true',
    ...config,
  ]
  if (logins) {
    const file = join(folder, 'passwords')
    const hashes = Object.entries(logins).map(([name, password]) => `${name}:${hash(password)}\n`)
    writeFileSync(file, hashes.join(''), { mode: 0o600 })
    lines.push(`password_file ${file}`)
  }
  if (acl) {
    const file = join(folder, 'acl')
    writeFileSync(file, `${acl.join('\n')}\n`, { mode: 0o600 })
    lines.push(`acl_file ${file}`)
  }
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
  // It reads its configuration again at a reload.
  if (user !== 'root') chmodSync(folder, 0o755)
}

function tlsLines(folder: string, name: string, listener: TlsListener): string[] {
  const { cert, key, clientAuthority } = listener
  const write = (kind: string, text: string) => {
    const file = join(folder, `${name}.${kind}`)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const own = [`certfile ${write('crt', cert)}`, `keyfile ${write('key', key)}`]
  if (clientAuthority === undefined) return own
  return [...own, `cafile ${write('ca', clientAuthority)}`, 'require_certificate true']
}

/** A password as Mosquitto stores it. */
function hash(password: string): string {
  const salt = randomBytes(12)
  const key = pbkdf2Sync(password, salt, 101, 64, 'sha512')
  return `$7$101$${salt.toString('base64')}$${key.toString('base64')}`
}

interface Running {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
}

async function run(folder: string, port: number): Promise<Running> {
  if (!command) throw new Error(mosquittoMissing || '')
  const child = spawn(command, ['-c', join(folder, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  // Not to be left behind by a test process that crashes.
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  let isRunning = true
  const exited = once(child, 'exit').then(() => {
    isRunning = false
    process.removeListener('exit', killAtExit)
  })
  const running: Running = { child, exited }
  // That something listens is not enough: it may be a neighbour's, who was quicker.
  const isReady = async () => (SAYS_RUNNING ? log.includes(' running') : isRunning) && listens(port)
  for (const limit = Date.now() + START_LIMIT; !(await isReady()); await sleep(20)) {
    if (isRunning && Date.now() < limit) continue
    await end(running, 'SIGKILL')
    throw new Error(`Mosquitto does not listen on port ${port}:\n${log}`)
  }
  return running
}

async function end({ child, exited }: Running, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  // Not by `child.kill`, which on Deno sends no second signal.
  const send = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, name)
  }
  send(signal)
  send('SIGCONT') // A frozen one hears the first only then.
  const timer = setTimeout(() => send('SIGKILL'), 3_000)
  await exited
  clearTimeout(timer)
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Those that {@link freePort} gave in this process. */
const given = new Set<number>()

/** A port that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    // The system may give one twice, and whoever asks for two uses them at once.
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}
