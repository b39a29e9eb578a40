/**
 * Which names a device may have: those that are nobody else's.
 *
 * @module
 */
import { ConfigError, DeviceExistsError, InvalidNameError } from '../base/errors.ts'
import { checkNoTokenUsername } from '../credential/token.ts'
import type { DeviceStore } from '../device/store.ts'
import type { DeviceType } from '../device/type.ts'
import { checkName } from '../topic/name.ts'
import { isLoginName } from './listed-ids.ts'
import type { ServiceSource } from './services.ts'
import type { FleetTypes } from './types.ts'

/** The names of one fleet. */
export class FleetNames {
  readonly #store: Pick<DeviceStore, 'findByUsername'>
  readonly #types: FleetTypes
  readonly #services: ServiceSource

  constructor(
    store: Pick<DeviceStore, 'findByUsername'>,
    types: FleetTypes,
    services: ServiceSource,
  ) {
    this.#store = store
    this.#types = types
    this.#services = services
  }

  /**
   * Checks the names of a new device, but for those that the store knows. Returns its user name.
   *
   * @throws {InvalidNameError} If one could change a topic's shape, or is of the form of another's.
   * @throws {DeviceExistsError} If a service account has the user name.
   */
  checkNew(type: DeviceType, id: string, username: string | undefined): string {
    checkName('device id', id)
    if (username !== undefined) {
      checkName('user name', username)
      checkNoTokenUsername('user name', username)
      // It would be the parent of every `{username}` of that type, and "{username}/#" reach them all.
      if (this.#types.has(username)) {
        throw new InvalidNameError('user name', `is the name of a device type, "${username}"`)
      }
    }
    const login = username ?? `${type.name}/${id}`
    if (this.#services.has(login) || this.#services.hasClientId(login)) {
      throw new DeviceExistsError(type.name, id, 'user name')
    }
    return login
  }

  /** @throws {ConfigError} If a client id is that of somebody else. */
  async checkClientIds(clientIds: readonly string[] | undefined, username: string): Promise<void> {
    for (const [i, clientId] of (clientIds ?? []).entries()) {
      if (clientId === username) continue
      const isTaken =
        this.#services.hasClientId(clientId) ||
        isLoginName(clientId, this.#services, this.#types) ||
        (await this.#store.findByUsername(clientId)) !== undefined
      if (isTaken) throw new ConfigError(`clientIds.${i}`, 'is that of another login')
    }
  }
}
