/**
 * Mosquitto with its dynamic security plugin, and how to talk to the plugin.
 *
 * @module
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { askedFor, type Mosquitto, mosquittoMissing, startMosquitto } from './mosquitto.ts'

const NAME = 'mosquitto_dynamic_security.so'
const CONTROL = '$CONTROL/dynamic-security/v1'
const ADMIN = { username: 'broker-admin', password: 'only-for-this-test' }
const ANSWER_LIMIT = 10_000

/** The plugin, where it is usually installed. */
export const plugin: string | undefined = libraries()
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => [folder, ...readdirSync(folder).map((name) => join(folder, name))])
  .map((folder) => join(folder, NAME))
  .find((file) => existsSync(file))

function libraries(): readonly string[] {
  if (askedFor) return [join(dirname(askedFor), '../lib')]
  return ['/usr/lib', '/usr/local/lib', '/opt/homebrew/lib']
}

/** Why tests that need the plugin are skipped, or `false`. Where `CI` is `true` it must be there. */
export const dynsecMissing: string | false =
  mosquittoMissing || (plugin ? false : `Mosquitto has no ${NAME} in the usual folders`)
if (dynsecMissing && process.env.CI === 'true') throw new Error(dynsecMissing)

/** A running Mosquitto with dynamic security. */
export interface DynsecMosquitto extends Mosquitto {
  /** Runs commands one after another; fails if the plugin refuses one. */
  command(commands: readonly Readonly<Record<string, unknown>>[]): Promise<void>
}

/**
 * Starts Mosquitto with the plugin, a fresh one that knows nobody but its administrator.
 *
 * @param lines More lines of configuration.
 */
export async function startDynsec(lines: readonly string[] = []): Promise<DynsecMosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-dynsec-'))
  const file = join(folder, 'dynamic-security.json')
  writeFileSync(file, JSON.stringify(await initialState()), { mode: 0o600 })
  const clear = () => rmSync(folder, { recursive: true, force: true })
  let broker: Mosquitto
  try {
    const own = ['allow_anonymous false', `plugin ${plugin}`, `plugin_opt_config_file ${file}`]
    broker = await startMosquitto({ config: [...own, ...lines] })
  } catch (error) {
    clear()
    throw error
  }
  const stop = async () => {
    await broker.stop()
    clear()
  }
  try {
    const admin = await connectAsync(broker.url, { ...ADMIN, protocolVersion: 5 })
    await admin.subscribeAsync(`${CONTROL}/response`)
    return {
      ...broker,
      command: (commands) => run(admin, commands),
      async stop() {
        await admin.endAsync()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function run(
  admin: MqttClient,
  commands: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const id = crypto.randomUUID()
  const answered = new Promise<readonly Answer[]>((resolve, reject) => {
    const timer = setTimeout(() => finish(() => reject(new Error('No answer'))), ANSWER_LIMIT)
    const listen = (_topic: string, payload: Buffer) => {
      const { responses } = JSON.parse(payload.toString()) as { responses: readonly Answer[] }
      // What other administrators asked for is answered here as well.
      if (responses[0]?.correlationData === id) finish(() => resolve(responses))
    }
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      admin.removeListener('message', listen)
      settle()
    }
    admin.on('message', listen)
  })
  const numbered = commands.map((command) => ({ ...command, correlationData: id }))
  await Promise.all([answered, admin.publishAsync(CONTROL, JSON.stringify({ commands: numbered }))])
  const refused = (await answered).filter((answer) => answer.error)
  if (refused.length > 0) throw new Error(JSON.stringify(refused))
}

interface Answer {
  readonly command: string
  readonly error?: string
  readonly correlationData?: string
}

/** The plugin's file, as Mosquitto 2.0 and 2.1 read it. */
async function initialState(): Promise<unknown> {
  const iterations = 101
  const salt = crypto.getRandomValues(new Uint8Array(12))
  const secret = new TextEncoder().encode(ADMIN.password)
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-512', salt, iterations }
  const hash = await crypto.subtle.deriveBits(parameters, key, 512)
  const acls = ['publishClientSend', 'publishClientReceive', 'subscribePattern'].map((acltype) => ({
    acltype,
    topic: '$CONTROL/dynamic-security/#',
    allow: true,
  }))
  return {
    clients: [
      {
        username: ADMIN.username,
        password: Buffer.from(hash).toString('base64'),
        salt: Buffer.from(salt).toString('base64'),
        iterations,
        roles: [{ rolename: ADMIN.username }],
      },
    ],
    roles: [{ rolename: ADMIN.username, acls }],
  }
}
