/**
 * An authority for test certificates, and what it issues: keys on the curve P-256. It needs no other
 * program. For tests and trials: a real authority keeps its key away from whoever uses its
 * certificates.
 *
 * @module
 */
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, each as PEM text. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** What {@link Authority.issue} takes. */
export interface Request {
  /** The common name. */
  readonly name: string
  /** The DNS names and IP addresses of a server. Without any it is a client's certificate. */
  readonly hosts?: readonly string[]
  /** Default: an hour ago. */
  readonly from?: Date
  /** Default: in 30 days. */
  readonly until?: Date
}

/** Something that issues certificates. Its key is kept nowhere. */
export interface Authority {
  /** Its own certificate, as PEM text: what clients trust. */
  readonly cert: string
  issue(request: Request): Promise<Issued>
}

const HOUR_MS = 3_600_000
const LIFETIME_MS = 30 * 24 * HOUR_MS
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }

/** Makes an authority with a key of its own. Default: it is good from an hour ago, for 30 days. */
export async function createAuthority(
  name: string,
  times: Pick<Request, 'from' | 'until'> = {},
): Promise<Authority> {
  const keys = await newKeys()
  const sign = async (request: Request, publicKey: CryptoKey, own: readonly Extension[]) => {
    const { from = new Date(Date.now() - HOUR_MS), until = new Date(Date.now() + LIFETIME_MS) } =
      request
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [request.name] }],
      issuer: [{ CN: [name] }],
      notBefore: from,
      notAfter: until,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        await SubjectKeyIdentifierExtension.create(publicKey),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...own,
      ],
    })
    return `${certificate.toString('pem')}\n`
  }
  return {
    cert: await sign({ name, ...times }, keys.publicKey, [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ]),
    async issue(request) {
      const { publicKey, privateKey } = await newKeys()
      const cert = await sign(request, publicKey, leafExtensions(request))
      const key = await crypto.subtle.exportKey('pkcs8', privateKey)
      return { cert, key: `${PemConverter.encode(key, 'PRIVATE KEY')}\n` }
    },
  }
}

function leafExtensions({ hosts }: Request): Extension[] {
  const usage = hosts ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
  const names = hosts?.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const)
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([usage]),
    ...(names ? [new SubjectAlternativeNameExtension(names)] : []),
  ]
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
}
