/**
 * Devices as an operator sees them: never with what a password could be found by.
 *
 * @module
 */
import type { PepperMark } from '../../src/credential/pepper-mark.ts'
import type { DeviceState } from '../../src/device/states.ts'
import type { ListedDevice, StoredCredential } from '../../src/device/store.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'

/** A credential, without its hash. */
export type CredentialView = Omit<StoredCredential, 'hash' | 'sealed'> & {
  /** How it is kept: what its hash begins with. */
  readonly format: string
  /** Under which pepper of the fleet. Left out where it is under none. */
  readonly pepper?: PepperMark
  /**
   * When it was used, in milliseconds since the Unix epoch, if the last login of the device was with it. As
   * last written: a second after it, and of further ones once a minute.
   */
  readonly lastUsed?: number
}

/** A device on record. */
export interface DeviceView extends Omit<ListedDevice, 'credentials' | 'state'> {
  readonly credentials: readonly CredentialView[]
  readonly state?: DeviceState
}

/** What is shown of a record. */
export function deviceView(
  fleet: Pick<Fleet, 'pepperOf'>,
  { credentials, ...record }: ListedDevice,
): DeviceView {
  const { lastLogin } = record.state ?? {}
  const views = credentials.map((credential) => ({
    ...viewOf(fleet, credential),
    ...(lastLogin?.credentialId === credential.id && { lastUsed: lastLogin.at }),
  }))
  return { ...record, credentials: views }
}

function viewOf(
  fleet: Pick<Fleet, 'pepperOf'>,
  { hash, sealed: _, ...credential }: StoredCredential,
): CredentialView {
  const [format = ''] = /^\$?[a-z0-9_-]+/.exec(hash) ?? []
  const pepper = fleet.pepperOf({ hash })
  return { ...credential, format: format.replace('$', ''), ...(pepper && { pepper }) }
}
