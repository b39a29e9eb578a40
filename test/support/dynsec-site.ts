/**
 * A real Mosquitto with dynamic security whose document can be looked at, kept and put back, as an
 * operator would have it: made by `mosquitto_ctrl dynsec init`.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generatedMosquitto } from './generated.ts'
import { askedFor, type Mosquitto, startMosquitto } from './mosquitto.ts'
import { dynsecMissing, plugin } from './mosquitto-export.ts'

const CONTROL = askedFor ? join(dirname(askedFor), '../bin/mosquitto_ctrl') : 'mosquitto_ctrl'
const RUN_LIMIT = 15_000
const isInstalled = spawnSync(CONTROL, ['help'], { timeout: RUN_LIMIT }).error === undefined

/** Why tests on it are skipped, or `false`. Where `CI` is `true` all of it must be there. */
export const dynsecSiteMissing: string | false =
  dynsecMissing || (isInstalled ? false : 'mosquitto_ctrl is missing: apt-get install -y mosquitto')
if (dynsecSiteMissing && process.env.CI === 'true') throw new Error(dynsecSiteMissing)

/** The administrator's login. */
export const ADMIN = { username: 'admin', password: 'only-for-this-test' } as const

/** A running Mosquitto, and its document. */
export interface DynsecSite extends Mosquitto {
  /** Of the running process. */
  readonly pid: number
  /** The text of the plugin's document. */
  readDocument(): string
  /** Replaces it. Only while Mosquitto does not run. */
  writeDocument(text: string): void
  /** Runs `mosquitto_ctrl dynsec` as the administrator; fails if it does. Returns what it prints. */
  control(...args: readonly string[]): string
}

/**
 * Starts one.
 *
 * @param document The text of the document. Default: one that knows the administrator alone.
 */
export async function startDynsecSite(document?: string): Promise<DynsecSite> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-dynsec-'))
  const file = join(folder, 'dynamic-security.json')
  const clear = () => rmSync(folder, { recursive: true, force: true })
  try {
    if (document === undefined) run('dynsec', 'init', file, ADMIN.username, ADMIN.password)
    else writeFileSync(file, document, { mode: 0o600 })
    const broker = await startMosquitto({
      config: generatedMosquitto('mosquitto', {
        plugin: String(plugin),
        plugin_opt_config_file: file,
        pid_file: join(folder, 'pid'),
      }),
    })
    return {
      ...broker,
      get pid() {
        return broker.pid
      },
      readDocument: () => readFileSync(file, 'utf8'),
      writeDocument: (text) => writeFileSync(file, text, { mode: 0o600 }),
      control(...args) {
        const options = ['-h', '127.0.0.1', '-p', `${broker.port}`, '-u', ADMIN.username]
        return run(...options, '-P', ADMIN.password, 'dynsec', ...args)
      },
      async stop() {
        await broker.stop()
        clear()
      },
    }
  } catch (error) {
    clear()
    throw error
  }
}

function run(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(CONTROL, args, {
    encoding: 'utf8',
    timeout: RUN_LIMIT,
  })
  if (status === 0 && !/error/i.test(stderr)) return stdout
  throw new Error(`${CONTROL} failed: ${error?.message ?? ''}${stdout}${stderr}`)
}
