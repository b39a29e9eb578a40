/**
 * The logins of a fleet, for brokers that keep logins themselves.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import type { PasswordSealer } from '../credential/sealed.ts'
import { newestCredential } from '../device/credentials.ts'
import type { DeviceRecord } from '../device/store.ts'
import type { BrokerAccount } from './broker-account.ts'
import type { DeviceSource } from './devices.ts'
import type { DevicePasswords } from './passwords.ts'
import type { ServiceSource } from './services.ts'

/** See `Fleet.brokerAccount`. */
export function deviceAccount(
  record: DeviceRecord,
  devices: DeviceSource,
  passwords: DevicePasswords,
): BrokerAccount | undefined {
  const principal = devices.principalOf(record)
  const credential = newestCredential(record, clock().date())
  if (!principal || !credential) return undefined
  return {
    principal,
    credentialId: credential.id,
    hash: credential.hash,
    openPassword: () => passwords.open(record, credential),
  }
}

/** See `Fleet.serviceAccounts`. @param sealer Without one no password is told. */
export function serviceAccounts(
  services: ServiceSource,
  sealer: PasswordSealer | undefined,
): readonly BrokerAccount[] {
  return services.all().map(({ principal, hash, password }) => {
    return {
      principal,
      credentialId: sealer?.mark(`${principal.username} ${password ?? hash}`) ?? 'service',
      hash,
      openPassword: async () => (sealer ? password : undefined),
    }
  })
}
