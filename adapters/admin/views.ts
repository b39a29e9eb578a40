/**
 * Devices as an operator sees them: never with what a password could be found by.
 *
 * @module
 */
import type { DeviceState } from '../../src/device/states.ts'
import type { ListedDevice, StoredCredential } from '../../src/device/store.ts'

/** A credential, without its hash. */
export type CredentialView = Omit<StoredCredential, 'hash' | 'sealed'> & {
  /** How it is kept: what its hash begins with. */
  readonly format: string
}

/** A device on record. */
export interface DeviceView extends Omit<ListedDevice, 'credentials' | 'state'> {
  readonly credentials: readonly CredentialView[]
  readonly state?: DeviceState
}

/** What is shown of a record. */
export function deviceView({ credentials, ...record }: ListedDevice): DeviceView {
  return { ...record, credentials: credentials.map(credentialView) }
}

function credentialView({ hash, sealed: _, ...credential }: StoredCredential): CredentialView {
  const [format = ''] = /^\$?[a-z0-9_-]+/.exec(hash) ?? []
  return { ...credential, format: format.replace('$', '') }
}
