/**
 * The TLS settings of a broker, checked against each other and as far as that goes without reading a
 * file.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { findPathProblem, findPemProblem, isPem, TLS_FILE_KEYS } from '../../src/base/pem.ts'

/** Which certificates to use. Each is PEM text or the path of a file with it. */
export interface TlsSettings {
  /** In place of the authorities that the runtime trusts. */
  readonly caCerts?: string
  /** The client's own certificate; there is a `keyFile` then, too. */
  readonly certFile?: string
  readonly keyFile?: string
}

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
