/**
 * Generated passwords of devices: how they are kept, and how the sealed copy of one is opened again.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { SealedPasswordError } from '../base/errors.ts'
import { generatePassword, type PasswordHasher } from '../credential/generated.ts'
import type { PasswordSealer } from '../credential/sealed.ts'
import type { DeviceRecord, StoredCredential } from '../device/store.ts'

/** See {@link devicePasswords}. */
export interface DevicePasswords {
  /**
   * Makes a password, ready to be put on record.
   * @param credentialId What its credential is called. Default: a name at random.
   */
  generate(
    type: string,
    id: string,
    credentialId?: string,
  ): Promise<{ readonly password: string; readonly credential: StoredCredential }>
  /**
   * The password of a credential; `undefined` if no copy of it was sealed.
   * @throws {SealedPasswordError} If the copy cannot be opened.
   */
  open(device: DeviceRecord, credential: StoredCredential): Promise<string | undefined>
}

/** @param sealer Seals a copy of each password. Without one none is kept. */
export function devicePasswords(
  hasher: PasswordHasher,
  sealer: PasswordSealer | undefined,
): DevicePasswords {
  return {
    async generate(type, id, credentialId) {
      const password = generatePassword()
      const plain = credentialOf(hasher.hash(password), credentialId)
      if (!sealer) return { password, credential: plain }
      const sealed = await sealer.seal({ type, id, credentialId: plain.id }, password)
      return { password, credential: { ...plain, sealed } }
    },

    async open({ type, id }, { sealed, id: credentialId }) {
      if (sealed === undefined) return undefined
      if (!sealer) throw new SealedPasswordError(type, id, 'this fleet has no sealing key')
      const password = await sealer.open({ type, id, credentialId }, sealed)
      if (password !== undefined) return password
      throw new SealedPasswordError(type, id, 'it is damaged, or was sealed under another key')
    },
  }
}

/** A hash, ready to be put on record. */
export function credentialOf(hash: string, id: string = crypto.randomUUID()): StoredCredential {
  return { id, kind: 'password', hash, createdAt: clock().date() }
}
