/**
 * The devices that `doctor` tries a broker with: those that it makes and removes, or one that is given.
 *
 * @module
 */
import process from 'node:process'
import type { DeviceType } from '../../../src/device/type.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import type { Settings } from '../settings/load.ts'
import { whyNotShared } from '../shared-fleet.ts'

/** Where the password of a given device comes from. */
export const PASSWORD_VARIABLE = 'DEVICEHUB_DEVICE_PASSWORD'
/** What the ids of those that it makes begin with. */
export const ID_PREFIX = 'devicehub-doctor-'
/** One that is older was left behind by a run that was killed. */
const LEFT_BEHIND_MS = 600_000

/** A device to try with. */
export interface TryDevice {
  readonly type: DeviceType
  readonly id: string
  readonly username: string
  readonly password: string
  /** Whether it is a device of somebody's, whose session is to be left alone. */
  readonly isGiven: boolean
}

/** The devices of one run. */
export class TryDevices {
  readonly #fleet: Fleet
  readonly #given: TryDevice | undefined
  #why: string | undefined
  readonly #signal: AbortSignal
  readonly #made = new Map<DeviceType, Promise<readonly TryDevice[]>>()
  readonly #toRemove: { type: DeviceType; id: string }[] = []

  /** @throws {CommandFailure} If a device is given that is of no type, or without its password. */
  constructor(settings: Settings, fleet: Fleet, given: string | undefined, signal: AbortSignal) {
    this.#fleet = fleet
    this.#signal = signal
    this.#given = given === undefined ? undefined : readGiven(fleet, given)
    const give = `--device USER and ${PASSWORD_VARIABLE} give one`
    const why = whyNotShared(settings)
    this.#why = given === undefined && why !== undefined ? `${why}: ${give}` : undefined
  }

  /** Why there are none, unless one is given. */
  get reason(): string | undefined {
    return this.#why
  }

  /** From now on there are none, unless one is given. */
  giveUp(reason: string): void {
    this.#why ??= reason
  }

  /**
   * One or two devices of a type, which are on record; none where there cannot be one. Rejects as the
   * fleet does.
   */
  of(type: DeviceType): Promise<readonly TryDevice[]> {
    if (this.#given) return Promise.resolve(this.#given.type === type ? [this.#given] : [])
    if (this.#why !== undefined) return Promise.resolve([])
    const made = this.#made.get(type) ?? this.#make(type)
    this.#made.set(type, made)
    return made
  }

  /**
   * Takes all that were made off record, whatever became of them.
   *
   * @returns Those that could not be, with the reason.
   */
  async remove(): Promise<readonly string[]> {
    await Promise.allSettled(this.#made.values())
    const problems: string[] = []
    for (const { type, id } of this.#toRemove) {
      const removed = this.#fleet.remove(type, id)
      await removed.catch((error) => {
        // Nothing was written where provisioning failed.
        if (error?.code !== 'ERR_DEVICE_UNKNOWN') {
          problems.push(`${type.name}/${id} is left on record: ${firstLine(error)}`)
        }
      })
    }
    return problems
  }

  async #make(type: DeviceType): Promise<readonly TryDevice[]> {
    await this.#removeLeftBehind(type)
    const made: TryDevice[] = []
    for (let n = 0; n < 2; n++) {
      this.#signal.throwIfAborted()
      const id = newId()
      this.#toRemove.push({ type, id })
      const { username, password } = await this.#fleet.provision(type, id)
      made.push({ type, id, username, password, isGiven: false })
    }
    return made
  }

  /** Nobody has the passwords of those that a killed run left, but they are no devices of anybody's. */
  async #removeLeftBehind(type: DeviceType): Promise<void> {
    const { filters } = this.#fleet.store
    if (!filters.includes('type') || !filters.includes('idPrefix')) return
    const { records } = await this.#fleet.list({ type: type.name, idPrefix: ID_PREFIX })
    for (const { id, createdAt } of records) {
      if (createdAt < Date.now() - LEFT_BEHIND_MS) this.#toRemove.push({ type, id })
    }
  }
}

/** An id that no device has. */
export function newId(): string {
  return `${ID_PREFIX}${crypto.randomUUID().slice(0, 8)}`
}

function readGiven(fleet: Fleet, username: string): TryDevice {
  const misused = (problem: string) => new CommandFailure(exitCode.misused, problem)
  const password = process.env[PASSWORD_VARIABLE]
  if (!password) throw misused(`${PASSWORD_VARIABLE} is missing: the password of --device`)
  const [name, id, ...more] = username.split('/')
  const type = fleet.types.find((one) => one.name === name)
  if (!type || !id || more.length > 0) {
    const names = fleet.types.map((one) => one.name).join(', ') || 'none'
    throw misused(`--device: must be TYPE/ID of a device type that there is: ${names}`)
  }
  return { type, id, username, password, isGiven: true }
}
