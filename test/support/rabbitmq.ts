/**
 * The real RabbitMQ with its MQTT plug-in as a process of its own, for as long as a test needs it.
 * It asks HTTP routes about everybody, and listens for MQTT 3.1.1 on 127.0.0.1 and for nothing else.
 * What it writes is in a temporary folder; a service of the same machine is not touched.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerConfig } from '../../src/product/configuration/broker-config.ts'
import { SECRET_PLACEHOLDER } from '../../src/product/configuration/secret.ts'
import { freePort } from './mosquitto.ts'
import { deferred, within } from './wait.ts'

/** 6 to 12 seconds on a free machine: before its first start, the plug-in waits for other nodes. */
const START_LIMIT = 90_000
/** What `rabbitmq-server` of the path leads to, without the step that insists on its own user. */
const command = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const NODE_NAME = 'devicehub@localhost'

/** Why tests that need RabbitMQ are skipped, or `false`. Where `CI` is `true` it must be there. */
export const rabbitmqMissing: string | false = existsSync(command)
  ? false
  : 'RabbitMQ is not installed: apt-get install -y --no-install-recommends rabbitmq-server'
if (rabbitmqMissing && process.env.CI === 'true') throw new Error(rabbitmqMissing)

/** What {@link startRabbitmq} takes. */
export interface RabbitmqOptions {
  /** What the four routes have in common, such as `http://127.0.0.1:8080/rabbitmq/<secret>`. */
  readonly authUrl: string
  /** More lines of `rabbitmq.conf`. */
  readonly config?: readonly string[]
  /** The text of `advanced.config`. Default: the generated one. */
  readonly advanced?: string
  /** Who may end sessions over the management API, which is there then. Default: it is not. */
  readonly operator?: { readonly username: string; readonly password: string; readonly tag: string }
}

/** A running RabbitMQ. */
export interface Rabbitmq {
  readonly port: number
  readonly url: string
  /** Where the management API listens, if there is an operator. */
  readonly managementUrl: string
  /** Ends it, and removes its files. */
  stop(): Promise<void>
  /** Ends it without a chance to say goodbye. {@link stop} still removes its files. */
  kill(): Promise<void>
}

/** How often another port is tried. */
const PORTS = 3

/** Starts RabbitMQ. Settles when it listens. */
export async function startRabbitmq(options: RabbitmqOptions): Promise<Rabbitmq> {
  if (rabbitmqMissing) throw new Error(rabbitmqMissing)
  for (let ports = 1; ; ports++) {
    try {
      return await start(options)
    } catch (error) {
      // It takes seconds until it listens, and a neighbour may have taken the port meanwhile.
      if (ports === PORTS || !String(error).includes('eaddrinuse')) throw error
    }
  }
}

async function start(options: RabbitmqOptions): Promise<Rabbitmq> {
  const [port, managementPort] = [await freePort(), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-rabbitmq-'))
  writeConfig(folder, port, options)
  if (options.operator) writeManagement(folder, managementPort, options.operator)
  const child = spawn(command, { env: environment(folder) })
  const exited = once(child, 'exit')
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(timer)
  }
  const stop = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await end(signal)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await started(child)
  } catch (error) {
    await stop('SIGKILL')
    throw error
  }
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    stop: () => stop('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** The generated configuration, with a port of its own in the place of 1883. */
function writeConfig(folder: string, port: number, options: RabbitmqOptions): void {
  const { authUrl, config = [], advanced } = options
  const [, routes, secret] = /^(.+)\/rabbitmq\/([^/]+)$/.exec(authUrl)!
  for (const { path, text } of brokerConfig('rabbitmq', { routes: routes! }).files) {
    const written = text
      .replaceAll(SECRET_PLACEHOLDER, secret!)
      .replace('mqtt.listeners.tcp.1 = 0.0.0.0:1883', `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`)
    writeFileSync(join(folder, path), written)
  }
  appendFileSync(join(folder, 'rabbitmq.conf'), config.map((line) => `${line}\n`).join(''))
  if (advanced !== undefined) writeFileSync(join(folder, 'advanced.config'), advanced)
}

/** What docs/rabbitmq.md says of ending sessions: a user of RabbitMQ's own, asked about before the routes. */
function writeManagement(
  folder: string,
  port: number,
  { username, password, tag }: NonNullable<RabbitmqOptions['operator']>,
): void {
  const salt = randomBytes(4)
  const hash = createHash('sha256').update(salt).update(password).digest()
  const definitions = {
    users: [
      {
        name: username,
        password_hash: Buffer.concat([salt, hash]).toString('base64'),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: tag,
      },
    ],
    vhosts: [{ name: '/' }],
    permissions: [
      { user: username, vhost: '/', configure: '^mqtt-subscription-', write: '^$', read: '^$' },
    ],
  }
  writeFileSync(join(folder, 'definitions.json'), JSON.stringify(definitions), { mode: 0o600 })
  const lines = [
    'auth_backends.1 = internal',
    'auth_backends.2 = http',
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${port}`,
    `load_definitions = ${join(folder, 'definitions.json')}`,
  ]
  appendFileSync(join(folder, 'rabbitmq.conf'), lines.map((line) => `${line}\n`).join(''))
  const enabled = join(folder, 'enabled_plugins')
  const plugins = readFileSync(enabled, 'utf8').replace('].', ', rabbitmq_management].')
  writeFileSync(enabled, plugins)
}

/** Nothing of the surroundings but the path, so that no setting of a service gets in. */
function environment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder,
    RABBITMQ_NODENAME: NODE_NAME,
    // Instead of the one in /etc. There is none.
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    // A node that is named at its start needs no epmd (a process of its own, which would outlive it)
    // and can do without a port for other nodes. It wants to know the number of that port all the
    // same: it is told one. Once a minute it starts an Erlang that would start epmd, if not for the
    // flags of the environment. A cookie among them is not written to a file.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-sname ${NODE_NAME}`,
    ERL_AFLAGS: '-start_epmd false -dist_listen false -erl_epmd_port 1 -setcookie devicehub',
    ERL_EPMD_PORT: '1', // Nothing is there. An epmd of the machine is not spoken to.
    // With its shell on our pipe it ends when we do, however we end.
    RABBITMQ_ALLOW_INPUT: 'true',
  }
}

/** Settles when it says that it has started; rejects with its log if it ends before. */
async function started(child: ChildProcessWithoutNullStreams): Promise<void> {
  const complete = deferred()
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('Server startup complete')) complete.resolve()
    })
  }
  child.once('exit', (code) => complete.reject(new Error(`RabbitMQ ended with ${code}`)))
  try {
    await within(complete.promise, 'start of RabbitMQ', START_LIMIT)
  } catch (error) {
    throw new Error(`RabbitMQ does not start:\n${log}`, { cause: error })
  }
}
