/**
 * Passwords that can be read again, by whoever has the key: sealed copies for brokers that have to be
 * told a password in the clear.
 *
 * AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits, under a key derived by HKDF-SHA-256
 * (RFC 5869), by the runtime's WebCrypto. Whose password it is belongs to what is authenticated, so a
 * sealed text is worth nothing beside another device.
 *
 * @module
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { base64nopad } from '@scure/base'
import { ConfigError } from '../base/errors.ts'

/** Fewest bytes of a sealing key. */
export const MIN_SEALING_KEY_BYTES = 32

const FORMAT = '$dh-aes256-gcm$'
const NONCE_BYTES = 12

/** Whose password it is. */
export interface PasswordOwner {
  readonly type: string
  readonly id: string
  readonly credentialId: string
}

/** Seals passwords and opens them. Make one with {@link passwordSealer}. */
export interface PasswordSealer {
  /** The text to store. Each call makes another one. */
  seal(owner: PasswordOwner, password: string): Promise<string>
  /**
   * The password, or `undefined` if the text was sealed under another key or for another owner, is
   * damaged, or is in no known format.
   */
  open(owner: PasswordOwner, sealed: string): Promise<string | undefined>
  /** 32 hexadecimal digits that tell one text from another, and nothing of it without the key. */
  mark(text: string): string
}

/**
 * Makes a sealer.
 *
 * @param sealingKey At least {@link MIN_SEALING_KEY_BYTES} bytes, text counted as UTF-8.
 * @throws {ConfigError} If it is shorter, or neither text nor bytes.
 */
export function passwordSealer(sealingKey: string | Uint8Array): PasswordSealer {
  const input = typeof sealingKey === 'string' ? utf8ToBytes(sealingKey) : sealingKey
  if (!(input instanceof Uint8Array) || input.length < MIN_SEALING_KEY_BYTES) {
    throw new ConfigError('sealingKey', `must have at least ${MIN_SEALING_KEY_BYTES} bytes`)
  }
  const derive = (label: string) =>
    Uint8Array.from(hkdf(sha256, input, undefined, utf8ToBytes(`devicehub ${label}`), 32))
  const raw = derive('sealed secret')
  const marking = derive('secret mark')
  let imported: Promise<CryptoKey> | undefined
  const importKey = () => {
    imported ??= crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
    return imported
  }

  return {
    async seal(owner, password) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const text = await crypto.subtle.encrypt(
        algorithm(owner, nonce),
        await importKey(),
        Uint8Array.from(utf8ToBytes(password)),
      )
      return FORMAT + base64nopad.encode(Uint8Array.from([...nonce, ...new Uint8Array(text)]))
    },

    async open(owner, sealed) {
      // A store may have handed out something else, whatever its type says.
      if (typeof sealed !== 'string' || !sealed.startsWith(FORMAT)) return undefined
      const key = await importKey()
      try {
        const bytes = Uint8Array.from(base64nopad.decode(sealed.slice(FORMAT.length)))
        const nonce = bytes.slice(0, NONCE_BYTES)
        const text = bytes.slice(NONCE_BYTES)
        return new TextDecoder().decode(
          await crypto.subtle.decrypt(algorithm(owner, nonce), key, text),
        )
      } catch {
        // It does not say why: a wrong key and a changed or broken text look the same.
        return undefined
      }
    },

    mark(text) {
      return bytesToHex(hmac(sha256, marking, utf8ToBytes(text)).slice(0, 16))
    },
  }
}

function algorithm(owner: PasswordOwner, nonce: Uint8Array<ArrayBuffer>) {
  const { type, id, credentialId } = owner
  // As JSON, in which no two owners are written alike.
  const additionalData = Uint8Array.from(utf8ToBytes(JSON.stringify([type, id, credentialId])))
  return { name: 'AES-GCM', iv: nonce, additionalData }
}
