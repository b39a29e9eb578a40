/**
 * `devicehub devices rotate|retire|revoke|restore|kick|delete`.
 *
 * @module
 */
import type { DeviceRef } from '../../../src/device/reference.ts'
import { changeEach, type EachOptions } from './change-each.ts'
import { confirm } from './terminal.ts'

/** The options of `rotate`. */
export interface RotateVerbOptions extends EachOptions {
  /** Seconds. Default: 0. */
  readonly overlap?: number
}

/** The options of what is confirmed. */
export interface ConfirmedOptions extends EachOptions {
  readonly yes?: boolean
}

/** Gives devices new passwords. */
export function rotateDevices(
  devices: readonly DeviceRef[],
  { overlap = 0, ...options }: RotateVerbOptions,
): Promise<void> {
  return changeEach(devices, options, (fleet, { type, id }) => fleet.rotate(type, id, overlap))
}

/** Ends one password of a device. */
export function retireCredential(
  device: DeviceRef,
  credentialId: string,
  options: EachOptions,
): Promise<void> {
  return changeEach([device], options, (fleet, { type, id }) =>
    fleet.retire(type, id, credentialId),
  )
}

/** Revokes devices. Several have to be confirmed. */
export async function revokeDevices(
  devices: readonly DeviceRef[],
  { yes = false, ...options }: ConfirmedOptions,
): Promise<void> {
  if (devices.length > 1) await confirm(`Revoke ${devices.length} devices?`, yes)
  await changeEach(devices, options, (fleet, { type, id }) => fleet.revoke(type, id))
}

/** Takes revocations back. */
export function restoreDevices(devices: readonly DeviceRef[], options: EachOptions): Promise<void> {
  return changeEach(devices, options, (fleet, { type, id }) => fleet.restore(type, id))
}

/** Ends what devices have at their brokers, and leaves their rights. */
export function kickDevices(devices: readonly DeviceRef[], options: EachOptions): Promise<void> {
  return changeEach(devices, options, (fleet, { type, id }) => fleet.kick(type, id), true)
}

/** Takes devices off record, which has to be confirmed. */
export async function deleteDevices(
  devices: readonly DeviceRef[],
  { yes = false, ...options }: ConfirmedOptions,
): Promise<void> {
  const [{ type, id } = { type: '', id: '' }] = devices
  const what = devices.length === 1 ? `${type}/${id}` : `${devices.length} devices`
  await confirm(`Delete ${what}, which nothing takes back?`, yes)
  await changeEach(devices, options, (fleet, device) => fleet.remove(device.type, device.id))
}
