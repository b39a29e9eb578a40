/**
 * The real `mosquitto_pub` and `mosquitto_sub`, each run as a process of its own with a deadline.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { within } from './wait.ts'

const RUN_LIMIT = 15_000

function isInstalled(command: string): boolean {
  return spawnSync(command, ['--help'], { timeout: RUN_LIMIT }).error === undefined
}

/** Why tests that need the clients are skipped, or `false`. Where `CI` is `true` they must be there. */
export const mosquittoClientsMissing: string | false =
  isInstalled('mosquitto_pub') && isInstalled('mosquitto_sub')
    ? false
    : 'The clients of Mosquitto are not installed: apt-get install -y mosquitto mosquitto-clients'
if (mosquittoClientsMissing && process.env.CI === 'true') throw new Error(mosquittoClientsMissing)

/** What a client needs to get in. */
export interface ClientLogin {
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** How a run ended. */
export interface ClientRun {
  readonly exitCode: number | null
  /** Standard output and standard error. */
  readonly output: string
}

/** A client that runs. */
export interface RunningClient {
  /** Settles when it ends; it is killed when that takes longer than 15 seconds. */
  readonly ended: Promise<ClientRun>
}

/** Starts `mosquitto_pub` or `mosquitto_sub` over MQTT 5, with more arguments, such as `-t`. */
export function startClient(
  command: 'mosquitto_pub' | 'mosquitto_sub',
  { port, username, password }: ClientLogin,
  ...more: string[]
): RunningClient {
  const args = ['-h', '127.0.0.1', '-p', `${port}`, '-V', 'mqttv5']
  if (username !== undefined) args.push('-u', username)
  if (password !== undefined) args.push('-P', password)
  const child = spawn(command, [...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const closed = new Promise<ClientRun>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => {
      process.removeListener('exit', killAtExit)
      resolve({ exitCode, output })
    })
  })
  const ended = within(closed, `end of ${command}`, RUN_LIMIT).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`${command} failed:\n${output}`, { cause: error })
  })
  // A test may end before it looks.
  ended.catch(() => {})
  return { ended }
}

/** Runs a client to its end. */
export function runClient(...args: Parameters<typeof startClient>): Promise<ClientRun> {
  return startClient(...args).ended
}
