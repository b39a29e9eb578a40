/**
 * What a TLS connection is made with: certificates and keys as text, read anew for each connection,
 * so that renewed files count from the next one on.
 *
 * @module
 */
import { CertificateError } from '../../src/base/errors.ts'
import { findPemProblem, isPem, TLS_FILE_KEYS, type TlsFileKey } from '../../src/base/pem.ts'
import { loadNode } from './node.ts'
import type { TlsSettings } from './tls-settings.ts'

/** Options of `node:tls` and of the `ws` package. */
export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Said aloud, or the environment could turn the check off. */
  readonly rejectUnauthorized: true
}

const OPTIONS = { caCerts: 'ca', certFile: 'cert', keyFile: 'key' } as const
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Reads what the settings name.
 *
 * @throws {CertificateError} `unreadable` or `key-mismatch`. No text of a key is in it.
 */
export async function loadTls(settings: TlsSettings): Promise<TlsOptions> {
  const texts = await Promise.all(
    TLS_FILE_KEYS.map(async (key) => {
      const setting = settings[key]
      return setting === undefined ? [] : [[OPTIONS[key], await readPem(key, setting)] as const]
    }),
  )
  const options: TlsOptions = { ...Object.fromEntries(texts.flat()), rejectUnauthorized: true }
  await checkPair(options)
  return options
}

async function readPem(key: TlsFileKey, setting: string): Promise<string> {
  const text = isPem(setting) ? setting : await readText(key, setting)
  const problem = findPemProblem(key, text)
  if (problem !== undefined) throw new CertificateError('unreadable', `${key} ${problem}`)
  if (key !== 'keyFile') await parse(key, () => parseCertificates(text))
  return text
}

async function readText(key: TlsFileKey, path: string): Promise<string> {
  const { readFile } = await loadNode('fs/promises')
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // Neither the path nor the error goes along: a key that is no PEM text was taken for a path.
    const { code = 'unknown reason' } = error as { code?: string }
    throw new CertificateError('unreadable', `The file of ${key} cannot be read: ${code}`)
  }
}

async function parseCertificates(text: string): Promise<void> {
  const { X509Certificate } = await loadNode('crypto')
  const certificates = text.match(CERTIFICATE)
  if (!certificates) throw new Error('No certificate has an end')
  for (const certificate of certificates) new X509Certificate(certificate)
}

/** A runtime would tell of a key that does not fit in its own way, or not at all. */
async function checkPair({ cert, key }: TlsOptions): Promise<void> {
  if (cert === undefined || key === undefined) return
  const { X509Certificate, createPrivateKey } = await loadNode('crypto')
  const privateKey = await parse('keyFile', async () => createPrivateKey(key))
  if (new X509Certificate(cert).checkPrivateKey(privateKey)) return
  const message = 'The private key of keyFile does not belong to the certificate of certFile'
  throw new CertificateError('key-mismatch', message)
}

async function parse<T>(key: TlsFileKey, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch {
    const what = key === 'keyFile' ? 'private key' : 'certificate'
    throw new CertificateError('unreadable', `${key} holds a damaged ${what}`)
  }
}
