/**
 * Certificates and keys as a configuration gives them: PEM text, or the path of a file with it.
 *
 * @module
 */

/** The keys of a broker's configuration that hold PEM text or the path of a file with it. */
export type TlsFileKey = 'caCerts' | 'certFile' | 'keyFile'

/** The keys in the order in which they are checked and read. */
export const TLS_FILE_KEYS: readonly TlsFileKey[] = ['caCerts', 'certFile', 'keyFile']

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

/** Why a text that is no PEM is no path either, as half a sentence that repeats nothing of it. */
export function findPathProblem(text: string): string | undefined {
  return /[\r\n]/.test(text)
    ? 'must be PEM text, which begins with "-----BEGIN", or the path of a file'
    : undefined
}
