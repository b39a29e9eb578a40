/**
 * The devices on record: what changes them.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError, CredentialUnknownError, DeviceRevokedError } from '../base/errors.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import { checkOptions } from '../base/options.ts'
import { checkPasswordHash } from '../credential/format.ts'
import { newestCredential, withCredential, withoutCredential } from '../device/credentials.ts'
import { type DeviceSettings, readSettings, withSettings } from '../device/settings.ts'
import type { DeviceRecord, DeviceStore, StoredCredential } from '../device/store.ts'
import type { DeviceType } from '../device/type.ts'
import { provisionAll } from './bulk.ts'
import type { ChangeReport, Changes, DeviceChange } from './changes.ts'
import type { Fleet, NewDevice, ProvisionOptions, RecordedDevice, RotateOptions } from './fleet.ts'
import type { FleetNames } from './names.ts'
import { credentialOf, type DevicePasswords } from './passwords.ts'
import type { Records } from './records.ts'
import type { FleetTypes } from './types.ts'

/** The part of a fleet that changes devices. */
export type DeviceRegistry = Pick<
  Fleet,
  | 'provision'
  | 'importDevice'
  | 'provisionMany'
  | 'rotate'
  | 'retire'
  | 'update'
  | 'revoke'
  | 'restore'
  | 'remove'
  | 'openPassword'
>

/** A device that is on record, of which nobody was told yet. */
type Provisioned = DeviceChange & Pick<RecordedDevice, 'topics'>

/** What {@link deviceRegistry} takes. */
export interface RegistryOptions {
  readonly store: DeviceStore
  readonly records: Records
  readonly types: FleetTypes
  readonly names: FleetNames
  readonly passwords: DevicePasswords
  readonly changes: Changes
}

/** Longest overlap of a rotation, in seconds: 30 days. */
const MAX_OVERLAP = 2_592_000

const PROVISION_OPTIONS: Readonly<Record<keyof ProvisionOptions, true>> = {
  username: true,
  rules: true,
  attributes: true,
  clientIds: true,
}
const NEW_DEVICE: Readonly<Record<keyof NewDevice, true>> = {
  id: true,
  passwordHash: true,
  credentialId: true,
  revoked: true,
  ...PROVISION_OPTIONS,
}
const CREDENTIAL_ID = /^[A-Za-z0-9._:-]{1,64}$/
const ROTATE_OPTIONS: Readonly<Record<keyof RotateOptions, true>> = {
  overlap: true,
  notBefore: true,
}
const SETTINGS: Readonly<Record<keyof DeviceSettings, true>> = {
  rules: true,
  attributes: true,
  clientIds: true,
}

/** Makes it. What it does is described at {@link Fleet}. */
export function deviceRegistry(options: RegistryOptions): DeviceRegistry {
  const { store, records, types, names, passwords, changes } = options

  /** Makes the record of a new device. Nothing is written yet. */
  async function prepare(
    type: DeviceType,
    id: string,
    makeCredential: () => MaybePromise<StoredCredential>,
    recordOptions: ProvisionOptions = {},
  ): Promise<DeviceRecord> {
    checkOptions(recordOptions, PROVISION_OPTIONS)
    const { username: given, ...settings } = recordOptions
    const username = names.checkNew(type, id, given)
    const { rules = [], attributes = {}, clientIds } = readSettings(settings)
    await names.checkClientIds(clientIds, username)
    const credential = await makeCredential()
    return {
      type: type.name,
      id,
      username,
      credentials: [credential],
      rules,
      attributes,
      ...(clientIds && { clientIds }),
      revoked: false,
      createdAt: credential.createdAt,
      revision: 1,
    }
  }

  /** What there is to tell of a device that is on record now. */
  function provisioned(type: DeviceType, { id, username }: DeviceRecord): Provisioned {
    const topics = types.topicsOf(type, id)
    return { kind: 'provisioned', type: type.name, id, username, topics }
  }

  /** Writes a change of a device that is not revoked. */
  function rewrite(
    { name: type }: DeviceType,
    id: string,
    change: (record: DeviceRecord) => DeviceRecord,
  ): Promise<DeviceRecord> {
    return records.rewrite(type, id, (record) => {
      if (record.revoked) throw new DeviceRevokedError(type, id)
      return change(record)
    })
  }

  /** @param problem What is amiss if a listener fails. */
  async function revoke(type: DeviceType, id: string, problem?: string): Promise<ChangeReport> {
    types.check(type)
    const { username } = await records.rewrite(type.name, id, (record) =>
      record.revoked ? undefined : { ...record, revoked: true, revision: record.revision + 1 },
    )
    return changes.tell({ kind: 'revoked', type: type.name, id, username }, problem)
  }

  return {
    async provision(type, id, provisionOptions) {
      types.check(type)
      let password = ''
      const makeCredential = async () => {
        const made = await passwords.generate(type.name, id)
        password = made.password
        return made.credential
      }
      const record = await prepare(type, id, makeCredential, provisionOptions)
      await store.insert(record)
      return changes.tell({ ...provisioned(type, record), password })
    },

    async importDevice(type, id, passwordHash, provisionOptions) {
      types.check(type)
      const hash = checkPasswordHash('passwordHash', passwordHash)
      const record = await prepare(type, id, () => credentialOf(hash), provisionOptions)
      await store.insert(record)
      return changes.tell(provisioned(type, record))
    },

    async provisionMany(type, devices) {
      types.check(type)
      if (!Array.isArray(devices)) throw new ConfigError('devices', 'must be a list of devices')
      return provisionAll(devices, {
        store,
        prepare: async (device) => {
          checkOptions(device, NEW_DEVICE)
          const { id, passwordHash, credentialId, revoked = false, ...settings } = device
          checkCredentialId(credentialId)
          if (typeof revoked !== 'boolean')
            throw new ConfigError('revoked', 'must be true or false')
          let password: string | undefined
          const record = await prepare(
            type,
            id,
            async () => {
              if (passwordHash !== undefined) {
                return credentialOf(checkPasswordHash('passwordHash', passwordHash), credentialId)
              }
              const made = await passwords.generate(type.name, id, credentialId)
              password = made.password
              return made.credential
            },
            settings,
          )
          return { record: { ...record, revoked }, password }
        },
        tell: ({ record, password }) =>
          changes.tell({
            ...provisioned(type, record),
            ...(password !== undefined && { password }),
          }),
      })
    },

    async rotate(type, id, rotateOptions = {}) {
      types.check(type)
      checkOptions(rotateOptions, ROTATE_OPTIONS)
      const { overlap = 0, notBefore } = rotateOptions
      if (!(Number.isInteger(overlap) && overlap >= 0 && overlap <= MAX_OVERLAP)) {
        throw new ConfigError('overlap', `must be a whole number of seconds, 0 to ${MAX_OVERLAP}`)
      }
      const latest = clock().date() + MAX_OVERLAP * 1_000
      if (notBefore !== undefined && !(Number.isInteger(notBefore) && notBefore <= latest)) {
        throw new ConfigError('notBefore', 'must be whole milliseconds, at most 30 days ahead')
      }
      const { password, credential } = await passwords.generate(type.name, id)
      const { username } = await rewrite(type, id, (record) => {
        const now = clock().date()
        // What has begun already needs no beginning.
        const isAhead = notBefore !== undefined && notBefore > now
        const next = isAhead ? { ...credential, notBefore } : credential
        return withCredential(record, next, overlap * 1_000, now)
      })
      const topics = types.topicsOf(type, id)
      return changes.tell({ kind: 'rotated', type: type.name, id, username, topics, password })
    },

    async retire(type, id, credentialId) {
      types.check(type)
      const { username } = await rewrite(type, id, (record) => {
        const changed = withoutCredential(record, credentialId)
        if (!changed) throw new CredentialUnknownError(type.name, id, `${credentialId}`)
        return changed
      })
      return changes.tell({ kind: 'retired', type: type.name, id, username })
    },

    async update(type, id, settings) {
      types.check(type)
      // A misspelt name would leave the device with the rules that were to be replaced.
      checkOptions(settings, SETTINGS)
      const given = readSettings(settings)
      if (Object.keys(given).length === 0) {
        throw new ConfigError('settings', 'has no "rules", "attributes" or "clientIds"')
      }
      if (given.clientIds) {
        const record = await store.get(type.name, id)
        if (record) await names.checkClientIds(given.clientIds, record.username)
      }
      const { username } = await rewrite(type, id, (record) => withSettings(record, given))
      return changes.tell({ kind: 'updated', type: type.name, id, username })
    },

    async openPassword(type, id) {
      types.check(type)
      const record = await records.read(type.name, id)
      if (record.revoked) throw new DeviceRevokedError(type.name, id)
      const credential = newestCredential(record, clock().date())
      return credential && passwords.open(record, credential)
    },

    revoke: (type, id) => revoke(type, id),

    async restore(type, id) {
      types.check(type)
      const { username } = await records.rewrite(type.name, id, (record) =>
        record.revoked ? { ...record, revoked: false, revision: record.revision + 1 } : undefined,
      )
      return changes.tell({ kind: 'restored', type: type.name, id, username })
    },

    async remove(type, id) {
      await revoke(type, id, 'is revoked and stays on record, since its sessions may go on')
      const { username } = await records.remove(type.name, id)
      return changes.tell({ kind: 'removed', type: type.name, id, username })
    },
  }
}

function checkCredentialId(id: unknown): void {
  if (id === undefined || (typeof id === 'string' && CREDENTIAL_ID.test(id))) return
  const form = '1 to 64 letters, digits, "-", "_", "." and ":"'
  throw new ConfigError('credentialId', `must be ${form}`)
}
