/**
 * The certificates of the embedded broker, and those that it trusts.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/base/options.ts'
import {
  findPathProblem,
  findPemProblem,
  isPem,
  TLS_FILE_KEYS,
  type TlsFileKey,
} from '../../src/base/pem.ts'

/** What the embedded broker shows of itself by TLS 1.2 or 1.3. Each is PEM text or the path of a file with it. */
export interface EmbeddedTls {
  /** Its certificate, with those between it and the authority after it. */
  readonly certFile: string
  /** The private key of `certFile`, not encrypted. */
  readonly keyFile: string
  /**
   * The authorities of the clients' certificates: a client without one of theirs does not get in (mutual
   * TLS). It logs in beside that as others do. Default: clients need no certificate.
   */
  readonly caCerts?: string
}

/** What a listener of `node:tls` is made with. */
export interface SecureOptions {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
  readonly minVersion: 'TLSv1.2'
}

const KNOWN = { certFile: true, keyFile: true, caCerts: true } as const

/**
 * Checks the settings as far as that goes without reading a file.
 *
 * @throws {ConfigError} If one is missing, unknown, or no PEM of its kind and no path.
 */
export function checkTls(tls: EmbeddedTls): void {
  checkOptions(tls, KNOWN, 'tls')
  for (const key of TLS_FILE_KEYS) {
    const value: unknown = tls[key]
    if (value === undefined && key === 'caCerts') continue
    if (typeof value !== 'string' || value === '') {
      throw new ConfigError(`tls.${key}`, 'must be PEM text or the path of a file')
    }
    const problem = isPem(value) ? findPemProblem(key, value) : findPathProblem(value)
    if (problem !== undefined) throw new ConfigError(`tls.${key}`, problem)
  }
}

/**
 * Reads what the settings name.
 *
 * @throws {ConfigError} If a file cannot be read, or what is in it is of no use. No text of a key is in it.
 */
export async function loadTls(tls: EmbeddedTls): Promise<SecureOptions> {
  const [cert, key] = await Promise.all([
    readPem('certFile', tls.certFile),
    readPem('keyFile', tls.keyFile),
  ])
  const ca = tls.caCerts === undefined ? undefined : await readPem('caCerts', tls.caCerts)
  await checkPair(cert, key)
  const isMutual = ca !== undefined
  return {
    cert,
    key,
    ...(isMutual && { ca }),
    requestCert: isMutual,
    rejectUnauthorized: isMutual,
    minVersion: 'TLSv1.2',
  }
}

async function readPem(key: TlsFileKey, setting: string): Promise<string> {
  if (isPem(setting)) return setting
  const { readFile } = await import('node:fs/promises')
  let text: string
  try {
    text = await readFile(setting, 'utf8')
  } catch (error) {
    // Neither the path nor the error goes along: a key that is no PEM text was taken for a path.
    const { code = 'unknown reason' } = error as { code?: string }
    throw new ConfigError(`tls.${key}`, `names a file that cannot be read: ${code}`)
  }
  const problem = findPemProblem(key, text)
  if (problem !== undefined) throw new ConfigError(`tls.${key}`, problem)
  return text
}

/** A runtime would tell of a key that does not fit in its own way, at the first handshake or not at all. */
async function checkPair(cert: string, key: string): Promise<void> {
  const { X509Certificate, createPrivateKey } = await import('node:crypto')
  const read = <T>(name: TlsFileKey, make: () => T): T => {
    try {
      return make()
    } catch {
      throw new ConfigError(`tls.${name}`, 'is damaged')
    }
  }
  const certificate = read('certFile', () => new X509Certificate(cert))
  const privateKey = read('keyFile', () => createPrivateKey(key))
  if (certificate.checkPrivateKey(privateKey)) return
  throw new ConfigError('tls.keyFile', 'does not belong to the certificate of certFile')
}
