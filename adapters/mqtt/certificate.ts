/**
 * What a failed TLS handshake says of a certificate. Runtimes carry the words of their TLS
 * libraries; here they are told apart.
 *
 * @module
 */
import { BrokerError, CertificateError, type CertificateProblem } from '../../src/base/errors.ts'
import { withoutBrackets } from './address.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import { loadTls } from './tls-files.ts'

/** By what stands in the code or the message of an error; the first that is found counts. */
const SIGNS: readonly (readonly [sign: RegExp, problem: CertificateProblem])[] = [
  [/ALERT.CERTIFICATE.REQUIRED|alert certificate required/, 'client-certificate-missing'],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)/,
    'client-certificate-refused',
  ],
  [/CERT_HAS_EXPIRED|certificate expired/, 'expired'],
  [/CERT_NOT_YET_VALID|certificate not valid yet/, 'not-yet-valid'],
  [/ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH/, 'host-mismatch'],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT/,
    'unknown-authority',
  ],
  [/\bCERT_|\bINVALID_(CA|PURPOSE)\b|PATH_LENGTH_EXCEEDED/, 'not-trusted'],
  [/KEY_VALUES_MISMATCH/, 'key-mismatch'],
]

const SENTENCES: Readonly<Record<CertificateProblem, string>> = {
  expired: 'its certificate has expired',
  'not-yet-valid': 'its certificate is not valid yet, or the clock here is behind',
  'host-mismatch': 'its certificate is for another host name',
  'unknown-authority': 'its certificate is from an authority that is not trusted; see caCerts',
  'not-trusted': 'its certificate is not to be trusted',
  'client-certificate-missing': 'it wants a client certificate; give certFile and keyFile',
  'client-certificate-refused': 'it refused the client certificate of certFile',
  'key-mismatch': 'keyFile does not belong to certFile',
  unreadable: 'a certificate cannot be read',
}

/** With TLS 1.2 a broker that misses a client certificate says this, and says it for other reasons. */
const HANDSHAKE_FAILURE = /handshake.?failure/i
const TLS_1_2_HINT = 'If it wants a client certificate, give certFile and keyFile'

/** The part of Deno used here. */
interface DenoTls {
  connectTls(options: {
    readonly hostname: string
    readonly port: number
    readonly caCerts?: readonly string[]
  }): Promise<{ handshake(): Promise<unknown>; close(): void }>
}

/**
 * The error for a connection that was not made because of a certificate, or may be; `undefined` if
 * it was something else.
 *
 * @param address What to call the broker in the message.
 * @param signal Settles it with what is known by then.
 */
export async function tlsError(
  address: string,
  config: ResolvedBrokerConfig,
  cause: unknown,
  signal: AbortSignal,
): Promise<BrokerError | undefined> {
  if (!config.tls) return undefined
  const problem = findProblem(await askDeno(config, cause, signal)) ?? findProblem(cause)
  const failure = `Cannot connect to ${address}`
  if (problem !== undefined) {
    return new CertificateError(problem, `${failure}: ${SENTENCES[problem]}`, { cause })
  }
  if (config.tls.certFile !== undefined || !HANDSHAKE_FAILURE.test(wordsOf(cause))) return undefined
  const message = `${failure}: it refused the TLS handshake. ${TLS_1_2_HINT}`
  return new BrokerError('ERR_BROKER_UNREACHABLE', message, { cause })
}

function findProblem(error: unknown): CertificateProblem | undefined {
  const words = wordsOf(error)
  return SIGNS.find(([sign]) => sign.test(words))?.[1]
}

function wordsOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return `${code} ${message}`
}

/**
 * The sockets that Deno has for Node's give one code for a certificate out of date and for one of
 * an unknown authority. Deno's own tell them apart, so they are asked once more.
 */
async function askDeno(
  config: ResolvedBrokerConfig,
  cause: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const { Deno } = globalThis as { Deno?: DenoTls }
  const { code } = (cause ?? {}) as { code?: unknown }
  if (!Deno || code !== 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' || signal.aborted) return undefined
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return Promise.race([aborted, handshakeFailure(Deno, config)])
}

async function handshakeFailure(Deno: DenoTls, config: ResolvedBrokerConfig): Promise<unknown> {
  try {
    const { ca } = await loadTls(config.tls ?? {})
    const at = endpointOf(config)
    const connection = await Deno.connectTls({ ...at, ...(ca !== undefined && { caCerts: [ca] }) })
    try {
      await connection.handshake()
    } finally {
      connection.close()
    }
    return undefined
  } catch (error) {
    return error
  }
}

function endpointOf({ address }: ResolvedBrokerConfig): { hostname: string; port: number } {
  if (address.transport === 'tcp') return { hostname: address.host, port: address.port }
  const { hostname, port } = new URL(address.url)
  return { hostname: withoutBrackets(hostname), port: Number(port || 443) }
}
