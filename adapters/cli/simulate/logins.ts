/**
 * The logins of simulated devices: from a file, or of devices that are put on record for the time.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { DeviceType } from '../../../src/device/type.ts'
import type { Fleet, ProvisionedDevice } from '../../../src/fleet/fleet.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import type { Settings } from '../settings/load.ts'
import { whyNotShared } from '../shared-fleet.ts'

/** What the ids of those that it puts on record begin with. */
const ID_PREFIX = 'simulated-'
/** The attribute by which a later run knows them from the user's. */
const SIMULATED = { simulated: 'yes' }
/** How many are put on record, or removed, at a time. */
const AT_ONCE = 16

/** Logins, and what is left to do when they are not needed any more. */
export interface Logins {
  readonly devices: readonly ProvisionedDevice[]
  /** Settles when nothing that was put on record is left. */
  end(): Promise<void>
}

/**
 * Reads logins from a file of JSON lines, as `devices provision --output` writes it: `username` and
 * `password`, and `type` and `id`. What is on a line without a password, or of another type, is left out.
 *
 * @param count Most of them. Default: all.
 * @throws {CommandFailure} If it cannot be read, or there are fewer.
 */
export async function readLogins(
  file: string,
  fleet: Fleet,
  type: DeviceType,
  count: number | undefined,
): Promise<Logins> {
  const wrong = (problem: string, cause?: unknown) =>
    new CommandFailure(exitCode.misused, `${file}: ${problem}`, { cause })
  const devices: ProvisionedDevice[] = []
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
      number++
      if (line.trim() === '' || devices.length === count) continue
      const login = readLogin(line)
      // Not repeated: it may hold a password.
      if (!login) throw wrong(`line ${number} is no JSON object`)
      const { type: name, id, username, password } = login
      if (name !== type.name || !id || !username || !password) continue
      const topics = topicsOf(fleet, type, id)
      const report = { kind: 'provisioned', done: [], failed: [] } as const
      devices.push({ ...report, type: type.name, id, username, password, topics })
    }
  } catch (cause) {
    throw cause instanceof CommandFailure ? cause : wrong(firstLine(cause), cause)
  }
  if (devices.length === 0) throw wrong(`has no login of a ${type.name}`)
  if (count !== undefined && devices.length < count) {
    throw wrong(`has ${devices.length} logins of a ${type.name}, and --devices asks for ${count}`)
  }
  return { devices, async end() {} }
}

function readLogin(line: string): Readonly<Record<string, string | undefined>> | undefined {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The topics of a device. */
function topicsOf(fleet: Fleet, type: DeviceType, id: string): ProvisionedDevice['topics'] {
  const topics = fleet.topics(type)
  const name = (channel: 'data' | 'status' | 'reply' | 'cmd') => topics.name(id, channel)
  return { data: name('data'), status: name('status'), reply: name('reply'), cmd: name('cmd') }
}

/**
 * Puts devices on record. Those that a run left which was killed get new passwords.
 *
 * @param stopped Puts no more there.
 * @throws {CommandFailure} If no other process would know them, or one of the user's is called so.
 */
export async function provisionLogins(
  settings: Settings,
  type: DeviceType,
  count: number,
  stopped: AbortSignal,
): Promise<Logins> {
  const { fleet } = settings
  const why = whyNotShared(settings)
  if (why !== undefined) {
    throw new CommandFailure(exitCode.misused, `${why}: name a file of logins by --logins`)
  }
  const devices: ProvisionedDevice[] = []
  const ids: string[] = []
  const end = () => inTurn(ids, async (id) => void (await fleet.remove(type, id)))
  const wanted = Array.from(
    { length: count },
    (_, i) => `${ID_PREFIX}${String(i + 1).padStart(5, '0')}`,
  )
  try {
    await inTurn(wanted, async (id) => {
      if (stopped.aborted) return
      const record = await fleet.store.get(type.name, id)
      if (record && (record.revoked || record.attributes.simulated !== SIMULATED.simulated)) {
        throw new CommandFailure(
          exitCode.failed,
          `${type.name}/${id} is on record and is no simulated device`,
        )
      }
      ids.push(id)
      devices.push(
        record
          ? await fleet.rotate(type, id)
          : await fleet.provision(type, id, { attributes: SIMULATED }),
      )
    })
  } catch (error) {
    await end().catch(() => {})
    throw error
  }
  return { devices, end }
}

/** Does something with each, a few at a time. Rejects with the first failure, when all are done. */
export async function inTurn<T>(
  all: readonly T[],
  work: (one: T) => Promise<void>,
  atOnce: number = AT_ONCE,
): Promise<void> {
  const waiting = all.values()
  const errors: unknown[] = []
  const worker = async () => {
    for (const one of waiting) await work(one).catch((error) => errors.push(error))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  if (errors.length > 0) throw errors[0]
}
