/**
 * Generated secrets of devices: how they are kept, and how the sealed copy of one is opened again.
 *
 * @module
 */
import { SealedSecretError } from '../base/errors.ts'
import { generateSecret, type SecretHasher } from '../credential/generated.ts'
import type { SecretSealer } from '../credential/sealed.ts'
import type { DeviceRecord, StoredCredential } from '../device/store.ts'

/** See {@link deviceSecrets}. */
export interface DeviceSecrets {
  /** Makes a secret, ready to be put on record. */
  generate(
    type: string,
    id: string,
  ): Promise<{ readonly password: string; readonly credential: StoredCredential }>
  /**
   * The secret of a credential; `undefined` if no copy of it was sealed.
   * @throws {SealedSecretError} If the copy cannot be opened.
   */
  open(device: DeviceRecord, credential: StoredCredential): Promise<string | undefined>
}

/** @param sealer Seals a copy of each secret. Without one none is kept. */
export function deviceSecrets(
  hasher: SecretHasher,
  sealer: SecretSealer | undefined,
): DeviceSecrets {
  return {
    async generate(type, id) {
      const password = generateSecret()
      const plain = credentialOf(hasher.hash(password))
      if (!sealer) return { password, credential: plain }
      const sealed = await sealer.seal({ type, id, credentialId: plain.id }, password)
      return { password, credential: { ...plain, sealed } }
    },

    async open({ type, id }, { sealed, id: credentialId }) {
      if (sealed === undefined) return undefined
      if (!sealer) throw new SealedSecretError(type, id, 'this fleet has no sealing key')
      const secret = await sealer.open({ type, id, credentialId }, sealed)
      if (secret !== undefined) return secret
      throw new SealedSecretError(type, id, 'it is damaged, or was sealed under another key')
    },
  }
}

/** A hash, ready to be put on record. */
export function credentialOf(hash: string): StoredCredential {
  return { id: crypto.randomUUID(), kind: 'password', hash, createdAt: Date.now() }
}
