/**
 * Hashing of passwords that people choose.
 *
 * @module
 */
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64nopad } from '@scure/base'
import { deriveScrypt } from './scrypt.ts'

// Of the choices OWASP's password storage cheat sheet calls equal, one that an edge worker has the
// memory for.
const [LN, R, P] = [14, 8, 5]

/**
 * Hashes a password for storing: scrypt with a random salt of 16 bytes and `ln=14,r=8,p=5`, as a
 * PHC string. It takes some tenths of a second and 16 MiB of memory: beside the event loop on Node from
 * 20.16 and 22.3 on, Bun and Deno; elsewhere on it, in slices. A password of the fleet's own making needs
 * none of this.
 *
 * @returns Text for `fleet.importDevice` or the `passwordHash` of a service account.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, hashPassword, memoryStore } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * await fleet.importDevice(pump, 'P-1', await hashPassword('words that somebody chose'))
 * ```
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const shape = { kind: 'scrypt', ln: LN, r: R, p: P, salt, key: new Uint8Array(32) } as const
  const key = await deriveScrypt(utf8ToBytes(password), shape)
  return `$scrypt$ln=${LN},r=${R},p=${P}$${base64nopad.encode(salt)}$${base64nopad.encode(key)}`
}
