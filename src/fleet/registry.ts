/**
 * The devices on record: what changes them, and who is told of it.
 *
 * @module
 */
import {
  ConfigError,
  DeviceExistsError,
  DeviceRevokedError,
  InvalidNameError,
  toError,
} from '../base/errors.ts'
import { checkPasswordHash } from '../credential/format.ts'
import { checkNoTokenUsername } from '../credential/token.ts'
import { newestCredential, withCredential } from '../device/credentials.ts'
import { readSettings, withSettings } from '../device/settings.ts'
import type { DeviceStore, StoredCredential } from '../device/store.ts'
import type { DeviceType } from '../device/type.ts'
import { checkName } from '../topic/name.ts'
import type { DeviceChange, Fleet, ProvisionOptions, RecordedDevice } from './fleet.ts'
import { isAnothersName } from './listed-ids.ts'
import { credentialOf, type DevicePasswords } from './passwords.ts'
import type { Records } from './records.ts'
import type { RevocationFailure, RevokedDevice } from './revocation.ts'
import { RevocationError } from './revocation.ts'
import type { ServiceSource } from './services.ts'
import type { FleetTypes } from './types.ts'

/** The part of a fleet that changes devices. */
export type DeviceRegistry = Pick<
  Fleet,
  | 'provision'
  | 'importDevice'
  | 'rotate'
  | 'update'
  | 'revoke'
  | 'openPassword'
  | 'onRevoked'
  | 'onChanged'
>

/** What {@link deviceRegistry} takes. */
export interface RegistryOptions {
  readonly store: DeviceStore
  readonly records: Records
  readonly types: FleetTypes
  readonly services: ServiceSource
  readonly passwords: DevicePasswords
}

/** Longest overlap of a rotation, in seconds: 30 days. */
const MAX_OVERLAP = 2_592_000

/** What is done when a device is revoked. */
interface Revocation {
  readonly name: string
  readonly listener: (device: RevokedDevice) => void | Promise<void>
}

/** Makes it. What it does is described at {@link Fleet}. */
export function deviceRegistry(options: RegistryOptions): DeviceRegistry {
  const { store, records, types, services, passwords } = options
  const revocations = new Set<Revocation>()
  const changes = new Set<(change: DeviceChange) => void | Promise<void>>()

  async function record(
    type: DeviceType,
    id: string,
    makeCredential: () => StoredCredential | Promise<StoredCredential>,
    { username, ...settings }: ProvisionOptions = {},
  ): Promise<RecordedDevice> {
    types.check(type)
    checkName('device id', id)
    if (username !== undefined) {
      checkName('user name', username)
      checkNoTokenUsername('user name', username)
    }
    // It would be the parent of every `{username}` of that type, and "{username}/#" reach them all.
    if (username !== undefined && types.has(username)) {
      throw new InvalidNameError('user name', `is the name of a device type, "${username}"`)
    }
    const { rules = [], attributes = {}, clientIds } = readSettings(settings)
    const login = username ?? `${type.name}/${id}`
    if (services.has(login) || services.hasClientId(login)) {
      throw new DeviceExistsError(type.name, id, 'user name')
    }
    await checkListed(clientIds, login)
    const credential = await makeCredential()
    await store.insert({
      type: type.name,
      id,
      username: login,
      credentials: [credential],
      rules,
      attributes,
      ...(clientIds && { clientIds }),
      revoked: false,
      createdAt: credential.createdAt,
      revision: 1,
    })
    await tellChanged({ kind: 'provisioned', type: type.name, id })
    return { type: type.name, id, username: login, topics: types.topicsOf(type, id) }
  }

  /** @throws {ConfigError} If a client id is that of somebody else. */
  async function checkListed(clientIds: readonly string[] = [], username: string): Promise<void> {
    for (const [i, clientId] of clientIds.entries()) {
      if (clientId === username) continue
      const isTaken =
        services.hasClientId(clientId) ||
        isAnothersName(clientId, username, services, types) ||
        (await store.findByUsername(clientId)) !== undefined
      if (isTaken) throw new ConfigError(`clientIds.${i}`, 'is that of another login')
    }
  }

  async function tellChanged(change: DeviceChange): Promise<void> {
    await Promise.allSettled([...changes].map(async (tell) => tell(change)))
  }

  return {
    async provision(type, id, provisionOptions) {
      let password = ''
      const recorded = await record(
        type,
        id,
        async () => {
          const made = await passwords.generate(type.name, id)
          password = made.password
          return made.credential
        },
        provisionOptions,
      )
      return { ...recorded, password }
    },

    async importDevice(type, id, passwordHash, provisionOptions) {
      const hash = checkPasswordHash('passwordHash', passwordHash)
      return record(type, id, () => credentialOf(hash), provisionOptions)
    },

    async rotate(type, id, { overlap = 0 } = {}) {
      types.check(type)
      if (!(Number.isInteger(overlap) && overlap >= 0 && overlap <= MAX_OVERLAP)) {
        throw new ConfigError('overlap', `must be a whole number of seconds, 0 to ${MAX_OVERLAP}`)
      }
      const { password, credential } = await passwords.generate(type.name, id)
      const { username } = await records.rewrite(type.name, id, (record) => {
        if (record.revoked) throw new DeviceRevokedError(type.name, id)
        return withCredential(record, credential, overlap * 1_000, Date.now())
      })
      await tellChanged({ kind: 'rotated', type: type.name, id })
      return { type: type.name, id, username, topics: types.topicsOf(type, id), password }
    },

    async update(type, id, settings) {
      types.check(type)
      const given = readSettings(settings)
      // A misspelt name would leave the device with the rules that were to be replaced.
      if (Object.keys(given).length === 0) {
        throw new ConfigError('settings', 'has no "rules", "attributes" or "clientIds"')
      }
      if (given.clientIds) {
        const record = await store.get(type.name, id)
        if (record) await checkListed(given.clientIds, record.username)
      }
      await records.rewrite(type.name, id, (record) => {
        if (record.revoked) throw new DeviceRevokedError(type.name, id)
        return withSettings(record, given)
      })
      await tellChanged({ kind: 'updated', type: type.name, id })
    },

    async openPassword(type, id) {
      types.check(type)
      const record = await records.read(type.name, id)
      if (record.revoked) throw new DeviceRevokedError(type.name, id)
      const credential = newestCredential(record, Date.now())
      return credential && passwords.open(record, credential)
    },

    async revoke(type, id) {
      types.check(type)
      const { username } = await records.rewrite(type.name, id, (record) =>
        record.revoked ? undefined : { ...record, revoked: true, revision: record.revision + 1 },
      )
      const changed = tellChanged({ kind: 'revoked', type: type.name, id })
      const device = { type: type.name, id, username }
      const done: string[] = []
      const failed: RevocationFailure[] = []
      // One that fails keeps no other from being told: each may hold a session to end.
      const told = [...revocations]
      const outcomes = await Promise.allSettled(told.map(async (each) => each.listener(device)))
      for (const [i, outcome] of outcomes.entries()) {
        const { name } = told[i]!
        if (outcome.status === 'fulfilled') done.push(name)
        else failed.push({ name, error: toError(outcome.reason) })
      }
      await changed
      const report = { ...device, done, failed }
      // A session that goes on must not be overlooked.
      if (failed.length > 0) throw new RevocationError(report)
      return report
    },

    onRevoked(name, listener) {
      const revocation = { name, listener }
      revocations.add(revocation)
      return () => {
        revocations.delete(revocation)
      }
    },

    onChanged(listener) {
      changes.add(listener)
      return () => {
        changes.delete(listener)
      }
    },
  }
}
