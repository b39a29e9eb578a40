/**
 * The TLS settings of a broker: checked as far as that goes without reading a file.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'

/** The keys of a broker's configuration that hold PEM text or the path of a file with it. */
export type TlsFileKey = 'caCerts' | 'certFile' | 'keyFile'

/** Which certificates to use. Each is PEM text or the path of a file with it. */
export interface TlsSettings {
  /** In place of the authorities that the runtime trusts. */
  readonly caCerts?: string
  /** The client's own certificate; there is a `keyFile` then, too. */
  readonly certFile?: string
  readonly keyFile?: string
}

/** The keys in the order in which they are checked and read. */
export const TLS_FILE_KEYS: readonly TlsFileKey[] = ['caCerts', 'certFile', 'keyFile']

const SECURE_SCHEMES: Readonly<Record<string, string>> = { 'mqtt:': 'mqtts:', 'ws:': 'wss:' }

/**
 * Checks the TLS settings against each other and the scheme of the URL, if there is one.
 *
 * @param key Where they stand, to name keys in errors.
 * @returns `undefined` for a connection without TLS.
 * @throws {ConfigError} If one is missing, contradicts another or would have no effect.
 */
export function parseTls(
  { tls, ...files }: TlsSettings & { readonly tls?: boolean | undefined },
  scheme: string | undefined,
  key: string,
): TlsSettings | undefined {
  const secureScheme = scheme === undefined ? undefined : SECURE_SCHEMES[scheme]
  if (tls === true && secureScheme !== undefined) {
    throw new ConfigError(`${key}.tls`, `contradicts ${scheme} in url: write ${secureScheme}`)
  }
  if (tls === false && scheme !== undefined && secureScheme === undefined) {
    throw new ConfigError(`${key}.tls`, `contradicts ${scheme} in url`)
  }
  const isSecure = tls ?? (scheme !== undefined && secureScheme === undefined)
  for (const name of TLS_FILE_KEYS) {
    const value = files[name]
    if (value === undefined) continue
    if (!isSecure) {
      throw new ConfigError(`${key}.${name}`, 'needs TLS: set tls, or mqtts: or wss: in url')
    }
    const problem = isPem(value) ? findPemProblem(name, value) : findPathProblem(value)
    if (problem !== undefined) throw new ConfigError(`${key}.${name}`, problem)
  }
  if (!isSecure) return undefined
  for (const [name, other] of [
    ['certFile', 'keyFile'],
    ['keyFile', 'certFile'],
  ] as const) {
    if (files[name] === undefined && files[other] !== undefined) {
      throw new ConfigError(`${key}.${name}`, `is needed beside ${other}`)
    }
  }
  return files
}

/** Tells PEM text from a path. */
export function isPem(text: string): boolean {
  return text.trimStart().startsWith('-----BEGIN ')
}

/** Why a PEM text is not what its key needs, as half a sentence that repeats nothing of it. */
export function findPemProblem(key: TlsFileKey, text: string): string | undefined {
  if (key !== 'keyFile') {
    return text.includes('-----BEGIN CERTIFICATE-----')
      ? undefined
      : 'holds no certificate in PEM, which begins with "-----BEGIN CERTIFICATE-----"'
  }
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return 'holds an encrypted private key: give it without a passphrase'
  }
  return /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/.test(text)
    ? undefined
    : 'holds no private key in PEM, which begins with "-----BEGIN PRIVATE KEY-----"'
}

function findPathProblem(text: string): string | undefined {
  return /[\r\n]/.test(text)
    ? 'must be PEM text, which begins with "-----BEGIN", or the path of a file'
    : undefined
}
