/**
 * Doing to a record what its reader must not.
 *
 * @module
 */
import type { DeviceRecord } from '../../device/store.ts'

type Writable<T> = { -readonly [K in keyof T]: Writable<T[K]> }

/** Changes a record in every depth. */
export function spoil(readonly: DeviceRecord): void {
  const spoiled = readonly as Writable<DeviceRecord>
  const changes = [
    () => {
      spoiled.revoked = true
    },
    () => {
      spoiled.attributes.site = 'south'
    },
    () => {
      spoiled.credentials[0]!.hash = ''
    },
    () => {
      spoiled.credentials.pop()
    },
    () => {
      spoiled.rules[0]!.filter = '#'
    },
    () => {
      spoiled.rules[0]!.actions.push('subscribe')
    },
  ]
  for (const change of changes) {
    try {
      change()
    } catch (error) {
      // A store may hand out records that cannot be changed.
      if (!(error instanceof TypeError)) throw error
    }
  }
}
